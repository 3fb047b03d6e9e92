"""Compare the pinned packages with the published advisories, and say what of them was really compared.

``pip-audit`` ends well, with "No known vulnerabilities found", also where it could look up nothing at all: each
package is then merely skipped. Here such a run says "not checked", and with ``--strict`` it fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements.txt"
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run found: ``code`` 0 where all were checked and are good, 1 where one is not, 2 where some were not."""

    code: int
    told: str


def main() -> int:
    """Return 1 for a package with an advisory; with ``--strict`` also 2 where some were not checked."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where not everything could be checked")
    strict = parser.parse_args().strict
    found = judge(*_asked())
    print(found.told)
    return found.code if strict or found.code == 1 else 0


def _asked() -> tuple[str, str]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {SECONDS} seconds"
    return ran.stdout, ran.stderr


def judge(report: str, errors: str) -> Verdict:
    """Read what ``pip-audit`` wrote, as JSON and as its complaints."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (errors.strip().splitlines() or ["no answer"])[-1]
        return Verdict(2, f"not checked: the advisories can't be reached ({reason[:200]})")
    bad = [one for one in packages if one.get("vulns")]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    lines = [_line(one, fault) for one in bad for fault in one["vulns"]]
    checked = len(packages) - len(skipped)
    if skipped or not packages:
        names = ", ".join(skipped[:5]) + (" …" if len(skipped) > 5 else "")
        lines.append(f"not checked: {len(skipped)} of {len(packages)} packages, of which no advisory came ({names})")
    if checked and not bad:
        lines.append(f"checked: {checked} packages, no advisory is published for any")
    return Verdict(1 if bad else 2 if skipped or not packages else 0, "\n".join(lines))


def _line(package: dict[str, Any], fault: dict[str, Any]) -> str:
    mended = ", ".join(fault["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
