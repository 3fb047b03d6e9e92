"""The audit of packages says what was compared, and passes over nothing in silence."""

from __future__ import annotations

import json

from tests.audit import judge

GOOD = {"name": "flask", "version": "3.1.0", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": []}]}
SKIPPED = {"name": "redis", "skip_reason": "Dependency not found on PyPI and could not be audited: redis (8.1)"}


def report(*packages: object) -> str:
    """What pip-audit writes."""
    return json.dumps({"dependencies": packages, "fixes": []})


def test_packages_without_an_advisory_are_counted() -> None:
    assert judge(report(GOOD, GOOD), "").told == "checked: 2 packages, no advisory is published for any"
    assert judge(report(GOOD), "").code == 0


def test_an_advisory_is_named_with_its_remedy() -> None:
    found = judge(report(GOOD, BAD, SKIPPED), "")
    assert found.code == 1
    assert "old 1.0: PYSEC-2026-1, mended in 1.1" in found.told
    assert "not checked: 1 of 3" in found.told


def test_a_run_that_looked_up_nothing_has_not_passed() -> None:
    found = judge(report(SKIPPED, SKIPPED), "No known vulnerabilities found")
    assert found.code == 2
    assert found.told.startswith("not checked: 2 of 2 packages")
    assert "no advisory is published" not in found.told


def test_advisories_out_of_reach_are_told() -> None:
    for wrote in ("", "{}", "[]", "<html>"):
        found = judge(wrote, "Traceback\nConnectionError: Failed to connect")
        assert (found.code, "not checked: the advisories can't be reached" in found.told) == (2, True)
