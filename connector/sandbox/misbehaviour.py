"""Doing to a request what a fault says, as far as it is the same for every vendor; and the log of requests."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, request

from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.requestlog import LoggedRequest
from connector.sandbox.server import SWITCH
from connector.sandbox.state import Stage


def strike(stage: Stage, page: Callable[[int], str]) -> Response | None:
    """Let a fault strike this request; return the answer that it gives, if it gives one.

    ``page`` is the vendor's gateway page for a status. What is left in ``g.fault`` then is for the vendor to
    refuse in its own words, and for :func:`spoil`.
    """
    fault = g.fault = stage.faults.strike(request.method, request.path)
    if fault is None:
        return None
    if fault.kind is FaultKind.SLOW:
        stage.clock.sleep(fault.seconds)
    elif fault.kind is FaultKind.CLOCK_SKEW:
        stage.clock.skew_seconds = fault.seconds
    elif fault.kind is FaultKind.DROP:
        request.environ[SWITCH].cut = True
        return Response(status=500)
    elif fault.kind is FaultKind.HTML_ERROR:
        return Response(page(fault.status), fault.status, mimetype="text/html")
    elif fault.kind is FaultKind.EMPTY_ERROR:
        return Response(b"", fault.status)
    return None


def spoil(response: Response) -> None:
    """Cut an answer off, where the request's fault says so."""
    fault: Fault | None = g.get("fault")
    if fault is not None and fault.kind is FaultKind.TRUNCATED:
        body = response.get_data()
        response.set_data(body[: max(1, len(body) // 2)])


def log(stage: Stage, response: Response, account: int | str | None, *, known: bool, bucket: str | None) -> None:
    """Keep a request with its time in ``g``; ``known``: it had a good token."""
    dropped = request.environ[SWITCH].cut
    stage.log.add(
        LoggedRequest(
            at=g.at,
            monotonic=g.monotonic,
            method=request.method,
            path=request.path,
            status=0 if dropped else response.status_code,
            account=account,
            app_token_kind="oauth" if known else None,
            limit_bucket=bucket,
        )
    )
