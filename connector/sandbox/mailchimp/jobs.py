"""Batch jobs as they run: one after another, their calls answered by the API's own handlers.

A job runs when somebody next asks the sandbox for anything, as if it had run on its own in between.
"""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections.abc import Iterator
from contextvars import Context
from urllib.parse import parse_qsl

import orjson
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from connector.sandbox.mailchimp.access import API, INSIDE
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.reading import DEFAULT_COUNT
from connector.sandbox.mailchimp.records import Job, Operation, OperationResult

STATES = (("pending", 0.1), ("preprocessing", 0.3), ("started", 0.8), ("finalizing", 1.0))
"""State → the part of a job's time at which it ends."""
RUNS_AT = 0.3
KEPT_SECONDS = 7 * 86_400.0
PER_FILE = 100


def progress(hub: Hub, job: Job) -> float:
    """Return how much of its time a job has used, 0 to 1."""
    seconds = hub.account.batch_seconds
    used = hub.stage.clock.monotonic() - job.begins_at
    return 1.0 if used >= seconds else max(used / seconds, 0.0)


def state(hub: Hub, job: Job) -> str:
    """Return a job's state as the API names it."""
    done = progress(hub, job)
    if job.results is None and done >= RUNS_AT:
        return "preprocessing"
    return next((name for name, end in STATES if done < end), "finished")


def begins_at(hub: Hub) -> float:
    """Return when a job that is handed in now begins: after those before it."""
    ends = [each.begins_at + hub.account.batch_seconds for each in hub.jobs.values()]
    return max([hub.stage.clock.monotonic(), *ends])


def advance(hub: Hub, app: Flask) -> None:
    """Run what should have run by now, and forget jobs whose results were kept long enough."""
    with hub.stage.lock:
        now = hub.stage.clock.monotonic()
        for job in list(hub.jobs.values()):
            if now > job.begins_at + hub.account.batch_seconds + KEPT_SECONDS:
                del hub.jobs[job.job_id]
            elif job.results is None and progress(hub, job) >= RUNS_AT:
                job.results = [each for operation in job.operations for each in _run(app, operation)]


def _run(app: Flask, operation: Operation) -> Iterator[OperationResult]:
    """Answer one operation; a paged GET without an offset is read to its end, each page counted as one."""
    path, _, query = operation.path.partition("?")
    params = dict(parse_qsl(query)) | operation.params
    paged = operation.method == "GET" and "offset" not in params
    offset = 0
    while True:
        result = _answer(app, operation, f"/{path.lstrip('/')}", params)
        yield result
        total = _total_items(result) if paged else 0
        # A number: otherwise the answer was a refusal.
        offset += int(params.get("count", DEFAULT_COUNT)) if total else 0
        if offset >= total or not offset:
            return
        params["offset"] = str(offset)


def _total_items(result: OperationResult) -> int:
    told = orjson.loads(result.response) if result.status_code == 200 else None
    total = told.get("total_items") if isinstance(told, dict) else None
    return total if isinstance(total, int) else 0


def _answer(app: Flask, operation: Operation, path: str, params: dict[str, str]) -> OperationResult:
    builder = EnvironBuilder(
        path=API + path,
        method=operation.method,
        query_string=params,
        data=operation.body or None,
        content_type="application/json",
        environ_overrides={INSIDE: True},
    )
    # In a context of its own: within the running request's, Flask would share its ``g``, and the count of open
    # connections, which stands there, would never go down again.
    body, status, _ = Context().run(run_wsgi_app, app.wsgi_app, builder.get_environ(), True)
    return OperationResult(operation.operation_id, int(status.split(" ")[0]), b"".join(body).decode())


def archive(job: Job) -> bytes:
    """Return a job's results as a gzip tar of JSON files, in no order; one file is empty."""
    results = list(job.results or [])
    random.Random(job.job_id).shuffle(results)
    chunks = [results[start : start + PER_FILE] for start in range(0, len(results), PER_FILE)]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(_folder())
        _add(tar, f"{job.job_id}-empty.json", b"")
        for number, chunk in enumerate(chunks):
            _add(tar, f"{job.job_id}-{number}.json", orjson.dumps(chunk))
    return gzip.compress(packed.getvalue(), mtime=0)


def _folder() -> tarfile.TarInfo:
    entry = tarfile.TarInfo("./")
    entry.type = tarfile.DIRTYPE
    return entry


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
