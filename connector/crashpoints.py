"""Named places at which a process may die and nothing may be lost.

Each stands on one side of a commit or of a call to a vendor. In life reaching one does nothing; the
simulator (``tests/simulator``) installs a hook that ends the worker there, lets another go first, or
stops the clock. The list is the whole truth: a test holds that the simulator reaches every one but those of what an
admin asks for once (``ERASURE_…``, ``LEAVING_…``), at each of which a test of its own dies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class Point(StrEnum):
    """A place where a crash is survived; the value says what is true there."""

    INSTALL_GRANTED = "the vendor gave tokens for an installation; no connection is stored"
    INSTALL_STORED = "the connection and its first run are committed; nobody is woken"

    INTENT_CLAIMED = "a worker holds the lease of a stage; nothing of it is done"
    STAGE_DONE = "a stage has done its work; its intent is still leased"
    INTENT_FINISHED = "the intent is done and the next stage's are committed; nobody is woken"
    RUN_STARTED = "a refresh by the clock is committed; nobody is woken"

    PAGE_FETCHED = "a page was fetched; nothing of it is stored"
    PAGE_WRITTEN = "a page is written with its cursor; neither is committed"
    PAGE_STORED = "a page is committed with its cursor"
    HINTED_FETCHED = "records that webhooks named were fetched; their hints are still open"
    HINTED_STORED = "those records are committed, their hints marked as handled"
    HOOK_MADE = "an account pushes to its connection's address; the store can't verify what it signs"
    IDENTIFIED = "a chunk of records has its leads, committed"

    TRAINED = "a model is trained; nobody can find it"
    PUBLISHED = "the model is committed as champion with its ledger entry"
    SCORES_WRITTEN = "a chunk of scores, ledger entries and outbox rows is written; it is not committed"
    SCORES_STORED = "the chunk is committed"

    LANE_CLAIMED = "a worker holds work of the real-time lane; nothing of it is done"
    LANE_FETCHED = "the people whom hints name were fetched; their hints are still open"
    LANE_TAKEN_IN = "they are committed and joined to their persons; nobody is scored, their hints are still open"
    LANE_SCORED = "they are scored; nothing of it is stored"
    LANE_WRITTEN = "scores, entries, outbox rows and the end of the hints are written; nothing is committed"
    LANE_KEPT = "all that is committed with the request for the delivery; nobody is woken"
    LANE_DELIVERED = "the CRM holds the lane's values, and the store knows; the lane's work is still leased"

    PARCELS_TAKEN = "outbox rows are committed as being sent; nothing is sent"
    WRITE_LEAVES = "a write has its place in the account's budget; nothing of it is sent"
    JOB_NOTED = "a job is noted that the CRM does not work on yet, or has just begun to"
    WRITE_ANSWERED = "the CRM has answered a batch; the store does not know"
    WRITE_RECORDED = "the answers are committed with their ledger entries"
    DOUBT_TAKEN = "rows in doubt are committed as held by this worker; the CRM was not asked yet"
    DOUBT_ASKED = "the CRM said what it holds of rows in doubt; the store does not know"
    DOUBT_SETTLED = "rows in doubt are committed as delivered or to be sent again"

    REFRESH_CLAIMED = "a worker has the right to refresh a token; the vendor does not know"
    REFRESH_ANSWERED = "the vendor gave new tokens; the store does not know"
    REFRESH_KEPT = "the new tokens are committed; nobody has used them"

    HOOK_VERIFIED = "a webhook is known to be the vendor's; nothing of it is stored"
    HOOK_KEPT = "its hints and the refresh are committed; the vendor has no answer, nobody is woken"

    ERASURE_CLAIMED = "a worker holds an erasure; nothing of it is done"
    ERASURE_WRITTEN = "the store has forgotten a person; that is not committed"
    ERASURE_FORGOTTEN = "that is committed; the CRMs may hold our values, and files old bytes"
    ERASURE_CLEARED = "the CRMs let go of our values; the store does not know"
    ERASURE_DONE = "the erasure is committed as done, and names nobody any more"

    LEAVING_ASKED = "an account is disconnected by its admin, its tokens are out of reach; the CRM does not know"
    LEAVING_CLAIMED = "a worker is to say goodbye to a CRM; it has not begun"
    LEAVING_CLEARED = "our fields or values have left a CRM; its grant stands"
    LEAVING_REVOKED = "the CRM took the grant back; the store still holds its tokens"
    LEAVING_ENDED = "the tokens are destroyed, committed; the data wait for their deadline"
    LEAVING_FORGOTTEN = "a part of what an account told is gone, committed"
    LEAVING_GONE = "the account is gone, committed"


Hook = Callable[[Point], None]

_hooks: list[Hook] = []


def reached(point: Point) -> None:
    """Tell the installed hook, if there is one, that this process is at ``point``."""
    for hook in _hooks:
        hook(point)


@contextmanager
def watching(hook: Hook) -> Iterator[None]:
    """Let ``hook`` hear of every point that is reached while the block runs."""
    _hooks.append(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)
