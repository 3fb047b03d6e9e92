"""What happens when a worker starts and is asked to end: logs, signs of life, work handed back."""

from __future__ import annotations

from typing import Any

from celery.concurrency.prefork import TaskPool
from celery.signals import (
    celeryd_init,
    setup_logging,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)

from connector.bootstrap import report
from connector.telemetry import logs
from workers import stopping, tasks
from workers.app import settings

_role = "worker"


@setup_logging.connect
def _log(**_: object) -> None:
    """Log as the settings say, whatever Celery's own options are."""
    logs.configure(settings.log_level, settings.log_format)


@celeryd_init.connect
def _name(sender: str, **_: object) -> None:
    """Remember what this worker is for: the part of its host name before the ``@``."""
    global _role  # noqa: PLW0603 - known only once the command line was read, and wanted in each fork
    _role = sender.partition("@")[0]


@worker_process_init.connect
def _begin(**_: object) -> None:
    """Wire a forked process anew: it must not share its parent's database sockets, and has none of its threads."""
    tasks.services.cache_clear()
    report(tasks.services(), _role)


@worker_ready.connect
def _begin_threads(sender: Any, **_: object) -> None:
    """Report for a pool of threads, which forks nothing."""
    if not isinstance(sender.pool, TaskPool):
        report(tasks.services(), _role)


@worker_shutting_down.connect
def _end(**_: object) -> None:
    """Let stages hand back what they can't finish at once."""
    stopping.stop()
