"""Requests with a key, sent again where that helps and does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

_AGAIN = (409, 429, 503)
LONGEST_WAIT = 60.0
_SECONDS = 30.0


class ApiError(Exception):
    """The API refused. ``kind`` is the last part of the problem's type, such as ``not-found``, to branch on."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', 'no problem was told')}")
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition("#")[2]
        self.detail = str(problem.get("detail", ""))
        self.errors = tuple(problem.get("errors", ()))
        self.request_id = problem.get("request_id")


class Unreachable(Exception):
    """No answer came, however often it was tried."""


@dataclass
class Transport:
    """Sends requests to ``base_url`` with a key. A POST bears an Idempotency-Key, so that it is done once however
    often it is sent."""

    base_url: str
    key: str = field(repr=False)
    tries: int = 4
    sleep: Callable[[float], None] = time.sleep
    session: requests.Session = field(default_factory=requests.Session)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        stream: bool = False,
        changes: bool = False,
        seconds: float = _SECONDS,
    ) -> requests.Response:
        """Return a good answer. Raises ``ApiError``, and ``Unreachable`` where no byte comes for so many seconds."""
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Idempotency-Key": uuid4().hex} if changes else {})
        for tried in range(1, self.tries + 1):
            try:
                answer = self.session.request(
                    method,
                    f"{self.base_url.rstrip('/')}/api/v1{path}",
                    json=body,
                    params={name: value for name, value in (query or {}).items() if value is not None},
                    headers=headers,
                    timeout=seconds,
                    stream=stream,
                    # A key goes where it was meant to go, and nowhere else.
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if tried == self.tries:
                    raise Unreachable(f"{self.base_url} did not answer: {type(error).__name__}.") from None
                self.sleep(0.5 * 2**tried)
                continue
            if answer.ok and not answer.is_redirect:
                return answer
            refused = ApiError(answer.status_code, _problem(answer))
            if not _worth(refused) or tried == self.tries:
                raise refused
            self.sleep(_wait(answer, tried))
        raise Unreachable("Nothing was tried.")


def _worth(refused: ApiError) -> bool:
    return refused.status in _AGAIN and refused.kind != "conflict"


def _wait(answer: requests.Response, tried: int) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), LONGEST_WAIT) if told.isdigit() else 0.5 * 2**tried


def _problem(answer: requests.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
