"""The tasks: each hands an intent to its service and the outcome to ``workers.outcomes``."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from functools import cache
from uuid import UUID

from connector.bootstrap import build
from connector.services import children, looking, pipeline, polling, renewing
from connector.services.context import Services
from connector.settings import load
from workers.app import app
from workers.app import settings as app_settings
from workers.outcomes import carry_out
from workers.stopping import stopping


@cache
def services() -> Services:
    """Return this process's wired services, which end soon once the worker is being stopped."""
    wired = build(load(os.environ))
    return replace(wired, stopping=stopping, isolated=children.until(stopping))


@app.task(name="connector.work")
def work(intent_id: str) -> None:
    """Do one intent, if it is still there to be done."""
    carry_out(services(), UUID(intent_id))


@app.task(name="connector.sweep")
def sweep() -> None:
    """Announce every intent, every quick look and every idle grant that is due."""
    pipeline.sweep(services())
    services().board.swept(services().clock.now())
    for connection_id in looking.due(services()):
        # A look that waited longer than a sweep is announced again.
        look.apply_async(args=[str(connection_id)], queue="realtime", expires=app_settings.sweep_seconds)
    for connection_id in renewing.due(services()):
        renew.apply_async(args=[str(connection_id)], queue="maintenance", expires=app_settings.sweep_seconds)


@app.task(name="connector.look")
def look(connection_id: str) -> None:
    """Ask one account whether anything changed."""
    looking.look(services(), UUID(connection_id))


@app.task(name="connector.renew")
def renew(connection_id: str) -> None:
    """Refresh the tokens of one idle account."""
    renewing.renew(services(), UUID(connection_id))


@app.task(name="connector.poll")
def poll() -> None:
    """Read again what was not read for a while."""
    polling.poll(services(), timedelta(seconds=app_settings.refresh_seconds))
