"""Letting people into a tenant's pages."""

from __future__ import annotations

import os
from uuid import UUID

import click

from connector.commands.wired import services_of
from connector.records import Role
from connector.services.access import inviting
from connector.settings import load


@click.command()
@click.argument("tenant_id", type=click.UUID)
@click.option("--name", required=True, help="Whom the link is for; no e-mail address.")
@click.option("--role", type=click.Choice(list(map(str, Role))), default=str(Role.OWNER), show_default=True)
def invite(tenant_id: UUID, name: str, role: str) -> None:
    """Make a link that lets somebody into a tenant's pages once: for tenants whose owners can't sign in any more."""
    settings = load(os.environ)
    made, token = inviting.invite_as_operator(services_of(tenant_id), tenant_id, name, Role(role))
    click.echo(f"{settings.public_url}/join/{token}")
    click.echo(f"For {made.name} as {made.role}, once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.")
