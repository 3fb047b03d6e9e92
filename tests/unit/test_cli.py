"""The command line speaks in sentences."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from connector.cli import main
from connector.crypto import ChainSeal, new_key
from connector.records import WriteOutcome, WriteResult
from connector.services.access.tokens import digest
from connector.services.tracking.sites import hash_of
from connector.store import enrichment, ledger, sites, tenants
from connector.store.enrichment import Source
from connector.store.session import open_store
from connector.store.tables import invitations
from connector.store.tenants import TenantSettings
from tests import databases
from tests.services.delivering import desk


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


@pytest.mark.parametrize(
    "words",
    [
        ("refresh",),
        ("resume",),
        ("schedule",),
        ("replay",),
        ("ledger", "verify"),
        ("dead-letters",),
        ("verify",),
        ("erase",),
        ("erasures",),
    ],
)
def test_an_unknown_tenant_is_named(command, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nothing is started for it."""
    databases.sqlite_url(tmp_path / "connector.db")
    tenant = str(uuid4())
    assert command(*words, tenant) == f"connector: There is no tenant {tenant} in this database."


def test_a_report_that_has_no_folder_is_refused_before_anything_starts(command, tmp_path: Path) -> None:
    """Nobody waits for a run whose figures can't be kept."""
    assert "there is no folder" in command("demo", "--report", str(tmp_path / "none" / "report.json"))


def test_dead_letters_are_listed_in_the_crms_words_and_replayed(command, tmp_path: Path, capsys) -> None:
    """By account; what was queued again is told."""
    databases.sqlite_url(tmp_path / "connector.db")
    store = open_store(f"sqlite:///{tmp_path / 'connector.db'}")
    at = desk(store)
    at.world.crm.refused = {"1": WriteResult("1", WriteOutcome.NEEDS_ADMIN, "A rule says no.")}
    at.queue("10.0", 1, 2)
    at.deliver(1, 2)
    assert command("dead-letters", str(at.tenant_id)) == "0"
    assert "record 1: A rule says no. (since 2026-03-01 12:00 UTC, refused 1×)" in capsys.readouterr().out
    assert command("dead-letters", str(at.tenant_id), "--replay") == "0"
    assert "1 to be tried again" in capsys.readouterr().out
    assert at.status() == "pending"
    store.close()


