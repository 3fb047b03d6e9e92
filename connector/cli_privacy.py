"""Commands about single people. Each reads its options and calls one service."""

from __future__ import annotations

import os
from uuid import UUID

import click

from connector.bootstrap import build
from connector.errors import RejectedInput
from connector.services import maintenance
from connector.services.context import Services
from connector.services.privacy import erasing
from connector.settings import load

BY = "command line"


def wired() -> Services:
    """Return the services of this deployment."""
    return build(load(os.environ))


def services_of(tenant_id: UUID) -> Services:
    """Return them for work on one tenant; raises ``RejectedInput`` where there is none of that id."""
    services = wired()
    maintenance.require_tenant(services, tenant_id)
    return services


@click.command("erase")
@click.argument("tenant_id", type=click.UUID)
@click.option("--lead", "lead_id", type=int, help="The lead's number, as its page's address ends.")
@click.option("--email", is_flag=True, help="Ask for an address instead, which then stands in no list of commands.")
def erase(tenant_id: UUID, lead_id: int | None, email: bool) -> None:
    """Forget a person wherever they are, and let nothing bring them back."""
    services = services_of(tenant_id)
    if email == (lead_id is not None):
        raise click.UsageError("Name the person by --lead NUMBER, or by --email.")
    if lead_id is None:
        address = click.prompt("E-mail address", hide_input=True)
        erasure_id: UUID | None = erasing.ask_for_email(services, tenant_id, address, BY)
    else:
        erasure_id = erasing.ask_for_lead(services, tenant_id, lead_id, BY)
    if erasure_id is None:
        raise RejectedInput(f"Tenant {tenant_id} has no lead {lead_id}.")
    done = erasing.carry_out(services, erasure_id)
    click.echo(f"erasure {erasure_id}: {'done' if done else 'begun; the workers go on with it'}")


COMMANDS = (erase,)
