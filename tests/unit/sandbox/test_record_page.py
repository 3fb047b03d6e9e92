"""A contact's page in the HubSpot sandbox: what it holds, who wrote it, and the card, asked for with a signature."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from connector.adapters.hubspot import cards, webhooks
from connector.errors import RejectedInput
from connector.sandbox import RunningSandbox
from tests.unit.sandbox.visitor import CLIENT, REDIRECT, Visitor

CARD = {
    "state": "scored",
    "score": "91.5",
    "tier": "High-Intent",
    "chance": {"words": "About 1 in 3 such leads convert", "percent": "33 %", "interval": None},
    "reasons": ["Asked for a demo <b>twice</b>"],
    "change": "This is the first score.",
    "data_as_of": "2026-03-01T00:00:00+00:00",
    "model": "model_v20260301",
    "link": "https://app.example.com/leads/1",
}


class App:
    """The app's own address: answers a card's question where HubSpot signed it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = app.origin + self.path
                try:
                    webhooks.verify(CLIENT["client_secret"], "GET", url, dict(self.headers), b"", now=datetime.now(UTC))
                    self.send_response(200)
                except RejectedInput:
                    self.send_response(401)
                self.end_headers()
                app.asked.append(url)
                self.wfile.write(json.dumps(CARD).encode())

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        return Handler

    def stop(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def app(visitor: Visitor) -> Iterator[App]:
    """An app that the sandbox knows by where it sends people back to."""
    made = App()
    visitor.admin("/app", {"redirect_uris": [f"{made.origin}/oauth/hubspot/callback"]})
    yield made
    made.stop()
    visitor.admin("/app", {"redirect_uris": [REDIRECT]})


def page(visitor: Visitor, contact: str) -> requests.Response:
    """Open a contact as a person does, without any token."""
    return requests.get(f"{visitor.origin}/contacts/{visitor.portal_id}/record/0-1/{contact}", timeout=10)


def test_it_shows_values_and_which_of_them_the_app_wrote(visitor: Visitor) -> None:
    """By groups, with the labels of the properties; a name that is markup is a name."""
    made = visitor.contact(firstname="<script>Ana</script>", lastname="Castro", jobtitle="CTO")
    visitor.session.patch(
        f"{visitor.origin}/crm/objects/2026-03/contacts/{made}", json={"properties": {"company": "Firm"}}
    )
    shown = page(visitor, made)
    assert shown.status_code == 200
    assert "&lt;script&gt;Ana&lt;/script&gt; Castro" in shown.text
    assert "<script>" not in shown.text
    assert "CTO" in shown.text
    assert shown.text.count("by the app Lead scoring") == 1
    assert "<dd>Firm <span" in shown.text


def test_the_card_is_asked_for_with_a_signature(visitor: Visitor, app: App) -> None:
    """The app's own check accepts it, and learns the account and the user; the words are shown as they came."""
    made = visitor.contact(email="bo@firm.example")
    shown = page(visitor, made).text
    assert "About 1 in 3 such leads convert" in shown
    assert "Asked for a demo &lt;b&gt;twice&lt;/b&gt;" in shown
    asked = cards.asked(app.asked[0])
    assert (asked.account_id, asked.user_id) == (str(visitor.portal_id), "9001")
    assert app.asked[0].startswith(f"{app.origin}/cards/hubspot/records/{made}?")


def test_without_an_app_the_page_is_there_all_the_same(visitor: Visitor, app: App) -> None:
    """And says so in the card's place."""
    app.stop()
    assert "The app did not answer." in page(visitor, visitor.contact(email="cy@firm.example")).text


def test_who_is_not_there_has_no_page(visitor: Visitor) -> None:
    """A sentence with status 404, for a contact and for an account."""
    assert page(visitor, "999999999").status_code == 404
    assert requests.get(f"{visitor.origin}/contacts/1/record/0-1/1", timeout=10).status_code == 404


def test_a_look_is_no_request_of_the_app(roomy: RunningSandbox, visitor: Visitor) -> None:
    """Neither logged nor counted."""
    made = visitor.contact(email="di@firm.example")
    before = len(roomy.stage.log.entries())
    assert page(visitor, made).status_code == 200
    assert len(roomy.stage.log.entries()) == before
