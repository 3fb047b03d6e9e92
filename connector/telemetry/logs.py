"""Logs for people or for machines, with whose work it was and without anybody's data.

Every line goes to standard error: where it is kept is the supervisor's business. An error is told by
its class and the places it passed; the words of libraries may quote a payload, so they are left out.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

PLAIN, JSON = "plain", "json"

_OURS = ("connector", "workers", "celery", "gunicorn")
"""Loggers that follow the chosen level. Other libraries never tell more than INFO: on DEBUG they quote addresses."""

_about: ContextVar[dict[str, str]] = ContextVar("about")


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Put ids (tenant, connection, run, stage, request) on every line that is logged inside."""
    token = _about.set({**_about.get({}), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _about.reset(token)


def configure(level: str, form: str) -> None:
    """Send every logger of this process to standard error; may be called again."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else PlainLines())
    logging.basicConfig(handlers=[handler], level=max(logging.INFO, logging.getLevelName(level)), force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)


class PlainLines(logging.Formatter):
    """One line for people: time, level, logger, sentence, ids."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, whatever the message holds."""
        said = described(record)
        ids = " ".join(f"{name}={value}" for name, value in _about.get({}).items())
        line = f"{_instant(record)} {record.levelname} {record.name}: {said}" + (f" [{ids}]" if ids else "")
        return line.replace("\n", "\\n")


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; ids stand beside the message under their own names."""
        told: dict[str, Any] = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": described(record),
            **_about.get({}),
        }
        return json.dumps(told, ensure_ascii=False)


def described(record: logging.LogRecord) -> str:
    """Return what a record says; an exception becomes its class and the places it passed."""
    if not record.exc_info or record.exc_info[1] is None:
        return record.getMessage()
    error = record.exc_info[1]
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    # The arguments may hold the error's own words. Celery names the task among them.
    said = record.msg
    if record.args:
        told = record.args if isinstance(record.args, Mapping) else {}
        said = f"{told.get('name', record.name)} failed"
    return f"{said} ({type(error).__name__} at {' > '.join(places)})"


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
