"""The API's routes as methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from connector.client.answers import (
    Asked,
    Changes,
    Channels,
    Conversion,
    Erasure,
    Given,
    Held,
    Lead,
    Model,
    PastScore,
    Progress,
    Reasons,
    Receipt,
    Reference,
    Score,
    Scores,
    WhatIf,
)
from connector.client.reading import read
from connector.client.transport import Transport

T = TypeVar("T")
_PIECE = 256 * 1024
_EXPORT_SECONDS = 600.0
"""A Parquet file is whole before its first byte is sent."""


class Client:
    """A tenant's scores by an API key. Every method raises ``ApiError`` where it is refused, ``Unreachable`` without
    an answer; use it as a context, or close it."""

    def __init__(self, base_url: str, key: str, *, transport: Transport | None = None) -> None:
        """``base_url`` is the product's own address, such as https://scores.example.com."""
        self._transport = transport or Transport(base_url, key)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.session.close()

    def score(self, lead: Reference) -> Score:
        """Return a lead's current score."""
        return read(Score, self._get(f"/leads/{_part(lead)}/score"))

    def scores(self, leads: Sequence[Reference]) -> Scores:
        """Return the current scores of up to 500 leads."""
        return read(Scores, self._post("/scores/query", {"leads": list(leads)}))

    def recompute(self, leads: Sequence[Reference]) -> Asked:
        """Have up to 100 leads scored anew; ``progress`` tells how far it is."""
        return read(Asked, self._post("/scores/recomputations", {"leads": list(leads)}, changes=True))

    def progress(self, asked: Asked) -> Progress:
        """Return how far leads that are being scored anew have come."""
        return read(Progress, self._get(f"/scores/recomputations/{_part(asked.id)}"))

    def wait(self, asked: Asked, *, looks: int = 60, pause: float = 0.5) -> Progress:
        """Look until all are scored anew, or ``looks`` times; ``done`` of what is returned tells which."""
        found = self.progress(asked)
        for _ in range(looks - 1):
            if found.done:
                break
            self._transport.sleep(pause)
            found = self.progress(asked)
        return found

    def history(self, lead: Reference) -> Iterator[PastScore]:
        """Yield a lead's scores, the newest first."""
        path = f"/leads/{_part(lead)}/history"
        return self._pages(PastScore, "history", lambda cursor: self._get(path, limit=200, cursor=cursor))

    def reasons(self, lead: Reference) -> Reasons:
        """Return what adds up to a lead's score."""
        return read(Reasons, self._get(f"/leads/{_part(lead)}/reasons"))

    def changes(self, lead: Reference, entry: int | None = None) -> Changes:
        """Return what changed between a score (of an entry of the history; the newest) and the one before."""
        return read(Changes, self._get(f"/leads/{_part(lead)}/changes", entry=entry))

    def what_if(
        self,
        lead: Reference,
        fields: Mapping[str, str | None] | None = None,
        events: Sequence[Mapping[str, Any]] = (),
    ) -> WhatIf:
        """Return what the model would make of a lead with other fields (None: cleared) or further events."""
        body = {"fields": dict(fields or {}), "events": [dict(event) for event in events]}
        return read(WhatIf, self._post(f"/leads/{_part(lead)}/what-if", body))

    def feedback(self, lead: Reference, thumb: Literal["up", "down"], reason: str, note: str | None = None) -> Given:
        """Say of a lead's current score whether it fits; docs/feedback.md names the reasons of each thumb."""
        told = {"thumb": thumb, "reason": reason, "note": note}
        return read(Given, self._post(f"/leads/{_part(lead)}/feedback", told, changes=True))

    def lead(self, lead: Reference) -> Lead:
        """Return a lead with its records and its score."""
        return read(Lead, self._get(f"/leads/{_part(lead)}"))

    def search(
        self,
        *,
        email: str | None = None,
        company: str | None = None,
        tier: str | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        scored_since: datetime | None = None,
    ) -> Iterator[Lead]:
        """Yield leads that fulfil all that is given, the highest score first."""
        asked = {
            "email": email,
            "company": company,
            "tier": tier,
            "min_score": min_score,
            "max_score": max_score,
            "scored_since": scored_since.isoformat() if scored_since else None,
        }
        body = {name: value for name, value in asked.items() if value is not None} | {"limit": 200}

        def page(cursor: str | None) -> Mapping[str, Any]:
            found: Mapping[str, Any] = self._post("/leads/search", body | ({"cursor": cursor} if cursor else {}))
            return found

        return self._pages(Lead, "leads", page)

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> Receipt:
        """Send up to 500 events, each with an ``id`` of your own."""
        return read(Receipt, self._post("/events", {"events": [dict(event) for event in events]}, changes=True))

    def send_conversions(self, told: Sequence[Conversion]) -> Receipt:
        """Send up to 500 outcomes."""
        return read(Receipt, self._post("/conversions", {"conversions": [_told(item) for item in told]}, changes=True))

    def conversions(self) -> Iterator[Conversion]:
        """Yield the outcomes that were sent, the oldest first."""
        return self._pages(
            Conversion, "conversions", lambda cursor: self._get("/conversions", limit=200, cursor=cursor)
        )

    def take_back(self, conversion_id: str) -> None:
        """Take back an outcome that was sent."""
        self._transport.send("DELETE", f"/conversions/{_part(conversion_id)}")

    def erase(self, *, lead: Reference | None = None, email: str | None = None) -> str:
        """Forget a person everywhere, for good, by a lead or an address; return the erasure's id."""
        whom = {"lead": lead} if email is None else {"email": email}
        return str(self._post("/people/erasures", whom, changes=True)["id"])

    def erasures(self) -> tuple[Erasure, ...]:
        """Return the newest erasures: how far each is. They name nobody."""
        return tuple(read(Erasure, item) for item in self._get("/people/erasures")["erasures"])

    def held(self, lead: Reference) -> Held:
        """Return everything that is held of a person."""
        told: Mapping[str, Any] = self._get(f"/people/{_part(lead)}/held")
        rows = {heading: tuple(found) for heading, found in told.items() if isinstance(found, list)}
        return Held(datetime.fromisoformat(told["Held on"]), told["May be profiled"], rows, told)

    def profile(self, lead: Reference, *, allowed: bool, clear: bool = True) -> None:
        """Let a person be scored, or no more; without it ``clear`` takes our values out of the CRMs as well."""
        told = {"allowed": allowed, "clear": clear}
        self._transport.send("PUT", f"/people/{_part(lead)}/profiling", body=told)

    def models(self) -> tuple[Model, ...]:
        """Return all model versions, newest first."""
        return tuple(read(Model, item) for item in self._get("/models")["models"])

    def model(self, version: str = "current") -> Model:
        """Return a version with its figures."""
        return read(Model, self._get(f"/models/{_part(version)}"))

    def card(self, version: str = "current", form: Literal["markdown", "html"] = "markdown") -> str:
        """Return the card of a version."""
        return self._transport.send("GET", f"/models/{_part(version)}/card", query={"form": form}).text

    def channels(self) -> Channels:
        """Return what each channel's leads became, brought and cost, as it was counted last."""
        return read(Channels, self._get("/channels"))

    def export(self, path: Path, form: Literal["csv", "parquet"] = "csv", tier: str | None = None) -> None:
        """Write all current scores to a file, as they arrive."""
        address = f"/exports/scores.{form}"
        with (
            self._transport.send("GET", address, query={"tier": tier}, stream=True, seconds=_EXPORT_SECONDS) as answer,
            path.open("wb") as file,
        ):
            for piece in answer.iter_content(_PIECE):
                file.write(piece)

    def _get(self, path: str, **query: Any) -> Any:
        return self._transport.send("GET", path, query=query).json()

    def _post(self, path: str, body: Any, *, changes: bool = False) -> Any:
        return self._transport.send("POST", path, body=body, changes=changes).json()

    def _pages(self, kind: type[T], name: str, page: Callable[[str | None], Mapping[str, Any]]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            found = page(cursor)
            for item in found[name]:
                yield read(kind, item)
            cursor = found["next_cursor"]
            if cursor is None:
                return


def _part(value: object) -> str:
    """A part of an address, whatever it holds."""
    return quote(str(value), safe=":")


def _told(item: Conversion) -> dict[str, Any]:
    told = asdict(item) | {"at": item.at.isoformat(), "amount": None if item.amount is None else str(item.amount)}
    return {name: value for name, value in told.items() if value is not None}
