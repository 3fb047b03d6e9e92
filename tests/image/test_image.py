"""What the image would be, without building it: ``make image-check`` does that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.procfile import lines
from tests.image.recipe import ROOT, copied, copy_into, steps, tracked

COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
SERVICES = dict(re.findall(r"^  ([\w-]+):\n((?:    .+\n)+)", COMPOSE.partition("\nservices:\n")[2], re.MULTILINE))
OURS = {name: text for name, text in SERVICES.items() if re.search(r"<<: \*(app|worker)\b", text)}
ENTRIES = "connector.app, connector.cli, connector.web.serving, workers.app, workers.lifecycle, scoring.train"


def text_of(word: str) -> list[str]:
    """Return the texts of all steps of a kind."""
    return [step.text for step in steps() if step.word == word]


@pytest.mark.parametrize("source", [source for source, _ in copied()])
def test_what_is_copied_is_tracked_and_not_ignored(source: str) -> None:
    """A source that only lies in somebody's folder would break the next build, or leak."""
    assert tracked(source)
    assert f"!{source}" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_the_files_of_the_image_are_enough(tmp_path: Path) -> None:
    """Every entry is imported from the copied files alone; the version and the migrations are found among them."""
    copy_into(tmp_path)
    code = (
        f"import {ENTRIES}, connector.version, connector.store.migrate as m, workers;"
        "print(workers.__file__, connector.version.version() != '0.0.0', m.newest() >= '0013')"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CONNECTOR_SECRET_KEY": "s" * 40,
        "CONNECTOR_ENCRYPTION_KEYS": "A" * 43 + "=",
    }
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path / "app", env=environ, capture_output=True, text=True, check=False)
    assert ended.stdout.split() == [str(tmp_path / "app/workers/__init__.py"), "True", "True"], ended.stderr


def test_the_image_runs_as_nobody_with_pinned_packages_and_no_secret() -> None:
    """A number for the user, hashes for the packages, nothing of the tests or benches, no value of a secret."""
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", text_of("USER")[-1])
    installs = [text for text in text_of("RUN") if "pip install" in text]
    assert len(installs) == 1
    assert "--require-hashes -r /build/requirements.txt" in installs[0]
    assert not any("dev" in source or "tests" in source for source, _ in copied())
    assert not [text for text in text_of("ENV") if re.search(r"KEY|SECRET|TOKEN|PASSWORD|URL", text)]
    assert "/healthz" in text_of("HEALTHCHECK")[0]


def test_the_image_starts_the_web_as_the_procfile_does() -> None:
    """One command in two places that can't drift apart."""
    assert json.loads(text_of("CMD")[0]) == ["sh", "-c", f"exec {lines()['web']}"]


def test_compose_has_every_process_of_the_procfile() -> None:
    """By the same names and commands; the web's is the image's own."""
    told = {name: re.search(r"^    command: (.+)$", text, re.MULTILINE) for name, text in OURS.items()}
    assert {name: found[1] if found else lines()["web"] for name, found in told.items()} == lines()


def test_compose_holds_no_secret_and_refuses_to_start_without() -> None:
    """Each comes from the environment; where it is missing compose says so."""
    secrets = re.findall(r"^ +(\w*(?:KEY|SECRET|PASSWORD)\w*): (.+)$", COMPOSE, re.MULTILINE)
    assert len(secrets) >= 4
    for name, value in secrets:
        assert value == f"${{{name}:?}}"
    assert "noeviction" in SERVICES["redis"]
    assert "appendonly yes" in SERVICES["redis"]
