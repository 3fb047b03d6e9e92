"""Keys by which a tenant's programs use the REST API."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click

from connector.commands.wired import services_of
from connector.services.api import keys as api_keys
from connector.services.api.keys import NewKey, Scope


@click.group("api-keys")
def programs() -> None:
    """Keys by which a tenant's programs use the REST API."""


def _told(made: NewKey) -> None:
    click.echo(f"key     {made.key.id}\nsecret  {made.secret}")


@programs.command("list")
@click.argument("tenant_id", type=click.UUID)
def list_keys(tenant_id: UUID) -> None:
    """List the keys with what they may do and when they were last used (UTC)."""
    for key in api_keys.of_tenant(services_of(tenant_id), tenant_id):
        times = (("expires", key.expires_at), ("last used", key.last_used_at), ("revoked", key.revoked_at))
        said = "".join(f", {word} {at:%Y-%m-%d %H:%M}" for word, at in times if at)
        click.echo(f"{key.id}  {key.prefix}  {key.name}: {' '.join(key.scopes)}{said}")


@programs.command("add")
@click.argument("tenant_id", type=click.UUID)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Repeatable.",
)
@click.option("--days", type=int, help="It expires after so many days. Default: never.")
def add_key(tenant_id: UUID, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key; print its secret this once."""
    _told(api_keys.add(services_of(tenant_id), tenant_id, name, scopes, days))


@programs.command("rotate")
@click.argument("tenant_id", type=click.UUID)
@click.argument("key_id", type=click.UUID)
@click.option("--hours", type=int, default=24, show_default=True, help="So long the former secret still opens.")
def rotate_key(tenant_id: UUID, key_id: UUID, hours: int) -> None:
    """Give a key another secret, printed this once."""
    made = api_keys.rotate(services_of(tenant_id), tenant_id, key_id, timedelta(hours=hours))
    if made is None:
        raise click.ClickException(f"Tenant {tenant_id} has no API key {key_id}.")
    _told(made)


@programs.command("revoke")
@click.argument("tenant_id", type=click.UUID)
@click.argument("key_id", type=click.UUID)
def revoke_key(tenant_id: UUID, key_id: UUID) -> None:
    """End a key at once and for good."""
    if not api_keys.revoke(services_of(tenant_id), tenant_id, key_id):
        raise click.ClickException(f"Tenant {tenant_id} has no API key {key_id}.")
