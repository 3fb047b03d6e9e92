"""What people write beside a reason: short, and without what names anybody."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.feedback.reasons import LONGEST_NOTE
from connector.services.free_text import cleaned


def reason_of(given: str, known: Mapping[str, str]) -> str:
    """Return a reason that is one of ``known``; raises ``RejectedInput``."""
    if given not in known:
        raise RejectedInput(f"Choose a reason: {', '.join(known)}.")
    return given


def note_of(session: Connection, tenant_id: UUID, lead_id: int | None, text: str | None) -> str | None:
    """Return a note without addresses, numbers and the lead's names; None where nothing is left.

    Raises ``RejectedInput`` for one that is too long.
    """
    told = (text or "").strip()
    if len(told) > LONGEST_NOTE:
        raise RejectedInput(f"The note has {len(told):,} characters; {LONGEST_NOTE} are allowed.")
    plain = "".join(mark if mark.isprintable() else " " for mark in told)
    return cleaned(session, tenant_id, lead_id, plain) or None
