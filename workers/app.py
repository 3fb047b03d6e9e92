"""The Celery application. Messages are wake-ups, so they are acknowledged at once."""

from __future__ import annotations

import os

from celery import Celery
from kombu.entity import Queue

from connector.settings import load
from workers.schedule import schedule

QUEUES = ("realtime", "sync", "deliver", "training", "maintenance")

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
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
    beat_schedule=schedule(settings.sweep_seconds, settings.refresh_seconds),
    timezone="UTC",
)
