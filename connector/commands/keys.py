"""Commands about encryption keys."""

from __future__ import annotations

import click

from connector.crypto import new_key


@click.group()
def keys() -> None:
    """Encryption keys."""


@keys.command()
def new() -> None:
    """Print a new key for CONNECTOR_ENCRYPTION_KEYS."""
    click.echo(new_key())
