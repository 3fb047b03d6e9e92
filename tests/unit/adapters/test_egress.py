"""Addresses that somebody outside named lead to the public internet or nowhere."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from urllib3.util import connection as sockets

from connector.adapters.egress import Outside, is_public, resolved
from connector.errors import RejectedInput

PUBLIC = "93.184.216.34"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/away":
            self._answer(302, b"", Location="http://169.254.169.254/latest/meta-data/")
        elif self.path == "/bomb":
            self._answer(200, gzip.compress(b"0" * 5_000_000), **{"Content-Encoding": "gzip"})
        else:
            self._answer(200, b"hello", **{"Set-Cookie": "tracked=yes; Path=/"})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """A server on this machine, which nobody outside should reach."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.seen = []  # type: ignore[attr-defined]
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def _origin(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@dataclass
class Resolver:
    """Names and what they answer, one answer after the other; what was asked, and whereto it was connected."""

    answers: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        turns = self.answers[host]
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Stands at the socket: no name is asked for outside of this machine, and no connection is made."""
    made = Resolver({})

    def refuse(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        made.connected.append(address)
        raise ConnectionRefusedError("nobody is there")

    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(sockets, "create_connection", refuse)
    return made


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1 198.18.0.1
    224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001:db8::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1::
    2001:0:4136:e378:8000:63bf:f5ff:fffe""".split(),
)
def test_what_is_not_of_the_public_internet(address: str) -> None:
    """Of one machine, the networks around it, a cloud's services, groups, and IPv6 forms of all these."""
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    """https://127.0.0.1/ https://[::1]/ https://localhost/ https://2130706433/ https://0x7f.1/ https://127.1/
    https://0177.0.0.1/ https://[::ffff:127.0.0.1]/ https://169.254.169.254/latest/meta-data/""".split(),
)
def test_no_spelling_of_a_private_address_is_connected_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the machine's own resolver reads them."""
    made: list[object] = []
    monkeypatch.setattr(sockets, "create_connection", lambda address, *_, **__: made.append(address))
    with pytest.raises(RejectedInput, match=r"private network|no plain web address"):
        Outside().get(url)
    assert made == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
    ],
)
def test_only_plain_https_addresses_are_taken(resolver: Resolver, url: str) -> None:
    """Nothing is even looked up for others, and the sentence repeats no secret."""
    resolver.answers["hooks.example.com"] = [[PUBLIC]]
    with pytest.raises((RejectedInput, requests.exceptions.InvalidSchema)) as refused:
        Outside().post(url, json={})
    assert "secret" not in str(refused.value)
    assert resolver.asked == []


def test_a_name_is_resolved_once_and_connected_to_as_it_was_checked(resolver: Resolver) -> None:
    """Rebinding: the second answer, which nobody asks for, would be this machine."""
    resolver.answers["rebind.example.com"] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(requests.ConnectionError):
        Outside().get("https://rebind.example.com/")
    assert resolver.asked == ["rebind.example.com"]
    assert resolver.connected == [(PUBLIC, 443)]


def test_one_private_address_among_public_ones_is_enough(resolver: Resolver) -> None:
    """Else the next try would take it."""
    resolver.answers["both.example.com"] = [[PUBLIC, "10.0.0.8"]]
    with pytest.raises(RejectedInput, match=r"both\.example\.com leads into a private network"):
        Outside().get("https://both.example.com/")
    assert resolver.connected == []
    with pytest.raises(RejectedInput):
        resolved("both.example.com", 443)


def test_a_name_that_is_none_is_a_network_trouble(resolver: Resolver) -> None:
    """It may be there tomorrow."""
    with pytest.raises(requests.ConnectionError):
        Outside().get("https://nobody.example.com/")


def test_a_sandbox_that_the_deployment_names_is_reached_and_nothing_beside_it(server: ThreadingHTTPServer) -> None:
    """Exactly that origin: not another port, and not a host that begins like it."""
    session = Outside([_origin(server)])
    assert session.get(f"{_origin(server)}/x").text == "hello"
    for other in (f"http://127.0.0.1:{server.server_port}9/", "http://127.0.0.1/", f"{_origin(server)}.example.com/"):
        with pytest.raises((RejectedInput, ValueError)):
            session.get(other)
    assert not session.cookies


def test_a_redirect_is_not_followed(server: ThreadingHTTPServer) -> None:
    """Whoever asks for it: the caller sees where it would lead."""
    answer = Outside([_origin(server)]).get(f"{_origin(server)}/away", allow_redirects=True)
    assert (answer.status_code, answer.history) == (302, [])


def test_an_answer_is_read_to_its_limit_after_unpacking(server: ThreadingHTTPServer) -> None:
    """A few kilobytes may unpack to gigabytes."""
    with pytest.raises(RejectedInput, match="larger than 1,000 bytes"):
        Outside([_origin(server)], largest=1_000).get(f"{_origin(server)}/bomb")


def test_proxies_and_credentials_of_the_environment_are_not_used(
    server: ThreadingHTTPServer, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would resolve the name again."""
    monkeypatch.setenv("HTTPS_PROXY", _origin(server))
    resolver.answers["hooks.example.com"] = [[PUBLIC]]
    for proxies in (None, {"https": _origin(server)}):
        with pytest.raises(requests.ConnectionError):
            Outside().get("https://hooks.example.com/", proxies=proxies)
    assert resolver.connected == [(PUBLIC, 443)] * 2
