"""Where an access token may be sent.

A token goes to the vendor's own hosts over https, or, when the configured origin is a
sandbox, to that origin alone. Neither a reply (``instance_url``, ``uiDomain``) nor a
mistyped setting can send it anywhere else.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from connector.errors import SettingsError


def origin_of(url: str) -> str:
    """Return ``scheme://host[:port]`` of ``url`` in lower case."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_vendor_origin(url: str, patterns: Sequence[str]) -> bool:
    """Tell whether ``url`` is https on a host that fully matches one of the regular expressions ``patterns``."""
    parts = urlsplit(url)
    plain = parts.scheme == "https" and parts.username is None and parts.port in (None, 443)
    return plain and any(re.fullmatch(pattern, parts.hostname or "") for pattern in patterns)


def is_local_origin(url: str) -> bool:
    """Tell whether ``url`` names this machine or a private network, where a sandbox may live."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(".localhost")


def require_base(setting: str, url: str, patterns: Sequence[str]) -> str:
    """Return ``url`` as an origin, if it is the vendor's or a local sandbox's; raise ``SettingsError`` otherwise."""
    if is_vendor_origin(url, patterns) or is_local_origin(url):
        return origin_of(url)
    raise SettingsError(
        f"{setting} must be an https address of the vendor or a sandbox on this machine or a private network; "
        f"{origin_of(url)} is neither."
    )


def trusted(url: str, *, base: str, patterns: Sequence[str]) -> bool:
    """Tell whether a reply's ``url`` may be used: one of the vendor's hosts, or in a sandbox ``base`` alone."""
    if is_vendor_origin(base, patterns):
        return is_vendor_origin(url, patterns)
    return origin_of(url) == origin_of(base)
