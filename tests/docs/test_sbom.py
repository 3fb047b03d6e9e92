"""``make sbom`` lists every package that is pinned, of the product and of the apps inside the CRMs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sbom

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted((ROOT / "connector" / "vendor_apps").glob("*/package-lock.json"))


def _recipe() -> str:
    return (ROOT / "Makefile").read_text("utf-8").partition("\nsbom:")[2].partition("\n\n")[0]


def test_every_pinned_package_of_python_is_listed(tmp_path: Path) -> None:
    """By the very call of the Makefile."""
    found = re.search(r"cyclonedx-py (.+) -o (\S+)$", _recipe(), re.MULTILINE)
    assert found
    target = tmp_path / found[2]
    tool = Path(sys.executable).parent / "cyclonedx-py"
    subprocess.run([str(tool), *found[1].split(), "-o", str(target)], cwd=ROOT, check=True, capture_output=True)
    listed = {(item["name"], item["version"]) for item in json.loads(target.read_text("utf-8"))["components"]}
    text = (ROOT / "requirements.txt").read_text("utf-8")
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", text, re.MULTILINE))
    assert len(pinned) > 50
    assert pinned - listed == set()


@pytest.mark.parametrize("lock", APPS, ids=lambda lock: str(lock.parent.name))
def test_every_package_of_an_app_is_listed_with_its_hash(lock: Path, tmp_path: Path) -> None:
    """Each that the lock installs, by its address in the registry; the Makefile writes both lists."""
    assert f"tests.sbom connector/vendor_apps/{lock.parent.name}/package-lock.json" in _recipe()
    sbom.main(str(lock), str(tmp_path / "sbom.json"))
    listed = {item["purl"]: item for item in json.loads((tmp_path / "sbom.json").read_text("utf-8"))["components"]}
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    names = {
        path.rpartition("node_modules/")[2]: item["version"]
        for path, item in packages.items()
        if "node_modules/" in path and "version" in item
    }
    assert names
    for name, version in names.items():
        assert f"pkg:npm/{name.replace('@', '%40')}@{version}" in listed
    assert all(item["hashes"] for item in listed.values())
