"""Log lines: for machines or people, with whose work it was, without anybody's data."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from connector.telemetry.logs import JsonLines, PlainLines, about, configure

SECRET = "ana@firm.example"


def record(message: str, *args: object, error: Exception | None = None) -> logging.LogRecord:
    """A record as a logger would make it."""
    info = None
    if error is not None:
        try:
            raise error
        except ValueError:
            info = sys.exc_info()
    return logging.LogRecord("connector.work", logging.ERROR, "x.py", 1, message, args, info)


def test_a_json_line_names_tenant_run_and_stage() -> None:
    """Ids of outer and inner blocks are together on the line, and gone after the block."""
    with about(tenant=7, run="r"), about(stage="sync"):
        told = json.loads(JsonLines().format(record("%d pages", 3)))
    assert told["message"] == "3 pages"
    assert (told["tenant"], told["run"], told["stage"]) == ("7", "r", "sync")
    assert told["time"].endswith("+00:00")
    assert "tenant" not in json.loads(JsonLines().format(record("later")))


def test_a_plain_line_is_one_line() -> None:
    """Nobody can forge a second one."""
    with about(run="r"):
        line = PlainLines().format(record("two\nlines"))
    assert line.endswith("ERROR connector.work: two\\nlines [run=r]")
    assert "\n" not in line


@pytest.mark.parametrize("lines", [PlainLines(), JsonLines()])
def test_an_exception_is_told_by_class_and_places(lines: logging.Formatter) -> None:
    """Its words, which a library may have made of a row, are left out: also where they are an argument."""
    error = ValueError(f"duplicate key ({SECRET})")
    line = lines.format(record("task failed: %s", error, error=error))
    assert "ValueError at" in line
    assert "test_logs.py" in line
    assert SECRET not in line


def test_libraries_never_reach_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """On that level they quote addresses of requests; ours follow the setting."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure("DEBUG", "json")
        logging.getLogger("urllib3.connectionpool").debug("GET /contacts/%s", SECRET)
        logging.getLogger("connector.any").debug("seen")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in ("connector", "workers", "celery", "gunicorn"):
            logging.getLogger(name).setLevel(logging.NOTSET)
        logging.captureWarnings(False)
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["seen"]
