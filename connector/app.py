"""The web application's factory."""

from __future__ import annotations

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
    if services is None:
        logs.configure(settings.log_level, settings.log_format)
        services = build(settings)
        report(services, "web")
    return web.build_app(services, settings)
