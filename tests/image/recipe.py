"""The Dockerfile as data, and its steps carried out without a container engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PLACES = re.compile(r"(?<![\w/])/(build|opt|app|data)\b")
"""The folders that the image has of its own."""


@dataclass(frozen=True)
class Step:
    """One instruction, its text on one line."""

    word: str
    text: str


def steps() -> list[Step]:
    """Return the instructions of the Dockerfile, in order."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Step(*line.split(maxsplit=1)) for line in lines]


def copied() -> list[tuple[str, str]]:
    """Return (source, target) of everything that comes from this repository."""
    pairs = [step.text.split() for step in steps() if step.word == "COPY" and not step.text.startswith("--from")]
    return [(source, target) for source, target in pairs]


def copy_into(folder: Path) -> None:
    """Carry out the COPY steps below ``folder``, leaving out what is not tracked."""
    for source, target in copied():
        for name in tracked(source):
            to = folder / target.lstrip("/") / Path(name).relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to)


def tracked(source: str) -> list[str]:
    """Return the tracked files at or below a path."""
    told = subprocess.run(["git", "ls-files", "--", source], cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.splitlines()


def build(folder: Path) -> dict[str, str]:
    """Carry out ENV and RUN steps below ``folder``, after the COPY steps; return the environment of the image."""
    copy_into(folder)
    environ = {"PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"}
    for step in steps():
        text = _PLACES.sub(rf"{folder}/\1", step.text)
        if step.word == "ENV":
            name, _, value = text.partition("=")
            environ[name] = value.replace("$PATH", environ["PATH"])
        elif step.word == "RUN":
            sys.stdout.write(f"RUN {text}\n")
            sys.stdout.flush()
            subprocess.run(["sh", "-ec", text], cwd=folder, env=environ, check=True)
    return environ
