"""Where the routes find the services that the factory was given."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from connector.services.context import Services
from connector.settings import Settings


def install(app: Flask, services: Services, settings: Settings) -> None:
    """Keep services and settings with the application."""
    app.extensions["connector"] = (services, settings)


def services() -> Services:
    """Return the services of the application that answers this request."""
    return cast("tuple[Services, Settings]", current_app.extensions["connector"])[0]


def settings() -> Settings:
    """Return the settings of the application that answers this request."""
    return cast("tuple[Services, Settings]", current_app.extensions["connector"])[1]
