"""The one place that builds things: settings in, services out."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import redis
from celery import Celery
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector.adapters import registry
from connector.adapters.contract import AppCredentials, Capabilities, CrmApp, Lane
from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.registry import Providers
from connector.adapters.limits import Governor
from connector.adapters.mail import Mailer
from connector.adapters.receivers import Receivers
from connector.clock import Clock, SystemClock
from connector.crypto import ChainSeal, SecretKeys, TokenCipher
from connector.errors import RetryLater, SettingsError
from connector.services.children import in_child
from connector.services.context import REALTIME, Admission, LaneFactory, Services, Waker
from connector.services.hooks import HookAddresses
from connector.services.keeping import Keeping
from connector.services.prices import Prices
from connector.settings import Settings
from connector.store.session import open_store
from connector.telemetry.board_redis import RedisBoard
from connector.telemetry.reporter import Reporter

log = logging.getLogger("connector.bootstrap")

WORK_TASK = "connector.work"
TASKS = {REALTIME: "connector.realtime"}
"""Queues whose messages are for another task."""
BOARD_SECONDS = 2.0


def build(settings: Settings, *, clock: Clock | None = None) -> Services:
    """Wire the services of one process. Opens no connection yet."""
    clock = clock or SystemClock()
    governor = Governor(redis.Redis.from_url(_redis_url(settings)), clock)
    return Services(
        store=open_store(settings.database_url, ChainSeal(settings.encryption_keys)),
        clock=clock,
        cipher=TokenCipher(settings.encryption_keys),
        apps=_apps(settings),
        lane=_lanes(governor),
        wake=_waker(settings),
        isolated=in_child,
        lease_seconds=settings.lease_seconds,
        onboarding=_onboarding(settings),
        hooks=HookAddresses(settings.public_url, SecretKeys(settings.secret_keys)),
        admit=_admission(governor),
        refresh_seconds=settings.refresh_seconds,
        region=settings.region,
        keeping=Keeping(**{kind: timedelta(days=days) for kind, days in settings.keep_days.items()}),
        board=board(settings),
        providers=_providers(settings),
        receivers=Receivers(settings.webhook_origins),
        mail=_mail(settings),
        prices=Prices(settings.currency, **settings.prices),
    )


def _apps(settings: Settings) -> Mapping[str, CrmApp]:
    return {
        name: registry.build(
            name,
            AppCredentials(
                client_id=vendor.client_id,
                client_secret=vendor.client_secret,
                authorize_base=vendor.authorize_base,
                api_base=vendor.api_base,
                redirect_uri=f"{settings.public_url}/oauth/{name}/callback",
                webhook_url=f"{settings.public_url}/webhooks/{name}",
            ),
        )
        for name, vendor in settings.crms.items()
    }


def _providers(settings: Settings) -> Providers:
    door = Door([*settings.enrichment_origins, settings.pdl_url])
    return Providers(door, settings.pdl_url)


def _mail(settings: Settings) -> Mailer | None:
    found = settings.mail
    if found is None:
        return None
    return Mailer(found.host, found.port, found.sender, found.security, found.user, found.password)


def _redis_url(settings: Settings) -> str:
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set. It takes the address of a Redis server, as redis://host:6379/0.")
    return settings.redis_url


def report(services: Services, role: str) -> None:
    """Publish what this process counts, and that it lives, from now until it ends. Call it in the process itself:
    a fork has no threads of its parent's."""
    Reporter(services.board, services.counts, services.clock, role).start()


def board(settings: Settings) -> RedisBoard:
    """Return the board of a deployment. It answers or fails within seconds: health checks wait for it."""
    client = redis.Redis.from_url(
        _redis_url(settings),
        socket_connect_timeout=BOARD_SECONDS,
        socket_timeout=BOARD_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    return RedisBoard(client)


def consumed(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Ask the running workers which queues they take from; those that don't answer within a second are not there."""
    asker = Celery("connector-doctor", broker=_redis_url(settings))
    try:
        told = asker.control.inspect(timeout=1.0).active_queues() or {}
    except (OperationalError, redis.RedisError) as error:
        raise RetryLater(f"The workers can't be asked: {type(error).__name__}.") from None
    return {worker: [queue["name"] for queue in queues] for worker, queues in told.items()}


def _lanes(governor: Governor) -> LaneFactory:
    def lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return governor.lane(vendor, account_id, capabilities.budgets, realtime=realtime)

    return lane


def _admission(governor: Governor) -> Admission:
    def admit(key: str) -> float:
        try:
            return governor.admit(key)
        except redis.RedisError:
            # What they ask is worth more than the count: without it the database alone says how much is taken.
            log.warning("the broker is out of reach: requests of %s are not counted", key)
            return 0.0

    return admit


def _waker(settings: Settings) -> Waker:
    # By name: the web process wakes workers without importing them.
    sender = Celery("connector-waker", broker=_redis_url(settings))
    sender.conf.task_ignore_result = True
    # One try: a webhook's answer must not wait six seconds for a broker that is down.
    once = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    sender.conf.broker_transport_options = once

    def wake(queue: str, work_id: UUID) -> None:
        try:
            sender.send_task(TASKS.get(queue, WORK_TASK), args=[str(work_id)], queue=queue, retry=False)
        except OperationalError:
            # The row is committed; the next sweep after the broker's return announces it.
            log.warning("the broker is out of reach: work %s waits for the next sweep", work_id)

    return wake


def _onboarding(settings: Settings) -> Mapping[str, Any]:
    if settings.onboarding_file is None:
        return {}
    defaults: Mapping[str, Any] = tomllib.loads(settings.onboarding_file.read_text("utf-8")).get("tenant", {})
    return defaults
