"""An environment of its own for each program that is compared, made at first use."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".data/rivals")


@dataclass(frozen=True, slots=True)
class Program:
    """A program as it is published: the requirement that pip takes, and what it is started by."""

    name: str
    requirement: str
    command: str


PROGRAMS = {
    one.name: one
    for one in (
        Program("dlt", "dlt[duckdb]==1.31.0", "python"),
        Program("tap-hubspot", "meltano-tap-hubspot==0.10.1", "tap-hubspot"),
        Program("tap-salesforce", "tap-salesforce==2.8.1", "tap-salesforce"),
        Program("tap-mailchimp", "tap-mailchimp==1.3.3", "tap-mailchimp"),
    )
}
TARGET = Program("target-duckdb", "target-duckdb==0.8.0", "target-duckdb")
"""What stores a tap's output: the one that could be had of those that run on this Python without a server."""


def command_of(program: Program) -> Path | None:
    """Return what starts a program, installed if need be; None, with a word, where it can't be had."""
    folder = FOLDER / program.name
    command = folder / "bin" / program.command
    marker = folder / f"{program.requirement.replace('/', '_')}.installed"
    if not marker.exists():
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=False)
        pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", program.requirement]
        if made.returncode or subprocess.run(pip, check=False, stderr=subprocess.DEVNULL).returncode:
            print(f"{program.name} is not compared: {program.requirement} could not be installed here.")
            return None
        marker.touch()
    return command.absolute()
