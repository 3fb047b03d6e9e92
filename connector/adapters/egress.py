"""The door for requests to addresses that somebody outside named: a tenant's webhook, an enrichment provider.

Vendors' own hosts have another list (adapters/hosts). Here the host is anybody's word, so that it may lead to this
machine, to the network around it or to a cloud's metadata service. What :class:`Outside` holds:

* https alone; http, and private addresses, only for the sandbox origins that the deployment itself names;
* a name is resolved once, every address that it has must be public, and the connection is made to the address that
  was looked at: a name that answers otherwise a moment later (DNS rebinding) gains nothing;
* redirects are never followed, proxies and credentials of the environment (``.netrc``) are not used, cookies not kept;
* answers are read to a limit, after unpacking.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import connection as sockets

from connector.adapters.hosts import origin_of
from connector.errors import RejectedInput

TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and between two pieces of an answer."""

LARGEST = 1024 * 1024
"""Bytes of an answer, unpacked."""

LONGEST_PAUSE_SECONDS = 86_400.0
"""However long somebody asks to be left alone."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address that a gateway connects to."""


class Outside(requests.Session):
    """A session for addresses that somebody outside named. Not safe to share between threads.

    ``sandbox_origins``: origins of the deployment's own sandboxes, which alone may be private or without TLS.
    Sending raises ``RejectedInput`` for an address that is not to be asked and for an answer above ``largest`` bytes,
    with a sentence for whoever entered the address; network troubles are those of requests.
    """

    def __init__(self, sandbox_origins: Collection[str] = (), *, largest: int = LARGEST) -> None:
        super().__init__()
        self._sandboxes = frozenset(origin_of(origin) for origin in sandbox_origins)
        self._largest = largest
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Checking(guarded=True))
        self.mount("http://", _Checking(guarded=True))
        for origin in self._sandboxes:
            # The longest prefix wins; that it ends the origin is looked at in ``send``.
            self.mount(origin, _Checking(guarded=False))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request; a redirect is an answer like any other."""
        self._require_allowed(str(request.url))
        streamed = kwargs.get("stream", False)
        timeout = kwargs.get("timeout") or TIMEOUT
        kwargs |= {"allow_redirects": False, "proxies": {}, "stream": True, "timeout": timeout, "verify": True}
        response = super().send(request, **kwargs)
        if not streamed:
            self._read(response)
        return response

    def get_adapter(self, url: str) -> HTTPAdapter:
        """Return what connects to an address: unguarded for exactly a sandbox's origin."""
        if origin_of(url) in self._sandboxes:
            return _as_http(self.adapters[origin_of(url)])
        return _as_http(self.adapters["https://"])

    def _require_allowed(self, url: str) -> None:
        try:
            origin = origin_of(url)
        except ValueError:
            raise RejectedInput(
                "This is no plain web address. Enter one such as https://hooks.example.com/path."
            ) from None
        if not origin.startswith("https://") and origin not in self._sandboxes:
            raise RejectedInput(f"{origin} is not https. What is sent there could be read on its way.")

    def _read(self, response: requests.Response) -> None:
        kept = bytearray()
        with response:
            for piece in response.iter_content(65_536):
                kept += piece
                if len(kept) > self._largest:
                    raise RejectedInput(f"The answer is larger than {self._largest:,} bytes. It was not read further.")
        # As requests itself keeps what it has read.
        response._content = bytes(kept)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet: not of this machine, a network around it, a cloud's
    own services, a group, or an IPv6 form of such an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host; raises ``RejectedInput`` if any is not public, ``OSError`` without any."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(map(is_public, found)):
        # Which one is not told: it would map the network from outside.
        raise RejectedInput(f"{host} leads into a private network. Enter an address that is reached from everywhere.")
    return found


@dataclass(frozen=True, slots=True)
class Sayings:
    """What is told to whoever entered an address that can't be used."""

    no_address: str
    not_https: str
    no_machine: str


def require_outside(url: str, allowed: Collection[str], sayings: Sayings) -> None:
    """Look at an address before it is stored or asked: https on public addresses, or one of the ``allowed`` origins.

    Raises ``RejectedInput``. :class:`Outside` looks again when it connects.
    """
    try:
        origin = origin_of(url)
    except ValueError:
        raise RejectedInput(sayings.no_address) from None
    if origin in allowed:
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise RejectedInput(sayings.not_https)
    try:
        resolved(parts.hostname or "", parts.port or 443)
    except (OSError, UnicodeError):
        raise RejectedInput(sayings.no_machine) from None


def asked_pause(answer: requests.Response, otherwise: float) -> float:
    """Return the seconds of ``Retry-After``, a day at most; ``otherwise`` without it (dates are not read)."""
    told = answer.headers.get("Retry-After", "")
    return min(float(told), LONGEST_PAUSE_SECONDS) if told.isascii() and told.isdigit() else otherwise


def _as_http(adapter: requests.adapters.BaseAdapter) -> HTTPAdapter:
    if not isinstance(adapter, HTTPAdapter):
        raise TypeError("only adapters of HTTP are mounted")
    return adapter


class _Checking(HTTPAdapter):
    """Connects by the classes below, where ``guarded``."""

    def __init__(self, *, guarded: bool) -> None:
        self._guarded = guarded
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        if self._guarded:
            self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _connect(connection: HTTPConnection) -> socket.socket:
    """Resolve once, look at every address, connect to the first one that answers: by number, never by name again."""
    host, port = connection._dns_host, connection.port or connection.default_port
    try:
        addresses = resolved(host, port)
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    trouble: OSError | None = None
    for address in addresses:
        try:
            return sockets.create_connection(
                (address, port), connection.timeout, socket_options=connection.socket_options
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"{host} did not answer in time") from error
        except OSError as error:
            trouble = error
    raise NewConnectionError(connection, f"{host} can't be reached: {trouble}")


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Tls(HTTPSConnection):
    # The certificate is still checked against the name: only the socket beneath goes by number.
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Tls
