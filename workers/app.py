"""The Celery application. Messages are wake-ups, so they are acknowledged at once."""

from __future__ import annotations

import os

from celery import Celery
from kombu.entity import Queue

from connector.services.pipeline import QUEUES
from connector.settings import load
from workers.schedule import schedule

settings = load(os.environ)

app = Celery("connector", broker=settings.redis_url, include=["workers.tasks", "workers.lifecycle"])
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="maintenance",
    task_ignore_result=True,
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    # Work waits for vendors and the database, or computes in a child process, which a forked worker may not start.
    worker_pool="threads",
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
    beat_schedule=schedule(settings.sweep_seconds),
    timezone="UTC",
)
