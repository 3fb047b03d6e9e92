"""What thousands of tests would work out again though it comes out the same: kept for the whole process."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apispec import APISpec
from flask import Flask
from flask.templating import Environment
from flask_smorest import Blueprint
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

ALLOCATIONS = 50_000
"""How many objects come before the collector looks: it goes through all that is loaded, and finds next to nothing."""
STATEMENTS = 5_000


def collect_rarely() -> None:
    """Let the garbage collector look seventy times more rarely than by default."""
    gc.set_threshold(ALLOCATIONS, 20, 50)


@contextmanager
def compiled_templates(folder: Path) -> Iterator[None]:
    """Keep what Jinja compiled: each test has an application of its own, and they all show the same pages."""
    kept = FileSystemBytecodeCache(str(folder))
    created = Flask.create_jinja_environment

    def with_kept(app: Flask) -> Environment:
        made = created(app)
        made.bytecode_cache = kept
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "create_jinja_environment", with_kept)
        yield


@contextmanager
def compiled_routes() -> Iterator[None]:
    """Keep the functions that build addresses: each application has the same few hundred rules."""
    made: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compiled = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            # Their values stand in the function.
            return compiled(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in made:
            made[key] = compiled(rule, append_unknown)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", kept)
        yield


@contextmanager
def descriptions_when_asked() -> Iterator[None]:
    """Describe the API of an application once somebody reads it: that takes the longest of making one, few tests do."""
    described, told = Blueprint.register_views_in_doc, APISpec.to_dict

    def later(routes: Blueprint, api: Any, app: Flask, spec: APISpec, **named: Any) -> None:
        vars(spec).setdefault("waiting", []).append(lambda: described(routes, api, app, spec, **named))

    def now(spec: APISpec) -> dict[str, Any]:
        for describe in vars(spec).pop("waiting", ()):
            describe()
        found: dict[str, Any] = told(spec)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blueprint, "register_views_in_doc", later)
        patch.setattr(APISpec, "to_dict", now)
        yield


@contextmanager
def compiled_statements() -> Iterator[None]:
    """Keep what SQLAlchemy compiled: each test has an engine of its own, and they all ask the same.

    What is kept is found by statement and dialect, so the dialects of all engines of a kind count as one.
    """
    kept: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    created = sa.create_engine

    def with_kept(*address: Any, **options: Any) -> sa.Engine:
        engine = created(*address, **options)
        engine._compiled_cache = kept
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", with_kept)
        for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield
