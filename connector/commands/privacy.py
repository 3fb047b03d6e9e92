"""Commands about single people. Each reads its options and calls one service."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import click

from connector.commands.wired import services_of
from connector.errors import RejectedInput
from connector.services.privacy import erasing, leaving
from connector.services.privacy.held import as_text, held_of
from connector.services.privacy.objecting import allow_profiling, object_to_profiling

BY = "command line"


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


@click.command("erasures")
@click.argument("tenant_id", type=click.UUID)
def list_erasures(tenant_id: UUID) -> None:
    """List a tenant's newest erasures: how far each is, and what went. They name nobody."""
    for item in erasing.of_tenant(services_of(tenant_id), tenant_id):
        counts = ", ".join(f"{count:,} {kind}" for kind, count in item.found.items() if count) or "nothing was held"
        told = counts if item.found else "our values leave the CRMs"
        left = f"; {item.message}" if item.message else ""
        click.echo(f"{item.id} {item.asked_at:%Y-%m-%d %H:%M} UTC by {item.asked_by}, {item.status}: {told}{left}")


@click.command("disconnect")
@click.argument("tenant_id", type=click.UUID)
@click.argument("connection_id", type=click.UUID)
@click.option("--remove-values", is_flag=True, help="Take our fields and values out of the CRM first.")
def disconnect(tenant_id: UUID, connection_id: UUID, remove_values: bool) -> None:
    """Leave a CRM account: no more calls, the grant given back, its data gone by the deadline."""
    services = services_of(tenant_id)
    if not leaving.leave(services, tenant_id, connection_id, BY, clear=remove_values):
        raise RejectedInput(f"Connection {connection_id} was disconnected before.")
    done = leaving.carry_out(services, connection_id)
    click.echo(f"connection {connection_id}: {'disconnected' if done else 'the workers go on saying goodbye'}")


@click.command("held")
@click.argument("tenant_id", type=click.UUID)
@click.argument("lead_id", type=int)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def held(tenant_id: UUID, lead_id: int, file: Path) -> None:
    """Write everything that is held of a person to a new FILE, as JSON."""
    told = held_of(services_of(tenant_id), tenant_id, lead_id, BY)
    if told is None:
        raise RejectedInput(f"Tenant {tenant_id} has no lead {lead_id}.")
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(as_text(told))
    except OSError as error:
        raise RejectedInput(f"{file} can't be written: {error.strerror}.") from None
    click.echo(f"written to {file}, which only you can read")


@click.command("profiling")
@click.argument("tenant_id", type=click.UUID)
@click.argument("lead_id", type=int)
@click.argument("choice", type=click.Choice(("on", "off")))
@click.option("--keep-values", is_flag=True, help="With off: leave what the CRMs hold of our values.")
def profiling(tenant_id: UUID, lead_id: int, choice: str, keep_values: bool) -> None:
    """Score a person no more and learn nothing from them, or let both begin again."""
    services = services_of(tenant_id)
    if choice == "on":
        known = allow_profiling(services, tenant_id, lead_id, BY)
    else:
        known = object_to_profiling(services, tenant_id, lead_id, BY, clear=not keep_values)
    if not known:
        raise RejectedInput(f"Tenant {tenant_id} has no lead {lead_id}.")


COMMANDS = (erase, list_erasures, disconnect, held, profiling)
