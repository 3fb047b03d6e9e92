"""Accounts: the companies behind contacts."""

from __future__ import annotations

from collections.abc import Sequence

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.mapping import company
from connector.adapters.salesforce.streams.base import Reader
from connector.adapters.salesforce.values import Json
from connector.records import Stream

PERSON_ACCOUNT = "IsPersonAccount"


class AccountReader(Reader):
    """The business accounts; a person account is the other face of a contact and no company."""

    stream = Stream("accounts", "Accounts", needs_records=False)
    source = "Account"

    def wanted(self) -> Sequence[str]:
        """Return all fields that the user may see."""
        return list(self.org.fields(self.source))

    def conditions(self) -> list[str]:
        """Leave out person accounts, where the org has them."""
        return [f"{PERSON_ACCOUNT} = false"] if self.org.sees(self.source, PERSON_ACCOUNT) else []

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add companies."""
        types = {name: str(raw.get("type")) for name, raw in self.org.fields(self.source).items()}
        self.each(pieces, rows, lambda row: pieces.companies.append(company(row, types)))
