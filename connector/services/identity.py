"""Identity: which records are the same person, and which company stands behind them.

Records join by normalised e-mail address; a record without one is a lead of its own.
The key of a lead depends on its records alone, so the order of reading doesn't matter.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import tldextract
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.engine import Connection

from connector.services.job import Job
from connector.store import events, leads, records
from connector.store.connections import of_tenant
from connector.store.leads import NewLead
from connector.store.types import AnyRow

_CHUNK = 2_000

FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com "
    "mac.com aol.com gmx.com gmx.de gmx.net web.de t-online.de mail.com mail.ru yandex.ru yandex.com "
    "protonmail.com proton.me zoho.com qq.com 163.com 126.com orange.fr free.fr laposte.net libero.it "
    "uol.com.br bol.com.br terra.com.br hotmail.co.uk yahoo.co.uk yahoo.co.in yahoo.fr yahoo.de".split()
)
"""Mailbox providers: an address there tells nothing about a company."""

PLACEHOLDER_DOMAINS = frozenset(("example.com", "example.net", "example.org"))
"""Reserved for documentation (RFC 2606, section 3): made-up addresses, and no company of their own."""

ROLE_NAMES = frozenset(
    "info contact sales support admin office hello help billing team marketing hr jobs noreply no-reply".split()
)

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def run(job: Job) -> None:
    """Give every new record its lead, and every early event its record."""
    for connection in _connections(job):
        with job.transaction() as session:
            events.resolve_subjects(session, connection)
    done = 0
    while True:
        with job.transaction() as session:
            waiting = records.without_lead(session, job.tenant_id, _CHUNK)
            _join(session, job, waiting)
            done += len(waiting)
            job.report(session, done=done, expected=done)
        if len(waiting) < _CHUNK:
            break
    with job.transaction() as session:
        leads.drop_orphans(session, job.tenant_id)


def _connections(job: Job) -> list[Any]:
    with job.services.store.reading() as session:
        return [connection.id for connection in of_tenant(session, job.tenant_id)]


def _join(session: Connection, job: Job, waiting: Any) -> None:
    found: dict[str, NewLead] = {}
    keys: dict[int, str] = {}
    for row in waiting:
        key = lead_key(row)
        keys[row.id] = key
        known = found.get(key)
        created: datetime = min(row.created_at, known.created_at) if known else row.created_at
        found[key] = NewLead(key, created, company_key(row), email_kind(row.email))
    ids = leads.save(session, job.tenant_id, list(found.values()))
    joins = [
        {"record": row.id, "lead": ids[keys[row.id]], "reason": "same e-mail address" if row.email else "own record"}
        for row in waiting
    ]
    records.assign_leads(session, joins)


def lead_key(row: AnyRow) -> str:
    """Return what makes a record's person the same: the normalised address, else the record itself."""
    normal = normalised_email(row.email)
    return f"email:{normal}" if normal else f"record:{row.connection_id}:{row.vendor_id}"


def company_key(row: AnyRow) -> str | None:
    """Return the company behind a record: the CRM's own association first, else the address's domain."""
    if row.company_id:
        return str(row.domain or f"{row.connection_id}:{row.company_id}").lower()
    return company_domain(row.email)


@lru_cache(maxsize=65_536)
def normalised_email(email: str | None) -> str | None:
    """Return the address in one spelling, or None where it is not an address.

    Case and Unicode form are folded. Dots and "+tags" are kept: only the mailbox's owner
    knows whether they matter.
    """
    if not email:
        return None
    try:
        # Reserved names (example.com and the like) are fine: whether mail arrives is not asked here.
        return validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


@lru_cache(maxsize=65_536)
def email_kind(email: str | None) -> str | None:
    """Classify an address: business, free, disposable or role; None where there is none or it is made up."""
    normal = normalised_email(email)
    if normal is None:
        return None
    name, _, domain = normal.rpartition("@")
    if domain in PLACEHOLDER_DOMAINS:
        return None
    if domain in blocklist:
        return "disposable"
    if domain in FREE_MAIL:
        return "free"
    return "role" if name in ROLE_NAMES else "business"


@lru_cache(maxsize=65_536)
def company_domain(email: str | None) -> str | None:
    """Return the registrable domain of a business address: the company behind a lead."""
    if email_kind(email) not in ("business", "role"):
        return None
    domain = normalised_email(email).rpartition("@")[2]  # type: ignore[union-attr]
    registrable = _SUFFIXES(domain).top_domain_under_public_suffix or domain
    # Names below a reserved one stand for companies in made-up populations.
    return domain if registrable in PLACEHOLDER_DOMAINS else registrable
