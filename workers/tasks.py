"""The tasks: each hands an intent to its service and the outcome to ``workers.outcomes``."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from uuid import UUID

from connector.bootstrap import build
from connector.services import children, looking, renewing, schedules, sweeping
from connector.services.context import REALTIME, Services
from connector.services.privacy import erasing, leaving
from connector.services.warm import Warm
from connector.services.webhooks_out import delivering
from connector.settings import load
from workers.app import app
from workers.app import settings as app_settings
from workers.outcomes import take_turn
from workers.stopping import stopping
from workers.turns import take_turns


@cache
def services() -> Services:
    """Return this process's wired services, which end soon once the worker is being stopped."""
    wired = build(load(os.environ))
    return replace(wired, stopping=stopping, isolated=children.until(stopping))


@app.task(name="connector.work")
def work(intent_id: str) -> None:
    """Do the intent whose turn it is, of those that wait for this worker's queue."""
    take_turn(services(), UUID(intent_id))


@cache
def warm() -> Warm:
    """Return what this process remembers between turns of the real-time lane."""
    return Warm(services())


@app.task(name="connector.realtime")
def realtime_turn(piece_id: str) -> None:
    """Take a turn of the real-time lane; what is put back for a short while is announced for then."""
    for work_id, pause in take_turns(warm(), UUID(piece_id)).items():
        realtime_turn.apply_async(args=[str(work_id)], queue=REALTIME, countdown=pause)


@app.task(name="connector.sweep")
def sweep() -> None:
    """Announce whatever is due: intents, real-time work, what is done by the clock, quick looks, idle grants."""
    due = sweeping.sweep(services())
    for tenant_id, kind in due.scheduled:
        arguments = [str(tenant_id), kind]
        scheduled.apply_async(args=arguments, queue="maintenance", expires=app_settings.sweep_seconds)
    for connection_id in due.looks:
        # A look that waited longer than a sweep is announced again.
        look.apply_async(args=[str(connection_id)], queue="realtime", expires=app_settings.sweep_seconds)
    for connection_id in due.grants:
        renew.apply_async(args=[str(connection_id)], queue="maintenance", expires=app_settings.sweep_seconds)
    for erasure_id in due.erasures:
        erase.apply_async(args=[str(erasure_id)], queue="maintenance", expires=app_settings.sweep_seconds)
    for connection_id in due.goodbyes:
        leave.apply_async(args=[str(connection_id)], queue="maintenance", expires=app_settings.sweep_seconds)
    for endpoint_id in due.endpoints:
        tell.apply_async(args=[str(endpoint_id)], queue="maintenance", expires=app_settings.sweep_seconds)


@app.task(name="connector.leave")
def leave(connection_id: str) -> None:
    """Say goodbye to the CRM of an account that was left."""
    leaving.carry_out(services(), UUID(connection_id))


@app.task(name="connector.erase")
def erase(erasure_id: str) -> None:
    """Go on with forgetting a person."""
    erasing.carry_out(services(), UUID(erasure_id))


@app.task(name="connector.tell")
def tell(endpoint_id: str) -> None:
    """Send what waits for an address of a tenant's own system."""
    delivering.carry_out(services(), UUID(endpoint_id))


@app.task(name="connector.look")
def look(connection_id: str) -> None:
    """Ask one account whether anything changed."""
    looking.look(services(), UUID(connection_id))


@app.task(name="connector.renew")
def renew(connection_id: str) -> None:
    """Refresh the tokens of one idle account."""
    renewing.renew(services(), UUID(connection_id))


@app.task(name="connector.scheduled")
def scheduled(tenant_id: str, kind: str) -> None:
    """Do for a tenant what is due by the clock."""
    schedules.carry_out(services(), UUID(tenant_id), kind)
