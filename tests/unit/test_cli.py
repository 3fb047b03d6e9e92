"""The command line speaks in sentences."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

import pytest

from connector.cli import main
from connector.crypto import new_key


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run a command with good settings but for those that are given; return the sentence that ended it."""
    settings = {
        "CONNECTOR_SECRET_KEY": "k" * 40,
        "CONNECTOR_ENCRYPTION_KEYS": new_key(),
        "CONNECTOR_DATA_DIR": str(tmp_path),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }

    def run(*words: str, **changed: str) -> str:
        for name, value in (settings | changed).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["connector", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return str(ended.value.code)

    return run


def test_a_wrong_setting_is_named_with_what_it_takes(command) -> None:
    """Each wrong one, in one answer."""
    said = command("migrate", CONNECTOR_SECRET_KEY="short", DATABASE_URL="mysql://host/name")
    assert "CONNECTOR_SECRET_KEY takes at least 32 random characters" in said
    assert "DATABASE_URL takes sqlite:" in said


def test_a_database_that_is_down_is_a_sentence_without_its_password(command) -> None:
    """Host and cause, and what to do."""
    said = command("migrate", DATABASE_URL="postgresql://user:hidden@127.0.0.1:1/leads")
    assert "the database of DATABASE_URL can't be used: connection" in said
    assert "127.0.0.1" in said
    assert "hidden" not in said


def test_a_database_without_tables_asks_for_the_migration(command) -> None:
    """The command to run is in the sentence."""
    assert "python -m connector migrate" in command("refresh", str(uuid4()))


@pytest.mark.parametrize("words", [("refresh",), ("resume",), ("schedule",), ("replay",), ("ledger", "verify")])
def test_an_unknown_tenant_is_named(command, words: tuple[str, ...]) -> None:
    """Nothing is started for it."""
    assert command("migrate") == "0"
    tenant = str(uuid4())
    assert command(*words, tenant) == f"connector: There is no tenant {tenant} in this database."


def test_a_report_that_has_no_folder_is_refused_before_anything_starts(command, tmp_path: Path) -> None:
    """Nobody waits for a run whose figures can't be kept."""
    assert "there is no folder" in command("demo", "--report", str(tmp_path / "none" / "report.json"))