def test_a_site_is_added_with_what_its_admin_needs(command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The snippet for its pages, the secret for its server; another secret ends the first."""
    databases.sqlite_url(tmp_path / "connector.db")
    store = open_store(f"sqlite:///{tmp_path}/connector.db")
    with store.transaction() as session:
        tenant = str(tenants.create(session, "Alpha", TenantSettings(), datetime(2026, 3, 1, tzinfo=UTC)))
    unknown = str(uuid4())
    added = ("tracking", "add-site", unknown, "Shop", "--origin", "https://www.example.com")
    assert command(*added) == f"connector: There is no tenant {unknown} in this database."
    assert "An origin is https://" in command("tracking", "add-site", tenant, "Shop", "--origin", "www.example.com")
    capsys.readouterr()
    assert command("tracking", "add-site", tenant, "Shop", "--origin", "https://www.example.com") == "0"
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    with store.reading() as session:
        (site,) = sites.of_tenant(session, UUID(tenant))
        found = sites.by_secret(session, hash_of(told["secret"]))
    assert found == site
    assert told["site"] == str(site.id)
    assert f'/t/{site.key}.js"' in told["snippet"]
    assert command("tracking", "replace-secret", tenant, told["site"]) == "0"
    fresh = capsys.readouterr().out.split()[1]
    with store.reading() as session:
        assert sites.by_secret(session, hash_of(told["secret"])) is None
        assert sites.by_secret(session, hash_of(fresh)) is not None
    assert command("tracking", "replace-secret", tenant, unknown) == "1"
    store.close()


def test_ledgers_keys_and_roles_are_looked_after(command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Heads that were written down are compared; keys are rotated, and what no longer opens is told."""
    old, new = new_key(), new_key()
    assert command("migrate", CONNECTOR_ENCRYPTION_KEYS=old) == "0"
    store = open_store(f"sqlite:///{tmp_path}/connector.db", ChainSeal([old]))
    tenant = str(desk(store).tenant_id)
    with store.transaction() as session:
        ledger.append(session, UUID(tenant), [ledger.Entry("scored", 1, {})], datetime(2026, 3, 1, tzinfo=UTC))
    capsys.readouterr()
    assert command("ledger", "heads", CONNECTOR_ENCRYPTION_KEYS=old) == "0"
    lines = capsys.readouterr().out
    kept = tmp_path / "heads.txt"
    kept.write_text(lines)
    assert lines.startswith(tenant)
    assert command("ledger", "verify", tenant, "--against", str(kept), CONNECTOR_ENCRYPTION_KEYS=old) == "0"
    assert "chain unbroken, head sealed" in capsys.readouterr().out
    assert command("ledger", "lead", tenant, "1", CONNECTOR_ENCRYPTION_KEYS=old) == "0"
    assert "lead 1 scored: {}" in capsys.readouterr().out
    both = {"CONNECTOR_ENCRYPTION_KEYS": f"{new},{old}"}
    # The desk's own secrets were sealed with a key of its own, which nobody has here.
    assert command("keys", "rotate", **both) == "1"
    said = capsys.readouterr()
    assert "1 heads of ledgers sealed anew" in said.out
    assert "Add that key to CONNECTOR_ENCRYPTION_KEYS" in said.err
    assert command("ledger", "verify", CONNECTOR_ENCRYPTION_KEYS=new) == "0"
    assert command("ledger", "verify", CONNECTOR_ENCRYPTION_KEYS=old) == "1"
    assert "made with a key that is not configured" in capsys.readouterr().err
    kept.write_text(f"{tenant} 1 {'0' * 64}")
    assert command("ledger", "verify", "--against", str(kept), **both) == "1"
    assert "is not the one whose hash was written down" in capsys.readouterr().err
    assert command("ledger", "seal", tenant, **both) == "0"
    assert "sealed already" in capsys.readouterr().out
    assert "Only PostgreSQL has roles" in command("database", "grants", "writer")
    store.close()


def test_a_person_is_erased_by_address_and_listed_without_it(command, monkeypatch, tmp_path: Path, capsys) -> None:
    """The address is asked for; nobody of that address is barred all the same."""
    databases.sqlite_url(tmp_path / "connector.db")
    store = open_store(f"sqlite:///{tmp_path / 'connector.db'}")
    with store.transaction() as session:
        tenant = str(tenants.create(session, "Alpha", TenantSettings(), datetime(2026, 3, 1, tzinfo=UTC)))
    store.close()
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "ana@firm.com")
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: "ana@firm.com")
    assert command("erase", tenant, "--email") == "0"
    assert "done" in capsys.readouterr().out
    assert command("erasures", tenant) == "0"
    told = capsys.readouterr().out
    assert "by command line, done" in told
    assert "ana" not in told
    assert "has no lead 7" in command("erase", tenant, "--lead", "7")
    assert command("erase", tenant) == "2"
    assert "has no connection" in command("disconnect", tenant, str(uuid4()))


