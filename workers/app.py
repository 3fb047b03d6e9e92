"""The Celery application. Messages are wake-ups, so they are acknowledged at once."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_process_init
from kombu.entity import Queue

from connector.settings import load
from workers.schedule import schedule

QUEUES = ("realtime", "sync", "deliver", "training", "maintenance")

settings = load(os.environ)

app = Celery("connector", broker=settings.redis_url, include=["workers.tasks"])
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="maintenance",
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
    beat_schedule=schedule(settings.sweep_seconds),
    timezone="UTC",
)


@worker_process_init.connect
def _forget_parent_connections(**_: object) -> None:
    """A forked worker must not share its parent's database sockets."""
    from workers import tasks

    tasks.services.cache_clear()
    tasks.warm.cache_clear()
