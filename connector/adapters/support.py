"""What an adapter declares, as the table of the documentation."""

from __future__ import annotations

from connector.adapters.contract import Budget, Capabilities


def support_table(declared: Capabilities) -> str:
    """Return the support table of one CRM in Markdown."""
    rows = {
        "sign-in": "OAuth 2 with PKCE" if declared.pkce else "OAuth 2",
        "tokens": "expire and are refreshed" if declared.refresh_tokens else "do not expire",
        "history of values": "read from the CRM" if declared.property_history else "seen from the first reading on",
        "changes": "pushed by the CRM, and read by the clock" if declared.webhooks else "read by the clock",
        "records written together": f"{declared.write_batch:,}",
        "limits that are kept": "; ".join(_limit(budget) for budget in declared.budgets),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def _limit(budget: Budget) -> str:
    if not budget.seconds:
        return f"{budget.name}: {budget.requests} at one time"
    return f"{budget.name}: {budget.requests} in {budget.seconds:g} s"
