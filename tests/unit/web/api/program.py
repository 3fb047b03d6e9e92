"""A tenant's program that uses the API with a key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.services.api import keys
from connector.services.api.keys import Scope
from tests.unit.web.site import PUBLIC_URL, Site

ROOT = "/api/v1"


@dataclass
class Program:
    """Sends what it is told to, as JSON, with its key."""

    client: FlaskClient
    secret: str

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.raw(path, json.dumps(body).encode(), named)

    def delete(self, path: str) -> TestResponse:
        return self.send("DELETE", path)

    def raw(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> TestResponse:
        """Post these very bytes."""
        return self.send("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> TestResponse:
        given = {"Authorization": f"Bearer {self.secret}", **(headers or {})}
        return self.client.open(
            ROOT + path, method=method, data=body, headers=given, query_string=query, base_url=PUBLIC_URL
        )


def program(site: Site, account: str = "101", scopes: Collection[str] = tuple(Scope)) -> Program:
    """A program of the tenant that owns an account."""
    made = keys.add(site.world.services, site.tenant_of(account), "Tests", scopes)
    return Program(site.app.test_client(), made.secret)


def told(answer: TestResponse, status: int = 200) -> Any:
    """What was answered, which must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json


def problem(answer: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """The problem that was answered."""
    found: dict[str, Any] = told(answer, status)
    assert answer.content_type == "application/problem+json"
    assert found["type"] == f"{PUBLIC_URL}{ROOT}/docs#{slug}"
    assert found["status"] == status
    assert found["request_id"] == answer.headers["X-Request-Id"]
    return found
