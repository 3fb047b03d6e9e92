"""Mailchimp's webhooks: who sent them, and what they hint at.

The rules are those of https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/:
a form; ``X-Mailchimp-Signature: t=<unix>,v1=<hex>``, HMAC-SHA256 of ``t.body``, while hooks made
before signing existed do not sign. So what always has to be there is the secret in the address, which
whoever received the delivery has checked; it is what names the account too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs

from connector.adapters.contract import Delivery
from connector.adapters.mailchimp.values import UnreadableError, moment, record_id, subscriber_hash
from connector.errors import RejectedInput
from connector.records import WebhookHint

SIGNATURE = "x-mailchimp-signature"
FRESH = 300
"""Seconds between Mailchimp's clock and ours, either way."""

ADDRESS_OF: Mapping[str, str] = {
    "subscribe": "data[email]",
    "unsubscribe": "data[email]",
    "profile": "data[email]",
    "cleaned": "data[email]",
    "upemail": "data[new_email]",
}
"""Kind → where the person's address stands now. ``data[id]`` is no id of a member."""

_STAMP = re.compile(r"\d{1,12}", re.ASCII)
_LIST = re.compile(r"\w{1,50}", re.ASCII)
_LARGEST_FIELDS = 500


def verify(delivery: Delivery, now: datetime) -> None:
    """Raise ``RejectedInput`` unless the delivery came to one connection's address and is signed where hooks sign."""
    if delivery.account_id is None:
        raise RejectedInput("Mailchimp's webhooks come to an address of one connection, and this one did not.")
    if not delivery.secrets:
        return
    given = {name.lower(): value for name, value in delivery.headers.items()}.get(SIGNATURE, "")
    if not given:
        raise RejectedInput("The request carries no X-Mailchimp-Signature header.")
    parts = [part.strip().partition("=")[::2] for part in given.split(",")]
    stamp = next((value for name, value in parts if name == "t"), "")
    if not _STAMP.fullmatch(stamp):
        raise RejectedInput("The header X-Mailchimp-Signature has no time in seconds.")
    if abs(now.timestamp() - int(stamp)) > FRESH:
        raise RejectedInput("The request was signed more than five minutes away from now.")
    told = [value for name, value in parts if name == "v1"]
    if not any(_same(signature(secret, stamp, delivery.body), value) for secret in delivery.secrets for value in told):
        raise RejectedInput("The signature does not belong to this request.")


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of time and raw body."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def parse(delivery: Delivery) -> Sequence[WebhookHint]:
    """Return the hint of a delivery; raise ``RejectedInput`` if it is no notice of Mailchimp's.

    A person is named by the hash of the address: the API finds the member by it, and the record that is read
    then has its proper id.
    """
    try:
        form = parse_qs(delivery.body.decode(), keep_blank_values=True, max_num_fields=_LARGEST_FIELDS)
    except ValueError:
        raise RejectedInput("The webhook body can't be read: it is no form.") from None
    told = {name: values[-1] for name, values in form.items()}
    kind, list_id = told.get("type", ""), told.get("data[list_id]", "")
    if not kind or not _LIST.fullmatch(list_id):
        raise RejectedInput("The webhook body can't be read: it names no kind or no audience.")
    try:
        at = moment(told.get("fired_at"), "fired_at")
    except UnreadableError as reason:
        raise RejectedInput(f"The webhook body can't be read: {reason}.") from None
    email = told.get(ADDRESS_OF.get(kind, ""), "").strip()
    person = record_id(list_id, subscriber_hash(email)) if email else None
    # A change of address carries two ids instead of one; deliveries have no id of their own.
    named = told.get("data[id]") or told.get("data[new_id]") or ""
    key = ":".join((kind, list_id, named, told["fired_at"]))
    return [WebhookHint(delivery.account_id or "", key, kind, person, at)]
