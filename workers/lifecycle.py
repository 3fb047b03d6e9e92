"""What happens when a worker starts and is asked to end: logs, signs of life, work handed back."""

from __future__ import annotations

import gc
import logging

from celery.signals import setup_logging, task_unknown, worker_ready, worker_shutting_down

from connector.bootstrap import report
from connector.services.context import REALTIME
from connector.services.warm import load_libraries
from connector.telemetry import logs
from workers import stopping, tasks
from workers.app import app, settings

log = logging.getLogger("connector.work")


@setup_logging.connect
def _log(**_: object) -> None:
    """Log as the settings say, whatever Celery's own options are."""
    logs.configure(settings.log_level, settings.log_format)


@worker_ready.connect
def _begin(sender: object, **_: object) -> None:
    """Show signs of life under the part of the worker's host name that says what it is for."""
    if REALTIME in app.amqp.queues.consume_from:
        load_libraries()
    # What is loaded now stays: a collection that looks through it would hold a lead up for a tenth of a second.
    gc.freeze()
    report(tasks.services(), str(getattr(sender, "hostname", "worker")).partition("@")[0])


@task_unknown.connect
def _drop(name: str, **_: object) -> None:
    """Say what was dropped. Celery's own line quotes the message, of which nothing but the name is told."""
    log.warning("no task is named %s in this version: its message is dropped, the work is still a row", name)


@worker_shutting_down.connect
def _end(**_: object) -> None:
    """Let stages hand back what they can't finish at once."""
    stopping.stop()
