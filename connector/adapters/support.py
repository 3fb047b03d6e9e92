"""What an adapter declares, as the table of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from connector.adapters.contract import Budget, Capabilities


def support_table(declared: Capabilities) -> str:
    """Return the support table of one CRM in Markdown."""
    rows = {
        "sign-in": "OAuth 2 with PKCE" if declared.pkce else "OAuth 2",
        "tokens": "; ".join(_tokens(declared)),
        "history of values": "read from the CRM" if declared.property_history else "seen from the first reading on",
        "changes": "; ".join(_changes(declared)),
        "records written together": f"{declared.write_batch:,}",
        "limits that are kept": "; ".join(_limit(budget) for budget in declared.budgets),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def _tokens(declared: Capabilities) -> Iterator[str]:
    yield "expire and are refreshed" if declared.refresh_tokens else "do not expire"
    if declared.grant_idle is not None:
        yield f"the grant ends after {declared.grant_idle.days} idle days, and is kept alive"


def _changes(declared: Capabilities) -> Iterator[str]:
    yield "pushed by the CRM, and read by the clock" if declared.webhooks else "read by the clock"
    if declared.look_seconds is not None:
        yield f"where nothing is pushed, looked for every {declared.look_seconds:g} s"


def _limit(budget: Budget) -> str:
    if not budget.seconds:
        return f"{budget.name}: {budget.requests} at one time"
    return f"{budget.name}: {budget.requests} in {budget.seconds:g} s"
