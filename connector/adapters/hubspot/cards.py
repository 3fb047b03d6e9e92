"""Who asks from a card or settings page inside HubSpot.

``hubspot.fetch`` goes through HubSpot's own servers, which add to the address whom they ask for and sign the whole
(https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/fetching-data).
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from connector.adapters.contract import CardAsk
from connector.errors import RejectedInput

PORTAL, USER = "portalId", "userId"
_ID = re.compile(r"[0-9]{1,18}")


def asked(url: str) -> CardAsk:
    """Return the portal and user that a signed address names; raise ``RejectedInput`` where it does not name one each.

    Whoever tampers with a card in their own browser can choose its address, but not what HubSpot adds: a name that is
    there twice may be somebody else's.
    """
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return CardAsk(_one(query, PORTAL), _one(query, USER))


def _one(query: dict[str, list[str]], name: str) -> str:
    # A reader of names that does not mind capitals may have found another one first.
    found = [value for key, values in query.items() if key.lower() == name.lower() for value in values]
    if len(found) != 1 or name not in query or not _ID.fullmatch(found[0]):
        raise RejectedInput(f"The request does not name exactly one {name}.")
    return found[0]
