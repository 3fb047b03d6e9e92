"""The web application's factory."""

from __future__ import annotations

import gc
import os

from flask import Flask

from connector import web
from connector.bootstrap import build, report
from connector.services.context import Services
from connector.settings import Settings, load
from connector.telemetry import logs


def create_app(services: Services | None = None, settings: Settings | None = None) -> Flask:
    """Return the web application.

    Without arguments it is built from the environment, as gunicorn does it; raises
    ``SettingsError`` when a variable is missing or wrong.
    """
    settings = settings or load(os.environ)
    if services is not None:
        return web.build_app(services, settings)
    logs.configure(settings.log_level, settings.log_format)
    services = build(settings)
    report(services, "web")
    app = web.build_app(services, settings)
    _settle()
    return app


def _settle() -> None:
    """Leave what is built by now out of the garbage collector's rounds: it lives as long as the process.

    A round through all of it lets every request wait, a tenth of a second or more.
    """
    gc.collect()
    gc.freeze()
