"""Commands about encryption keys."""

from __future__ import annotations

import click

from connector.commands.wired import services
from connector.crypto import new_key
from connector.services import rotation


@click.group()
def keys() -> None:
    """Encryption keys."""


@keys.command()
def new() -> None:
    """Print a new key for CONNECTOR_ENCRYPTION_KEYS."""
    click.echo(new_key())


@keys.command()
def rotate() -> None:
    """Seal everything anew with the newest key, while the product runs; status 1 while something is left."""
    done = rotation.rotate(services(), lambda left: click.echo(f"{left:,} left", err=True))
    click.echo(f"{done.secrets:,} secrets and {done.heads:,} heads of ledgers sealed anew, {done.left:,} left")
    if done.failed:
        raise click.ClickException("\n".join(done.failed))
    if done.left:
        raise click.ClickException(
            "A process that was started before the new key still seals with the old one. Restart all processes, run "
            "this again, and keep the old key until nothing is left."
        )
