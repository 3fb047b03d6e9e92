"""Jobs whose hand-in got no answer, in which alone Mailchimp names a job.

They are looked for among all jobs of the account, by when they were handed in and how many calls they hold. A
colleague's or another app's job may look the same: nothing that is found is stopped, its end is waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import PAGE, batches
from connector.adapters.mailchimp.errors import VENDOR
from connector.adapters.mailchimp.values import Json, UnreadableError, iso, optional_moment
from connector.errors import RetryLater, VendorFault

_SIGN = "handed-in"
_FIELDS = "batches.status", "batches.submitted_at", "batches.total_operations"

APART = timedelta(minutes=5)
"""How far Mailchimp's clock and ours may be apart, with the request's way."""
KEPT = timedelta(days=1)
"""After that no job of ours is expected to begin any more."""
AGAIN_SECONDS = 30.0


def name(at: datetime, calls: int) -> str:
    """Return a name for a job that is about to be handed in, by which it can be looked for."""
    return f"{_SIGN} {iso(at)} {calls} {uuid4().hex}"


def is_one(job: str) -> bool:
    """Tell whether a job's name is one of these, and not Mailchimp's own."""
    return job.startswith(f"{_SIGN} ")


def await_end(audiences: Audiences, job: str, now: datetime) -> None:
    """Return if a job can write nothing any more, if it was ever taken; raise ``RetryLater`` where it may go on."""
    _, told, calls, _ = job.split(" ")
    at = datetime.fromisoformat(told)
    if now - at >= KEPT:
        return
    jobs = audiences.pages(
        "batch list", "batches", lambda offset: batches.list(fields=_FIELDS, count=PAGE, offset=offset)
    )
    if any(_may_be(found, at, int(calls)) for found in jobs):
        raise RetryLater(
            "Mailchimp may still work on a batch job of ours whose hand-in it did not answer; its contacts are looked "
            "at once that has ended.",
            after_seconds=AGAIN_SECONDS,
            fault=VendorFault(VENDOR, "batch list", 200),
        )


def _may_be(found: Json, at: datetime, calls: int) -> bool:
    # One that has not begun may not have been counted yet.
    if found.get("status") == "finished" or found.get("total_operations") not in (calls, 0, None):
        return False
    try:
        submitted = optional_moment(found.get("submitted_at"), "submitted_at")
    except UnreadableError:
        submitted = None
    return submitted is None or abs(submitted - at) <= APART
