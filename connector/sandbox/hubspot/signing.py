"""HubSpot's signature, version 3, by which an app knows that a request is HubSpot's."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed(secret: str, method: str, url: str, body: bytes, now_ms: int) -> dict[str, str]:
    """Return the headers that sign a request made now."""
    stamp = str(now_ms)
    told = method.encode() + url.encode() + body + stamp.encode()
    digest = hmac.new(secret.encode(), told, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": stamp,
    }
