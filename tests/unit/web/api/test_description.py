"""The description of the API is made from the routes, and what people read of it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connector.services.api.keys import MEANINGS, Scope
from connector.web.api.gate import ApiBlueprint
from connector.web.api.problems import KINDS
from tests.unit.web.api.program import program
from tests.unit.web.site import PUBLIC_URL, Site

PAGE = Path(__file__).resolve().parents[4] / "docs" / "api.md"


@pytest.fixture(scope="module")
def described(scored: Site) -> dict[str, Any]:
    """The description as a program gets it, without a key."""
    answer = scored.app.test_client().get("/api/v1/openapi.json", base_url=PUBLIC_URL)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json or {}
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of all that is described."""
    return [
        (method, path, item[method])
        for path, item in described["paths"].items()
        for method in ("get", "post", "put", "patch", "delete")
        if method in item
    ]


def test_every_route_is_described_with_its_scope_and_its_problems(scored: Site, described: dict[str, Any]) -> None:
    """Nothing is left out, and every reference leads somewhere."""
    assert described["openapi"] == "3.1.0"
    nouns = {name for name, found in scored.app.blueprints.items() if isinstance(found, ApiBlueprint)}
    rules = [rule for rule in scored.app.url_map.iter_rules() if rule.endpoint.split(".")[0] in nouns]
    told = {(method.upper(), re.sub(r"{\w+}", "{}", path)) for method, path, _ in operations(described)}
    assert told == {
        (method, re.sub(r"<[^>]+>", "{}", rule.rule))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    for _, _, operation in operations(described):
        assert operation["x-scope"] in set(Scope)
        assert operation["security"] == [{"key": []}]
        assert operation["summary"]
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}
    assert list(described["components"]["responses"]["DEFAULT_ERROR"]["content"]) == ["application/problem+json"]
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described)):
        place: Any = described
        for part in reference.split("/"):
            place = place[part]


def test_every_route_tells_of_the_budget_in_its_headers(described: dict[str, Any]) -> None:
    """What is left stands in every answer, and when to ask again in that which refuses."""
    for method, path, operation in operations(described):
        answered = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert answered, (method, path)
        for answer in answered:
            assert set(answer["headers"]) >= {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
        refused = operation["responses"]["429"]["$ref"].rpartition("/")[2]
        assert list(described["components"]["responses"][refused]["headers"]) == ["Retry-After"]


def test_idempotency_key_is_described_exactly_where_it_is_honoured(live: Site, described: dict[str, Any]) -> None:
    """A route honours it if it refuses a name that is none, before it looks at anything else."""
    told, honoured = set(), set()
    for method, path, operation in operations(described):
        names = [given["name"] for given in operation.get("parameters", []) if given["in"] == "header"]
        replayed = "Idempotent-Replayed" in json.dumps(operation)
        assert (names == ["Idempotency-Key"]) == replayed == ("409" in operation["responses"]), (method, path)
        told |= {(method, path)} if names else set()
        # With a key for each: exports take a large part of a budget.
        asked = program(live).send(
            method.upper(),
            re.sub(r"{\w+}", str(UUID(int=1)), path.removeprefix("/api/v1")),
            b"{}",
            {"Idempotency-Key": "a b", "Content-Type": "application/json"},
        )
        honoured |= {(method, path)} if asked.status_code == 400 and "Idempotency-Key" in asked.text else set()
    assert told == honoured
    assert len(told) == 5


def test_the_page_shows_all_of_it_without_a_script(scored: Site, described: dict[str, Any]) -> None:
    """Each address, scope and problem has its place, to which problems point."""
    page = scored.app.test_client().get("/api/v1/docs", base_url=PUBLIC_URL).text
    # The one of all pages, which makes what is wide a stop of the keyboard.
    assert re.findall("<script[^>]*>", page) == ['<script src="/static/scroll.js" defer>']
    assert "https://cdn" not in page
    for method, path, operation in operations(described):
        assert f"{method.upper()} {path}" in page
        assert operation["summary"].replace("'", "&#39;").replace('"', "&#34;") in page
    for slug in KINDS:
        assert f'id="{slug}"' in page
    for scope in Scope:
        assert f"<code>{scope}</code>" in page


def test_the_documentation_names_scopes_and_prices_as_they_are(described: dict[str, Any]) -> None:
    """docs/api.md is written by hand."""
    text = PAGE.read_text("utf-8")
    assert re.findall(r"^\| `([a-z]+:[a-z]+)` \|", text, re.MULTILINE) == list(MEANINGS)
    rows = re.findall(r"^\| `([A-Z]+) (/[^`]+)` \|.*\| (\d+) \|$", text, re.MULTILINE)
    written = {(method, re.sub(r"{\w+}", "{}", path)): int(cost) for method, path, cost in rows}
    assert written == {
        (method.upper(), re.sub(r"{\w+}", "{}", path.removeprefix("/api/v1"))): operation["x-cost"]
        for method, path, operation in operations(described)
    }
