"""How much a key may ask for in a minute: counted for all processes, and without Redis for each by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from connector.app import create_app
from connector.services.api.keys import Scope
from connector.settings import Settings
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site, settings


def spend(caller: Program, units: int) -> None:
    """Use up units, sixty at a time: what an export costs."""
    for _ in range(units // 60):
        assert caller.get("/exports/scores.csv").status_code in (200, 429)


def test_what_is_left_is_told_and_nothing_is_given_beyond(fresh: Site) -> None:
    """Dear routes cost more; another key has a budget of its own; refusals say when to come again."""
    fresh.signed_in()
    caller, other = program(fresh), program(fresh)
    first = caller.get("/models")
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("600", "599")
    assert "Retry-After" not in first.headers
    spend(caller, 540)
    assert caller.get("/models").headers["X-RateLimit-Remaining"] == "58"
    refused = caller.get("/exports/scores.csv")
    problem(refused, 429, "too-many")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    told(other.get("/models"))


def test_what_a_key_may_not_do_costs_as_well(fresh: Site) -> None:
    """Else whoever has a key could knock without end."""
    fresh.signed_in()
    caller = program(fresh, scopes=[Scope.SCORES_READ])
    for left in (599, 598):
        answer = caller.get("/models")
        problem(answer, 403, "scope")
        assert answer.headers["X-RateLimit-Remaining"] == str(left)


@pytest.fixture
def shared(redis_url: str) -> Settings:
    """Settings with a Redis server."""
    return replace(settings(), redis_url=redis_url)


def test_processes_count_together(fresh: Site, shared: Settings) -> None:
    """What one of them gave is gone at the other."""
    fresh.signed_in()
    secret = program(fresh).secret
    callers = [Program(create_app(fresh.world.services, shared).test_client(), secret) for _ in range(2)]
    assert [caller.get("/models").headers["X-RateLimit-Remaining"] for caller in callers * 2] == [
        "599",
        "598",
        "597",
        "596",
    ]


def test_a_redis_server_that_was_started_anew_is_told_the_scripts_again(fresh: Site, shared: Settings) -> None:
    """Nothing is counted twice for it, and what is left is told by the same count."""
    fresh.signed_in()
    caller = Program(create_app(fresh.world.services, shared).test_client(), program(fresh).secret)
    left = []
    with Redis.from_url(str(shared.redis_url)) as redis:
        for _ in range(2):
            left += [caller.get("/models").headers["X-RateLimit-Remaining"] for _ in range(2)]
            redis.script_flush()
    assert left == ["599", "598", "597", "596"]


def test_without_redis_the_api_answers_and_each_process_counts_for_itself(fresh: Site) -> None:
    """Nothing listens at this address."""
    fresh.signed_in()
    away = replace(settings(), redis_url="redis://127.0.0.1:1/0")
    caller = Program(create_app(fresh.world.services, away).test_client(), program(fresh).secret)
    assert [caller.get("/models").headers["X-RateLimit-Remaining"] for _ in range(3)] == ["599", "598", "597"]
    spend(caller, 600)
    problem(caller.get("/exports/scores.csv"), 429, "too-many")
