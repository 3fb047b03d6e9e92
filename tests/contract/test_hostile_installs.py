"""An installation whose replies name other hosts: refused, or passed over, before anything is sent there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from zlib import crc32

import pytest

from connector.adapters.registry import REGISTRY
from connector.errors import ConnectorError
from connector.records import Grant
from tests.contract import mutations
from tests.contract.altering import AlteringProxy, Asked, Told, unaltered
from tests.contract.conftest import WORLDS
from tests.contract.world import VendorWorld

ADDRESSES = (
    "http://{thief}",
    "https://{thief}",
    "//{thief}",
    "{thief}",
    "HTTP://{thief}/",
    "http://user@{thief}",
    "http://{ours}@{thief}",
    "http://{ours}:x@{thief}",
    "http://{ours}#@{thief}",
    "http://{ours}\\@{thief}",
    "http://{thief}\\@{ours}",
    "http://{thief}#@{ours}",
    "http://{thief}/@{ours}",
    "http://localhost:{port}",
    "http://127.1:{port}",
    "http://2130706433:{port}",
    "http://0x7f000001:{port}",
    "http://127.0.0.1.:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://１27.0.0.1:{port}",
    "http://127。0。0。1:{port}",
    "http://127.0.0.1:{port}\t",
    "http://127.0.0.1:{port}\n.mailchimp.com",
    "http://[",
    "http://127.0.0.1:99999",
    "",
)
"""Spellings of a thief's address; ``ours`` is where the token belongs."""
SHARE = 4
"""Of so many wrong values of a field one is tried by ``make test``, another for each field; ``make soak`` tries all."""


class Thief(BaseHTTPRequestHandler):
    """Remembers whatever arrives."""

    arrived: ClassVar[list[str]] = []

    def handle_one_request(self) -> None:
        line = self.rfile.readline(65_537)
        if line:
            self.arrived.append(line.decode("latin-1"))
        self.close_connection = True


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a thief listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Thief) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_port
        server.shutdown()


@dataclass(frozen=True)
class Installing:
    """A stand-in, and a proxy before it that has seen one installation and repeats its replies.

    ``code``: what the consent gave. ``seen``: what was asked, and what was told.
    """

    world: VendorWorld
    proxy: AlteringProxy
    code: str
    seen: dict[Asked, Told] = field(default_factory=dict)

    def install(self) -> Grant:
        """Install our app, all replies to it through the proxy."""
        app = self.world.app(api_base=self.proxy.origin, authorize_base=self.proxy.origin)
        return app.exchange_code(self.code, "v" * 64, self.world.clock.now())

    def texts(self) -> list[tuple[str, mutations.Path]]:
        """Return (path, place) of each text in the replies to an installation."""
        found: dict[tuple[str, mutations.Path], None] = {}
        for asked, told in self.seen.items():
            document = mutations.parsed(told)
            for place in mutations.fields_in(document) if "describe" not in asked.path else ():
                if isinstance(mutations.at(document, place), str):
                    found[asked.path, place] = None
        return list(found)


@pytest.fixture(scope="module", params=sorted(REGISTRY))
def installing(request: pytest.FixtureRequest) -> Iterator[Installing]:
    """Made once for each vendor: the stand-in itself takes no part after the first installation."""
    world = WORLDS[request.param]()
    assert world.credentials.api_base is not None
    proxy = AlteringProxy(world.credentials.api_base, lambda: world.clock.sleep(0.2))
    code, _ = world.consent(world.app().authorize_url("state-1", "v" * 64))
    made = Installing(world, proxy, code)
    proxy.replaying = True
    made.install()
    made.seen.update(proxy.passed)
    assert made.seen
    yield made
    proxy.stop()
    world.stop()


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_a_reply_leads_nothing_astray(installing: Installing, port: int, address: str) -> None:
    """Whichever text of whichever reply it stands in, with or without what names the vendor around it."""
    proxy = installing.proxy
    ours = proxy.origin.removeprefix("http://")
    told = address.format(thief=f"127.0.0.1:{port}", ours=ours, port=port)
    for path, place in installing.texts():
        proxy.alter = saying(path, place, told)
        try:
            account = installing.install().account
        except ConnectorError:
            continue
        finally:
            proxy.alter = unaltered
        assert account.api_origin in (None, proxy.origin)
        assert str(port) not in account.ui_url
    assert Thief.arrived == []


def test_a_redirect_of_an_installation_is_not_followed(installing: Installing, port: int) -> None:
    """Neither the code nor the secret nor the token goes where a reply points."""
    proxy = installing.proxy
    for status in (301, 302, 303, 307, 308):
        for path in sorted({asked.path for asked in installing.seen}):
            proxy.alter = redirecting(path, status, f"http://127.0.0.1:{port}/steal")
            with pytest.raises(ConnectorError):
                installing.install()
    proxy.alter = unaltered
    assert Thief.arrived == []


@pytest.mark.parametrize("share", [SHARE, pytest.param(1, marks=pytest.mark.soak)], ids=["a share", "all"])
def test_nonsense_in_a_reply_installs_nothing_or_an_account(installing: Installing, share: int) -> None:
    """Whole replies that are none, and each field with each wrong value: an error that says what to do, or a grant."""
    wrong = []
    for path in sorted({asked.path for asked in installing.seen if "describe" not in asked.path}):
        told = next(told for asked, told in installing.seen.items() if asked.path == path)
        wrong += [error for change in mutations.BODIES.values() for error in crashes(installing, path, change(told))]
        document = mutations.parsed(told)
        for place in mutations.fields_in(document):
            for change, value in mutations.VALUES.items():
                if crc32(f"{path} {place} {change}".encode()) % share:
                    continue
                altered = mutations.put(document, place, value(mutations.at(document, place)))
                wrong += crashes(installing, path, mutations.rendered(told, altered))
    assert not wrong, "\n".join(wrong[:20])


def crashes(installing: Installing, path: str, told: Told) -> list[str]:
    """Return the error of an installation with one altered reply, if it says nothing of what to do."""
    proxy = installing.proxy
    proxy.alter = lambda asked, got: told if asked.path == path else got
    try:
        installing.install()
    except ConnectorError:
        return []
    except Exception as error:  # noqa: BLE001 - whatever it is, it should not have come
        return [f"{path}: {type(error).__name__}: {str(error)[:100]} for {told.body[:200]!r}"]
    finally:
        proxy.alter = unaltered
    return []


def saying(path: str, place: mutations.Path, told: str) -> Any:
    """Return an alteration that puts a text into the reply of one path."""

    def alter(asked: Asked, got: Told) -> Told:
        document = mutations.parsed(got)
        if asked.path != path or place not in list(mutations.fields_in(document)):
            return got
        return mutations.rendered(got, mutations.put(document, place, told))

    return alter


def redirecting(path: str, status: int, target: str) -> Any:
    """Return an alteration that sends those who ask for one path elsewhere."""
    return lambda asked, got: Told(status, (("Location", target),), b"") if asked.path == path else got
