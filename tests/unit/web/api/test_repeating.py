"""The same request again changes nothing: Idempotency-Key."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connector.services.api import keys, repeating, uses
from connector.services.api.repeating import HELD, KEPT, Answer, UnderWay
from connector.store.api_answers import Place
from connector.store.tables import api_answers, api_recomputations
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


def asked(site: Site) -> int:
    """How often leads were asked to be scored anew."""
    with site.world.services.store.reading() as session:
        return session.execute(sa.select(sa.func.count()).select_from(api_recomputations)).scalar_one()


def test_a_request_is_done_once_and_answered_as_before(live: Site, writer: Program) -> None:
    """Status, body and where to look are those of the first time; without the header it is done again."""
    body = {"leads": [told(writer.post("/leads/search", {}))["leads"][0]["lead"]]}
    first = writer.post("/scores/recomputations", body, Idempotency_Key="a-1")
    again = writer.post("/scores/recomputations", body, Idempotency_Key="a-1")
    assert (first.status_code, first.data, first.location) == (again.status_code, again.data, again.location)
    assert first.status_code == 202
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert asked(live) == 1
    other = program(live)
    assert told(other.post("/scores/recomputations", body, Idempotency_Key="a-1"), 202) != first.json
    assert asked(live) == 2


def test_the_same_name_for_another_request_is_refused(live: Site, writer: Program) -> None:
    """Another body, and another address with the same body."""
    leads = [row["lead"] for row in told(writer.post("/leads/search", {}))["leads"][:2]]
    told(writer.post("/scores/recomputations", {"leads": leads}, Idempotency_Key="a-1"), 202)
    problem(writer.post("/scores/recomputations", {"leads": leads[:1]}, Idempotency_Key="a-1"), 422, "other-request")
    problem(writer.post("/events", {"leads": leads}, Idempotency_Key="a-1"), 422, "other-request")
    assert asked(live) == 1


def test_a_name_that_is_none_is_refused(writer: Program) -> None:
    """Empty, with a space, and too long."""
    for name in ("", "a b", "x" * 201):
        problem(writer.post("/events", {"events": []}, Idempotency_Key=name), 400, "malformed")


def test_what_was_refused_may_be_corrected_under_the_same_name(live: Site, writer: Program) -> None:
    """Nothing was done, so nothing is kept."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    problem(writer.post("/scores/recomputations", {"leads": []}, Idempotency_Key="a-1"), 422, "invalid")
    told(writer.post("/scores/recomputations", {"leads": [lead]}, Idempotency_Key="a-1"), 202)


def test_a_second_request_while_the_first_is_under_way_is_told_so(live: Site) -> None:
    """One that died with its process is done anew once its time is over, and can then keep no answer."""
    services, tenant = live.world.services, live.tenant_of("101")
    caller = keys.caller_of(services, keys.add(services, tenant, "x", ["events:write"]).secret)
    first = repeating.begin(services, caller, "a-1", "POST /events", b"{}")
    assert isinstance(first, Place)
    with pytest.raises(UnderWay):
        repeating.begin(services, caller, "a-1", "POST /events", b"{}")
    live.world.clock.sleep(HELD.total_seconds() + 1)
    second = repeating.begin(services, caller, "a-1", "POST /events", b"{}")
    assert isinstance(second, Place)
    repeating.keep(services, first, Answer(500, {}, b"late"))
    repeating.keep(services, second, Answer(202, {"Location": "/x"}, b"done"))
    assert repeating.begin(services, caller, "a-1", "POST /events", b"{}") == Answer(202, {"Location": "/x"}, b"done")


def test_the_api_says_conflict_while_the_first_is_under_way(live: Site) -> None:
    """With a word on when to ask again."""
    services, tenant = live.world.services, live.tenant_of("101")
    made = keys.add(services, tenant, "x", ["events:write"])
    caller = keys.caller_of(services, made.secret)
    repeating.begin(services, caller, "a-1", "POST /api/v1/events?", b'{"events": [1]}')
    answer = Program(live.app.test_client(), made.secret).post("/events", {"events": [1]}, Idempotency_Key="a-1")
    problem(answer, 409, "under-way")
    assert answer.headers["Retry-After"] == "1"


def test_an_answer_is_kept_for_a_day(live: Site, writer: Program) -> None:
    """After that the name is free, whether a sweep came by or not."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    told(writer.post("/scores/recomputations", {"leads": [lead]}, Idempotency_Key="a-1"), 202)
    live.world.clock.sleep((KEPT - timedelta(minutes=1)).total_seconds())
    told(writer.post("/scores/recomputations", {"leads": [lead]}, Idempotency_Key="a-1"), 202)
    assert asked(live) == 1
    live.world.clock.sleep(120)
    told(writer.post("/scores/recomputations", {"leads": [lead]}, Idempotency_Key="a-1"), 202)
    assert asked(live) == 2
    live.world.clock.sleep(2 * KEPT.total_seconds())
    uses.sweep(live.world.services)
    with live.world.services.store.reading() as session:
        assert session.execute(sa.select(api_answers.c.name)).all() == []
    assert asked(live) == 0


def test_two_keys_do_not_share_names(live: Site) -> None:
    """A place belongs to one key."""
    services, tenant = live.world.services, live.tenant_of("101")
    callers = [keys.caller_of(services, keys.add(services, tenant, "x", ["events:write"]).secret) for _ in range(2)]
    places = [repeating.begin(services, caller, "same", "POST /e", b"") for caller in callers]
    assert all(isinstance(place, Place) for place in places)
