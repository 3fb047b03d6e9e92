"""Where an access token may be sent.

A token goes to the vendor's own hosts over https, or, when the configured origin is a
sandbox, to that origin alone. Neither a reply (``instance_url``, ``uiDomain``) nor a
mistyped setting can send it anywhere else.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from connector.errors import SettingsError

_ADDRESS = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?#][!-~]*)?", re.ASCII | re.IGNORECASE
)
"""What every parser of addresses reads alike. Users, look-alike letters, backslashes and white space, on which
they differ, are in no address that a token is sent to."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


def _parse(url: str) -> _Origin | None:
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    scheme, host, port = found.group(1).lower(), found.group(2).lower(), found.group(3)
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    return _Origin(scheme, host, number) if 0 < number <= _LAST_PORT else None


def is_token(text: object) -> TypeGuard[str]:
    """Tell whether something is a token that a header can carry: visible characters of ASCII."""
    return isinstance(text, str) and re.fullmatch(r"[!-~]+", text) is not None


def origin_of(url: str) -> str:
    """Return ``scheme://host[:port]`` of ``url`` in lower case; raise ``ValueError`` for what is no web address."""
    found = _parse(url)
    if found is None:
        raise ValueError("this is no plain web address")
    port = "" if found.port == _DEFAULT_PORTS[found.scheme] else f":{found.port}"
    return f"{found.scheme}://{found.host}{port}"


def is_vendor_origin(url: str, patterns: Sequence[str]) -> bool:
    """Tell whether ``url`` is https on a host that fully matches one of the regular expressions ``patterns``."""
    found = _parse(url)
    if found is None or (found.scheme, found.port) != ("https", _DEFAULT_PORTS["https"]):
        return False
    return any(re.fullmatch(pattern, found.host) for pattern in patterns)


def is_local_origin(url: str) -> bool:
    """Tell whether ``url`` names this machine or a private network, where a sandbox may live."""
    found = _parse(url)
    if found is None:
        return False
    try:
        return ipaddress.ip_address(found.host.strip("[]")).is_private
    except ValueError:
        # A name without dots that begins with a digit may be an address in one number.
        return found.host[0].isalpha() and ("." not in found.host or found.host.endswith(".localhost"))


def require_base(setting: str, url: str, patterns: Sequence[str]) -> str:
    """Return ``url`` as an origin, if it is the vendor's or a local sandbox's; raise ``SettingsError`` otherwise."""
    if is_vendor_origin(url, patterns) or is_local_origin(url):
        return origin_of(url)
    raise SettingsError(
        f"{setting} must be an https address of the vendor or a sandbox on this machine or a private network."
    )


def trusted(url: str, *, base: str, patterns: Sequence[str]) -> bool:
    """Tell whether a reply's ``url`` may be used: one of the vendor's hosts, or in a sandbox ``base`` alone."""
    if is_vendor_origin(base, patterns):
        return is_vendor_origin(url, patterns)
    found = _parse(url)
    return found is not None and found == _parse(base)
