"""The doors to everyone's rows: each function that begins a transaction without a tenant, and why it may."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DOORS = {
    # The sweep: what is due, whosever it is.
    "connector/services/looking.py:due",
    "connector/services/pipeline.py:sweep",
    "connector/services/privacy/erasing.py:due",
    "connector/services/privacy/leaving.py:due",
    "connector/services/realtime.py:sweep",
    "connector/services/renewing.py:due",
    "connector/services/schedules.py:due",
    "connector/services/schedules.py:enter",
    "connector/services/schedules.py:enter_new",
    "connector/services/schedules.py:notice_outage",
    "connector/services/sweeping.py:_grants_now_and_then",
    "connector/services/api/uses.py:_prune",
    "connector/services/api/uses.py:sweep",
    "connector/services/webhooks_out/delivering.py:due",
    # Whose turn it is among all who wait. Once work is claimed its transaction is confined to its tenant.
    "connector/services/job.py:turn_is_over",
    "connector/services/pipeline.py:claim",
    "connector/services/pipeline.py:claim_next",
    "connector/services/privacy/erasing.py:carry_out",
    "connector/services/privacy/leaving.py:carry_out",
    "connector/services/realtime.py:claim",
    "connector/services/webhooks_out/delivering.py:carry_out",
    # Whose something is, by what came from outside: an account, an address, a key, a session, the id of a connection.
    "connector/services/access/inviting.py:accept",
    "connector/services/access/inviting.py:welcome",
    "connector/services/access/sessions.py:end",
    "connector/services/access/sessions.py:whose",
    "connector/services/api/keys.py:caller_of",
    "connector/services/card_requests.py:asker",
    "connector/services/install.py:begin",
    "connector/services/install.py:complete",
    "connector/services/opening.py:read_connection",
    "connector/services/tracking/collecting.py:site_of_page",
    "connector/services/tracking/collecting.py:site_of_server",
    "connector/services/webhooks.py:_addressed",
    "connector/services/webhooks.py:_keep",
    # What tenants give to each other by their own choice.
    "connector/services/pooling.py:taken",
    # The operator: health, figures without tenants, schema, roles, all ledgers.
    "connector/services/doctor/database.py:look",
    "connector/services/doctor/keys.py:look",
    "connector/services/doctor/work.py:look",
    "connector/services/ledgers.py:verify_all",
    "connector/services/ledgers.py:written",
    "connector/services/maintenance.py:grant",
    "connector/services/maintenance.py:migrate",
    "connector/services/rotation.py:_pass",
    "connector/services/rotation.py:left",
    "connector/services/rotation.py:rotate",
    "connector/services/reports/health.py:_database",
    "connector/services/reports/health.py:_keys",
    "connector/services/reports/metrics.py:_of_database",
    "connector/store/migrate.py:_run",
    # The demo's own data folder has one tenant, whose id nobody knows before.
    "connector/demo/show.py:_tenant",
}
"""A function is added here only if it can't know the tenant, or works for all. Else it begins
``store.transaction(tenant_id)`` or ``store.reading(tenant_id)``."""


def opened() -> Iterator[str]:
    """Yield the functions that begin a transaction of a store without saying whose."""
    for folder in ("connector", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if not place.startswith("connector/sandbox/") and "/node_modules/" not in place:
                for name in _of(ast.parse(path.read_text("utf-8"))):
                    yield f"{place}:{name}"


def _of(tree: ast.Module) -> Iterator[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _begins(node) and not node.args and not node.keywords:
            around = [item for item in functions if item.lineno <= node.lineno <= (item.end_lineno or 0)]
            yield max(around, key=lambda item: item.lineno).name


def _begins(call: ast.Call) -> bool:
    """Whether a call is ``….store.transaction()`` or alike; a job's own is its tenant's by construction."""
    named = call.func
    if not isinstance(named, ast.Attribute) or named.attr not in ("transaction", "reading", "rebuilding"):
        return False
    return ast.unparse(named.value).rpartition(".")[2].lstrip("_") in ("store", "source")
