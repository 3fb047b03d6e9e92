"""The packages of a vendor app's lock as CycloneDX: ``python -m tests.sbom package-lock.json sbom.json``.

Read from the lock itself: ``npm sbom`` refuses a package without a version, and would need Node.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

_INSTALLED = "node_modules/"
_ALGORITHMS = {"sha1": HashAlgorithm.SHA_1, "sha256": HashAlgorithm.SHA_256, "sha512": HashAlgorithm.SHA_512}


def bill_of(lock: Path) -> Bom:
    """Return what a lock (of version 2 or 3) pins; what only builds and tests the app is marked as excluded from it."""
    text = lock.read_text("utf-8")
    packages: dict[str, dict[str, Any]] = json.loads(text)["packages"]
    installed = {path: item for path, item in packages.items() if _INSTALLED in path and not item.get("link")}
    components = [_component(path.rpartition(_INSTALLED)[2], item) for path, item in installed.items()]
    # The same lock makes the same number.
    return Bom(components=components, serial_number=uuid5(NAMESPACE_URL, text))


def _component(place: str, item: dict[str, Any]) -> Component:
    group, _, name = str(item.get("name", place)).rpartition("/")
    version = item["version"]
    purl = PackageURL("npm", group or None, name, version)
    return Component(
        name=name,
        group=group or None,
        version=version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        scope=ComponentScope.EXCLUDED if item.get("dev") else ComponentScope.REQUIRED,
        hashes=[_hash(one) for one in str(item.get("integrity", "")).split()],
    )


def _hash(integrity: str) -> HashType:
    algorithm, _, digest = integrity.partition("-")
    return HashType(alg=_ALGORITHMS[algorithm], content=base64.b64decode(digest).hex())


def main(lock: str, target: str) -> None:
    """Write the list of a lock to a file."""
    made = make_outputter(bill_of(Path(lock)), OutputFormat.JSON, SchemaVersion.V1_6)
    Path(target).write_text(made.output_as_string(indent=2), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