def test_a_programs_key_is_made_listed_rotated_and_revoked(
    command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The secret is printed once; what is wrong with a request is said in a sentence."""
    databases.sqlite_url(tmp_path / "connector.db")
    store = open_store(f"sqlite:///{tmp_path}/connector.db")
    with store.transaction() as session:
        tenant = str(tenants.create(session, "Alpha", TenantSettings(), datetime(2026, 3, 1, tzinfo=UTC)))
    unknown = str(uuid4())
    added = ("api-keys", "add", tenant, "Reports", "--scope", "scores:read", "--scope", "models:read")
    assert command(*added, "--days", "0") == "connector: A key may expire after 1 to 3650 days."
    assert command("api-keys", "list", unknown) == f"connector: There is no tenant {unknown} in this database."
    capsys.readouterr()
    assert command(*added, "--days", "30") == "0"
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert command("api-keys", "list", tenant) == "0"
    listed = capsys.readouterr().out
    assert f"{told['secret'][:16]}  Reports: scores:read models:read, expires 20" in listed
    assert told["secret"] not in listed
    assert command("api-keys", "rotate", tenant, told["key"], "--hours", "1") == "0"
    assert told["secret"] not in capsys.readouterr().out
    assert "0 to 720 hours" in command("api-keys", "rotate", tenant, told["key"], "--hours", "721")
    assert command("api-keys", "revoke", tenant, told["key"]) == "0"
    assert "is revoked" in command("api-keys", "rotate", tenant, told["key"])
    assert command("api-keys", "rotate", tenant, unknown) == command("api-keys", "revoke", tenant, unknown) == "1"
    store.close()


def test_a_file_of_facts_is_taken_line_by_line(command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each refused line is told, and the status says that there was one; before files are turned on none is taken."""
    store = databases.sqlite_store(tmp_path / "connector.db")
    with store.transaction() as session:
        tenant = tenants.create(session, "Alpha", TenantSettings(), datetime(2026, 3, 1, tzinfo=UTC))
    facts = tmp_path / "facts.csv"
    facts.write_text("Firma,Mitarbeiter,Notiz\nalpha-firm.org,12,x\nnot a site,1,x\n", "utf-8")
    taken = ("enrich", "upload", str(tenant), str(facts), "--map", "Firma=domain", "--map", "Mitarbeiter=employees")
    assert "are not turned on" in command(*taken)
    with store.transaction() as session:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        enrichment.save(session, Source(tenant, "upload", enabled=True, config={}, changed_at=now))
    assert command(*taken) == "True"
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "line 3 'Firma' names no company's site such as example.org",
        "1 lines taken, 1 refused, 1 values changed; not read: Notiz",
    ]
    assert command("enrich", "show", str(tenant)) == "0"
    assert "your files (upload): on" in capsys.readouterr().out
    store.close()


def test_a_link_lets_somebody_in_where_no_owner_is_left(
    command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is printed once; of it only a hash is kept. Names are no e-mail addresses, tenants are known ones."""
    url = f"sqlite:///{tmp_path / 'c.db'}"
    assert command("migrate", DATABASE_URL=url) == "0"
    store = open_store(url)
    with store.transaction() as session:
        tenant = tenants.create(session, "Alpha", TenantSettings(), datetime.now(UTC))
    assert "no tenant" in command("invite", str(uuid4()), "--name", "Ana", DATABASE_URL=url)
    assert "no e-mail address" in command("invite", str(tenant), "--name", "ana@firm.example", DATABASE_URL=url)
    capsys.readouterr()
    assert command("invite", str(tenant), "--name", "Ana", DATABASE_URL=url) == "0"
    told = capsys.readouterr().out
    token = told.partition("/join/")[2].partition("\n")[0]
    assert "For Ana as owner, once, until " in told
    with store.reading() as session:
        (kept,) = session.execute(sa.select(invitations)).all()
    store.close()
    assert token
    assert token not in str(kept)
    assert kept.token_hash == digest(token)


def test_free_text_is_only_what_the_tenant_has(command, tmp_path: Path) -> None:
    """Who mistypes a field is told so; turning off what was never on does no harm."""
    store = databases.sqlite_store(tmp_path / "connector.db")
    with store.transaction() as session:
        tenant = tenants.create(session, "Alpha", TenantSettings(), datetime(2026, 3, 1, tzinfo=UTC))
    assert "is no free text" in command("free-text", str(tenant), "mesage", "on")
    assert command("free-text", str(tenant), "mesage", "off") == "0"
    store.close()
