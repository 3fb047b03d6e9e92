"""A million leads in the database: what each query of the list, of a search and of the audit takes, and its plan.

``python -m tests.bench.leads [--leads N] [--postgres] [--plans]``: rows are made by the database itself, so that it is
about the queries alone; the times are those of the pages' own functions and of whole answers of the web.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event

from connector.records import Account, Role, Tier
from connector.services.audit.trail import Wanted, trail_page
from connector.services.reports.lead_list import lead_page, search
from connector.services.views import Asked
from connector.store import connections, ledger, tenants
from connector.store.ledger import Entry
from connector.store.session import Store, open_store
from connector.store.tenants import TenantSettings
from connector.store.types import microseconds
from tests import databases, servers
from tests.unit.web.site import PUBLIC_URL, Site, site
from tests.world import NOW

TURNS = 40


def fill(store: Store, leads: int) -> tuple[UUID, UUID]:
    """Make a tenant with so many scored leads of one record and three events each, and as many entries."""
    with store.transaction() as session:
        tenant = tenants.create(session, "Large Ltd", TenantSettings(), NOW)
        account = connections.add(session, tenant, "fakecrm", Account("9", "Large", "https://x.example", "UTC"), NOW)
        lite = session.dialect.name == "sqlite"
        values = {
            "tenant": tenant.hex if lite else str(tenant),
            "account": account.hex if lite else str(account),
            "now": microseconds(NOW) if lite else NOW,
            "leads": leads,
        }
        for statement in _statements(lite=lite):
            began = time.perf_counter()
            session.execute(sa.text(statement), values)
            print(f"  {statement.split('(')[0].strip()}: {time.perf_counter() - began:.1f} s", flush=True)
        ledger.lock(session, tenant)
        session.execute(
            sa.text(
                "UPDATE ledger_heads SET seq = :leads, hash = 'x' WHERE tenant_id = :tenant"
                if lite
                else "UPDATE ledger_heads SET seq = :leads, hash = 'x' WHERE tenant_id = CAST(:tenant AS uuid)"
            ),
            values,
        )
        ledger.append(session, tenant, [Entry("admin", None, {"action": "set step", "by": "Ada"})] * 300, NOW)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        admin.exec_driver_sql("ANALYZE")
    return tenant, account


def _statements(*, lite: bool) -> Iterator[str]:
    uuid = "{0}" if lite else "CAST({0} AS uuid)"
    tenant, account = uuid.format(":tenant"), uuid.format(":account")
    ago = ":now - {0} * 3600000000" if lite else "CAST(:now AS timestamptz) - {0} * interval '1 hour'"
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :leads)"
        if lite
        else "WITH n(i) AS (SELECT generate_series(1, :leads))"
    )
    part = "((i * CAST(7919 AS bigint) % 1000003) / 1000003.0)"
    score = f"round(CAST(100 * {part} * {part} AS numeric), 1)" if not lite else f"round(100 * {part} * {part}, 1)"
    json = "'{0}'" if lite else "CAST('{0}' AS json)"
    reasons = json.format(
        '[{{"sentence": "Asked for a price", "contribution": 0.7}}]'.replace("{{", "{").replace("}}", "}")
    )
    first, last = "char(97 + i % 26) || 'nna' || (i % 1000)", "char(97 + i % 23) || 'mith' || (i % 5000)"
    if not lite:
        first, last = first.replace("char(", "chr("), last.replace("char(", "chr(")
    yield (
        f"INSERT INTO leads (id, tenant_id, key, created_at, company_key) {numbers} SELECT i, {tenant}, 'k' || i, "  # noqa: S608 # of constants of this file alone
        f"{ago.format('(i % 9000)')}, 'firm' || (i % 100000) || '.com' FROM n"
    )
    yield (
        "INSERT INTO records (id, tenant_id, connection_id, vendor_id, lead_id, person_key, email, created_at, "  # noqa: S608 # of constants of this file alone
        f"modified_at, properties, name_key, surname_key, firm_key, owner_key) {numbers} SELECT i, {tenant}, "
        f"{account}, CAST(i AS text), i, 'email:p' || i || '@firm' || (i % 100000) || '.com', 'p' || i || '@firm.com', "
        f"{ago.format('(i % 9000)')}, {ago.format('(i % 900)')}, {json.format('{}')}, ({first}) || ' ' || ({last}), "
        f"({last}) || ' ' || ({first}), 'firm ' || (i % 100000), "
        "CASE WHEN i % 5 = 0 THEN 'o1' ELSE 'o' || (100 + i % 400) END FROM n"
    )
    yield (
        "INSERT INTO scores (lead_id, tenant_id, run_id, model, score, probability, tier, reasons, base_value, "  # noqa: S608 # of constants of this file alone
        f"inputs_hash, as_of, scored_at) {numbers} SELECT i, {tenant}, {tenant}, 'model_v1', {score}, {part}, "
        f"CASE WHEN {score} > 81 THEN 'High-Intent' WHEN {score} > 40 THEN 'Medium' ELSE 'Low' END, {reasons}, '0.0', "
        f"'x', {ago.format('1')}, {ago.format('1')} FROM n"
    )
    yield (
        "INSERT INTO events (id, tenant_id, connection_id, source, source_id, record_id, kind, at, actor) "  # noqa: S608 # of constants of this file alone
        f"{numbers} SELECT i, {tenant}, {account}, 's', CAST(i AS text), i, 'page_view', "
        f"{ago.format('((i * CAST(104729 AS bigint)) % 9000)')}, 'lead' FROM n"
    )
    yield (
        f"INSERT INTO ledger (tenant_id, seq, kind, at, lead_id, commitment, hash) {numbers} SELECT {tenant}, i, "  # noqa: S608 # of constants of this file alone
        f"'scored', {ago.format('((:leads - i) / 1000)')}, i, 'c', 'h' FROM n"
    )
    yield (
        f"INSERT INTO ledger_payloads (tenant_id, seq, salt, body) {numbers} SELECT {tenant}, i, 's', "  # noqa: S608 # of constants of this file alone
        """'{"score": "1.0", "tier": "Low", "model": "m"}' FROM n"""
    )


def cases(made: Site, tenant: UUID, account: UUID) -> Iterator[tuple[str, Callable[[int], object]]]:
    """Give what is measured, by name; each is called with the number of its turn."""
    services = made.world.services
    browser = made.as_a(Role.OWNER, tenant)

    def listed(asked: Asked) -> Callable[[int], object]:
        return lambda turn: lead_page(
            services, tenant, asked, after=(Decimal(turn * 2 + 5), turn * 1_000) if turn else None
        )

    yield "list, anywhere in it", listed(Asked())
    yield "list, lowest first", listed(Asked(lowest_first=True))
    for tier in Tier:
        yield f"list of {tier}", listed(Asked(tier=tier))
    yield "known to an account", listed(Asked(account=account))
    yield "known to no account", listed(Asked(account=UUID(int=1)))
    yield "did something in a day", listed(Asked(days=1))
    yield "of an owner of few", listed(Asked(owner=(account, "o101")))
    yield "of an owner of a fifth", listed(Asked(owner=(account, "o1")))
    yield "of an owner who has nothing", listed(Asked(owner=(account, "nobody")))
    yield "of one company", lambda turn: lead_page(services, tenant, Asked(company=f"firm{turn}.com"))
    yield "search, two letters", lambda turn: search(services, tenant, f"{chr(97 + turn % 23)}m")
    yield "search, a name", lambda turn: search(services, tenant, f"{chr(97 + turn % 26)}nna{turn}")
    yield "search, an address", lambda turn: search(services, tenant, f"p{turn + 1}@firm{turn + 1}.com")
    yield "whole page, over the web", lambda turn: browser.client.get("/leads", base_url=PUBLIC_URL).text
    yield "audit, newest", lambda turn: trail_page(services, tenant, Wanted(), None)
    yield "audit, by a name", lambda turn: trail_page(services, tenant, Wanted(who="ada"), None)
    yield "audit, by a name nobody has", lambda turn: trail_page(services, tenant, Wanted(who="zz"), None)
    yield "audit, of a lead", lambda turn: trail_page(services, tenant, Wanted(lead=turn * 997 + 1), None)
    day = NOW.date()
    yield (
        "audit, of a day",
        lambda turn: trail_page(services, tenant, Wanted(since=day.replace(day=1), until=day), None),
    )
    yield (
        "audit, deliveries, of which there are none",
        lambda turn: trail_page(services, tenant, Wanted(kind="delivered"), None),
    )


def measure(store: Store, leads: int, *, plans: bool) -> None:
    """Fill a database and print the table."""
    tenant, account = fill(store, leads)
    made = site(store)
    print("| what | p50 ms | p99 ms | p50 ms of this process |\n|---|---|---|---|")
    for name, call in cases(made, tenant, account):
        taken, own = [], []
        for turn in range(TURNS):
            began, busy = time.perf_counter(), time.thread_time()
            call(turn)
            taken.append((time.perf_counter() - began) * 1_000)
            own.append((time.thread_time() - busy) * 1_000)
        worst = sorted(taken)[max(round(TURNS * 0.99) - 1, 0)]
        print(f"| {name} | {statistics.median(taken):.1f} | {worst:.1f} | {statistics.median(own):.1f} |", flush=True)
        if plans:
            _explain(store, call)


def _explain(store: Store, call: Callable[[int], object]) -> None:
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    call(3)
    event.remove(store.engine, "before_cursor_execute", note)
    how = "EXPLAIN QUERY PLAN " if store.engine.dialect.name == "sqlite" else "EXPLAIN "
    with store.engine.connect() as session:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                began = time.perf_counter()
                session.exec_driver_sql(statement, parameters).all()  # type: ignore[arg-type]
                took = (time.perf_counter() - began) * 1_000
                plan = session.exec_driver_sql(how + statement, parameters).all()  # type: ignore[arg-type]
                print(f"    {took:7.1f} ms  {' '.join(statement.split())[:110]}")
                for line in plan:
                    print(f"              {line[-1]}")


@contextmanager
def _store(*, postgres: bool) -> Iterator[Store]:
    if postgres:
        with servers.postgres_server() as server, databases.postgres_database(server) as url:
            store = open_store(url)
            yield store
            store.close()
        return
    with tempfile.TemporaryDirectory() as folder:
        store = databases.sqlite_store(Path(folder) / "leads.db")
        yield store
        store.close()


def main() -> None:
    """Measure on the database that is asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leads", type=int, default=1_000_000)
    asked.add_argument("--postgres", action="store_true")
    asked.add_argument("--plans", action="store_true")
    given = asked.parse_args()
    with _store(postgres=given.postgres) as store:
        measure(store, given.leads, plans=given.plans)


if __name__ == "__main__":
    main()
