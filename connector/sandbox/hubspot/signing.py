"""HubSpot's signature, version 3, by which an app knows that a request is HubSpot's.

Source: HubSpot's guide to request validation: method, address, body and time without separators, with a few escapes of
the address read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import unquote

READ = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""Escapes that are signed as what they stand for; all others are signed as they are."""


def signed(secret: str, method: str, url: str, body: bytes, now_ms: int) -> dict[str, str]:
    """Return the headers that sign a request made now."""
    stamp = str(now_ms)
    address = READ.sub(lambda found: unquote(found.group()), url)
    told = f"{method}{address}".encode() + body + stamp.encode()
    digest = hmac.new(secret.encode(), told, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": stamp,
    }
