"""Batch jobs: hundreds of calls handed in at once, which Mailchimp makes while no connection is held.

Jobs of an account may run one after another, a colleague's import among them; so a job that does not
end in time is taken back, and its calls are made again later. They must bear that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, cast

import requests
import urllib3

from connector.adapters.hosts import is_vendor_origin, trusted
from connector.adapters.mailchimp.archive import BrokenArchiveError, Result, results
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, batches
from connector.adapters.mailchimp.errors import NOT_FOUND, VENDOR
from connector.adapters.mailchimp.oauth import API_HOSTS
from connector.adapters.mailchimp.session import POLLS
from connector.adapters.mailchimp.transport import TIMEOUT
from connector.adapters.mailchimp.values import Json
from connector.errors import ConnectorError, RetryLater, VendorFault

OPERATIONS = 500
"""Calls in one job: sources differ on Mailchimp's own limit, this is the smallest."""
PATIENCE = timedelta(minutes=10)
"""How long one job may take."""
LONGEST_PAUSE = 4
"""Looks' worth of waiting before each look after a job that does not come to its end."""
DOWNLOADS = 3
"""Tries to fetch the results; their address is good for minutes, and a fresh one comes with each status."""
RESULT_HOSTS = (r"([a-z0-9-]+\.)+amazonaws\.com", r"([a-z0-9-]+\.)+mailchimp\.com")
"""Where results are kept. No token goes there."""

STATUS_FIELDS = "status", "response_body_url"


def run(audiences: Audiences, calls: Mapping[str, Call]) -> dict[str, Result]:
    """Make up to 500 calls as one job and return their results by the keys of ``calls``.

    A key that is missing in the answer has no known result. Raises ``RetryLater`` where the job could
    not be handed in or did not end in time.
    """
    operations = [_operation(key, call) for key, call in calls.items()]
    # Counts as a look, so that many jobs handed in at once are not looked after at once.
    _look(audiences)
    body = audiences.session.send("batch", batches.start({"operations": operations})).body
    job_id = body.get("id")
    if not isinstance(job_id, str) or not job_id:
        raise RetryLater("Mailchimp took a batch job without naming it.", fault=VendorFault(VENDOR, "batch", 200))
    return {key: found for key, found in _collected(audiences, job_id).items() if key in calls}


def _operation(key: str, call: Call) -> Json:
    made: Json = {"method": call.method, "path": call.path, "operation_id": key, "params": dict(call.query)}
    # The body is JSON as a text.
    return made if call.body is None else {**made, "body": json.dumps(call.body)}


def _collected(audiences: Audiences, job_id: str) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for _ in range(DOWNLOADS):
        try:
            url = _finished(audiences, job_id)
        except ConnectorError:
            # What is known of some calls is not thrown away for the rest of them.
            if found:
                return found
            raise
        try:
            if url is not None:
                _download(audiences, url, found)
            return found
        except (BrokenArchiveError, requests.RequestException, urllib3.exceptions.HTTPError):
            continue
    return found


def _finished(audiences: Audiences, job_id: str) -> str | None:
    """Wait for a job's end and return where its results are, None if there are none."""
    deadline = audiences.now() + PATIENCE
    looks = 0
    while audiences.now() < deadline:
        # The longer a job stands in the queue, the more each look after it waits.
        looks = min(looks + 1, LONGEST_PAUSE)
        for _ in range(looks):
            _look(audiences)
        answer = audiences.session.send(
            "batch status", batches.status(job_id, fields=STATUS_FIELDS), accept=(NOT_FOUND,)
        )
        if answer.status == NOT_FOUND:
            raise RetryLater("Mailchimp no longer knows a batch job of ours.", fault=VendorFault(VENDOR, "batch", 404))
        if answer.body.get("status") == "finished":
            return str(answer.body.get("response_body_url") or "") or None
    audiences.session.send("batch end", batches.delete_request(job_id), accept=(NOT_FOUND,))
    raise RetryLater(
        "Mailchimp's batch jobs stand in a queue; this one was taken back.",
        after_seconds=PATIENCE.total_seconds(),
        fault=VendorFault(VENDOR, "batch status", 200),
    )


def _look(audiences: Audiences) -> None:
    """Wait until somebody of this account may look after a job again."""
    audiences.access.lane.acquire(POLLS)
    audiences.access.lane.settle(POLLS)


def _download(audiences: Audiences, url: str, found: dict[str, Result]) -> None:
    """Add the results at ``url``; raise for an archive that is broken, of which the readable part is added."""
    if not _good(url, audiences.session.origin):
        raise BrokenArchiveError("the results lie somewhere else than at Mailchimp's storage")
    # A session of its own: the storage takes no token, and refuses one.
    with requests.Session() as http:
        http.auth = _unsigned
        with http.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as response:
            if response.status_code != requests.codes.ok:
                raise BrokenArchiveError(f"the storage answered {response.status_code}")
            for result in results(cast(IO[bytes], response.raw)):
                found[result.operation_id] = result


def _good(url: str, origin: str) -> bool:
    if is_vendor_origin(origin, API_HOSTS):
        return is_vendor_origin(url, RESULT_HOSTS)
    return trusted(url, base=origin, patterns=())


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
