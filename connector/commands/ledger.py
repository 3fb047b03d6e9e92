"""Commands about the history of every score."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from connector.commands.wired import services, services_of
from connector.services import ledgers


@click.group()
def ledger() -> None:
    """The history of every score."""


@ledger.command()
@click.argument("tenant_id", type=click.UUID, required=False)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of lines that `ledger heads` printed before.",
)
def verify(tenant_id: UUID | None, against: Path | None) -> None:
    """Recompute the hash chain of a tenant, or of all, and check the seal on its head."""
    kept = ledgers.read_written(against.read_text("utf-8")) if against else {}
    if tenant_id is None:
        found = dict(ledgers.verify_all(services(), kept))
    else:
        found = {tenant_id: ledgers.verify(services_of(tenant_id), tenant_id, kept.get(tenant_id))}
    complaints = [said for whose, each in found.items() if (said := ledgers.complaint(each, whose))]
    if complaints:
        raise click.ClickException("\n".join(complaints))
    entries = sum(each.entries for each in found.values())
    click.echo(f"{entries} entries, chain unbroken, head sealed" if tenant_id else f"{len(found)} chains unbroken")


@ledger.command()
def heads() -> None:
    """Print number and hash of each tenant's newest entry, to be kept outside of the database."""
    for line in ledgers.written(services()):
        click.echo(line)


@ledger.command()
@click.argument("tenant_id", type=click.UUID)
def seal(tenant_id: UUID) -> None:
    """Seal a head that carries no good seal, after somebody found out why; it is entered in the ledger."""
    found = ledgers.seal(services_of(tenant_id), tenant_id)
    click.echo("it was sealed already" if found.good else f"sealed; the seal was {found.seal} before")


@ledger.command()
@click.argument("tenant_id", type=click.UUID)
@click.argument("lead_id", type=int)
def lead(tenant_id: UUID, lead_id: int) -> None:
    """Print all that the ledger says of a lead, also of one that ended, and of those that joined it."""
    for line in ledgers.told_of_lead(services_of(tenant_id), tenant_id, lead_id):
        click.echo(line)
