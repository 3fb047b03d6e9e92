"""Whether vendors and browsers can reach us as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connector.services.doctor.finding import Finding, Level, Surroundings

PART = "settings"
_HERE = ("127.0.0.1", "localhost", "::1")


def look(around: Surroundings) -> Iterator[Finding]:
    """The public address and the CRMs that are offered."""
    url = urlsplit(around.public_url)
    if url.scheme == "https":
        yield Finding(Level.FINE, PART, f"The public address is {around.public_url}.")
    elif url.hostname in _HERE:
        sentence = f"{around.public_url} is reached from this machine only: no CRM can push to it."
        yield Finding(Level.WARNING, PART, f"{sentence} Set CONNECTOR_PUBLIC_URL to the https address in production.")
    else:
        sentence = "CONNECTOR_PUBLIC_URL is not https: sessions and grants would travel in the clear."
        yield Finding(Level.PROBLEM, PART, f"{sentence} Put TLS before the web processes and set the https address.")
    if around.crms:
        yield Finding(Level.FINE, PART, f"Offered: {', '.join(around.crms)}.")
    else:
        sentence = "No CRM is offered. Set CONNECTOR_CRM_<NAME>_CLIENT_ID and CONNECTOR_CRM_<NAME>_CLIENT_SECRET."
        yield Finding(Level.WARNING, PART, sentence)
