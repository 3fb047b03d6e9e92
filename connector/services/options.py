"""What an admin turns on for one account; every choice is on the record and can be taken back."""

from __future__ import annotations

import re
from uuid import UUID

from connector.adapters.contract import Option
from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.opening import app_of
from connector.store import connections


def choose(services: Services, tenant_id: UUID, connection_id: UUID, name: str, value: str) -> str:
    """Give an option of a tenant's connection a value, or turn it off by an empty one; return its label.

    Raises ``RejectedInput`` for an option that the CRM does not have and for a value that is none of it.
    """
    value = value.strip()
    with services.store.transaction(tenant_id) as session:
        connection = connections.get(session, connection_id)
        option = app_of(services, connection.vendor).capabilities.options.get(name)
        if option is None or connection.tenant_id != tenant_id:
            raise RejectedInput("This account has no such option.")
        if value and not _good(option, value):
            raise RejectedInput(f"{option.label}: that value can't be right. Wanted is: {option.hint}")
        others = {key: held for key, held in connection.options.items() if key != name}
        connections.save_options(session, connection_id, others | ({name: value} if value else {}))
        which = {"connection": str(connection_id), "option": name, "value": value}
        acts.record(services, session, tenant_id, "set option", **which)
    return option.label


def _good(option: Option, value: str) -> bool:
    return re.fullmatch(option.pattern, value) is not None
