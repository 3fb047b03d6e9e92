"""Orders of connected shops: each is a conversion of its customer.

Mailchimp filters orders by no date and sorts them by nothing, so a scan reads all of them. It is made
when their number has changed, and once a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import PAGE, Call, ecommerce, lists
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.mapping import ARCHIVED, ORDERS, order_conversion, order_key
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.values import (
    Json,
    UnreadableError,
    hashes,
    identifier,
    iso,
    moment,
    part,
    record_id,
    subscriber_hash,
    text,
)
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Retraction, Stream

COUNT = PAGE
"""Orders a page. A customer who was not among the members just read costs a request besides."""
RESCAN = timedelta(hours=20)
OVERLAP = timedelta(days=2)
"""How late a shop may tell Mailchimp of an order or of its change."""

FIELDS = (
    "orders.id orders.store_id orders.customer.email_address orders.order_total orders.currency_code "
    "orders.processed_at_foreign orders.updated_at_foreign orders.cancelled_at_foreign total_items"
).split()


class OrderReader(Reader):
    """All orders, from the first to the last.

    Cursor: ``{"started", "since", "offset", "total"}`` within a scan, ``{"since", "total"}`` between scans.
    """

    stream = Stream("orders", "Orders")

    def __init__(self, audiences: Audiences) -> None:
        super().__init__(audiences)
        self._shops: Mapping[str, str] | None = None

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of orders."""
        state: Json = dict(cursor or {})
        if "started" not in state:
            if not self._due(state):
                return Page(state, drained=True)
            state = {"since": state.get("since"), "started": iso(self.audiences.now()), "offset": 0, "total": None}
        found, total = self._orders(COUNT, state["offset"])
        pieces = Pieces()
        for raw in self._news(found, state["since"]):
            self._add(pieces, raw)
        if len(found) < COUNT:
            return pieces.page({"since": state["started"], "total": total}, drained=True)
        # Orders that vanish on the way would push others out of sight: the scan steps back as many.
        gone = max(0, (state["total"] or total) - total)
        offset = max(0, state["offset"] + COUNT - gone)
        return pieces.page({**state, "offset": offset, "total": total}, drained=False)

    def _due(self, state: Json) -> bool:
        if "since" not in state:
            return True
        if self.audiences.now() - moment(state["since"], "the cursor") >= RESCAN:
            return True
        _, total = self._orders(1, 0)
        return bool(total != state["total"])

    def _orders(self, count: int, offset: int) -> tuple[list[Json], int]:
        call: Call = ecommerce.orders(fields=FIELDS, count=count, offset=offset)
        answer = self.audiences.session.send("orders", call)
        total = answer.body.get("total_items")
        return answer.listed("orders"), total if isinstance(total, int) else 0

    @staticmethod
    def _news(found: list[Json], since: str | None) -> Iterator[Json]:
        opened = None if since is None else moment(since, "the cursor") - OVERLAP
        for raw in found:
            newest = _newest(raw)
            if opened is None or newest is None or newest >= opened:
                yield raw

    def _add(self, pieces: Pieces, raw: Json) -> None:
        try:
            key = order_key(raw)
        except UnreadableError as reason:
            pieces.reject(self.stream.name, raw.get("id"), reason)
            return
        if text(raw.get("cancelled_at_foreign")) is not None:
            # It may have been read before it was cancelled.
            pieces.retractions.append(Retraction(ORDERS, key))
            return
        try:
            person = self._person(raw)
            if person is not None:
                pieces.conversions.append(order_conversion(raw, person))
        except UnreadableError as reason:
            pieces.reject(self.stream.name, key, reason)

    def _person(self, raw: Json) -> str | None:
        """Return the record of an order's customer, None where the shop's audience does not have them."""
        email = text(part(raw, "customer").get("email_address"))
        list_id = self._audience_of(identifier(raw, "store_id"))
        if email is None or list_id is None:
            return None
        key = list_id, subscriber_hash(email)
        known = self.audiences.customers
        if key not in known:
            known[key] = self._ask(list_id, email)
        return known[key]

    def _ask(self, list_id: str, email: str) -> str | None:
        for name in hashes(email):
            call = lists.get_list_member(list_id, name, fields=("contact_id", "status"))
            answer = self.audiences.session.send("member", call, accept=(NOT_FOUND,))
            if answer.status != NOT_FOUND:
                gone = answer.body.get("status") == ARCHIVED
                return None if gone else record_id(list_id, identifier(answer.body, "contact_id"))
        return None

    def _audience_of(self, store_id: str) -> str | None:
        if self._shops is None:
            fields = "stores.id", "stores.list_id", "total_items"
            found = self.audiences.pages(
                "shops", "stores", lambda offset: ecommerce.stores(fields=fields, count=PAGE, offset=offset)
            )
            self._shops = {str(raw.get("id")): str(raw.get("list_id")) for raw in found if raw.get("list_id")}
        return self._shops.get(store_id)


def _newest(raw: Json) -> datetime | None:
    """Return the newest time of an order that can be read, None if none can."""
    found = []
    for name in ("updated_at_foreign", "processed_at_foreign", "cancelled_at_foreign"):
        try:
            found.append(moment(raw.get(name), name))
        except UnreadableError:
            continue
    return max(found, default=None)
