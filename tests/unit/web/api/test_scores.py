"""Scores: stored ones by whatever name of a lead, their past and reasons, and leads that are scored anew."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
import sqlalchemy as sa

from connector.records import Tier
from connector.services import again
from connector.services.api import keys
from connector.services.feedback import overriding
from connector.services.feedback.overriding import Wish
from connector.services.feedback.reasons import BY_HAND
from connector.store import ledger
from connector.store.tables import ledger_payloads, records, scores
from connector.store.types import AnyRow
from connector.web.api.scores import CurrentShape
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


@pytest.fixture
def best(scored: Site) -> AnyRow:
    """The row of the lead with the highest score, with its record's id in the CRM."""
    query = sa.select(scores, records.c.vendor_id).join(records, records.c.lead_id == scores.c.lead_id)
    with scored.world.services.store.reading() as session:
        return session.execute(query.order_by(scores.c.score.desc(), scores.c.lead_id).limit(1)).one()


def test_a_lead_is_found_by_our_id_and_by_its_records(reader: Program, best: AnyRow) -> None:
    """The order is that of the question; whoever is asked for twice is told once; nobody is guessed."""
    names = [best.lead_id, f"fakecrm:{best.vendor_id}", f"fakecrm:101:{best.vendor_id}"]
    strangers = [999_999, "fakecrm:nobody", f"othercrm:{best.vendor_id}", f"fakecrm:202:{best.vendor_id}", "fakecrm:"]
    found = told(reader.post("/scores/query", {"leads": [*names, *strangers, names[0]]}))
    assert [score["asked"] for score in found["scores"]] == names
    assert {score["lead"] for score in found["scores"]} == {best.lead_id}
    assert CurrentShape().load(found)
    one = found["scores"][0]
    assert (one["score"], one["tier"], one["model"]) == (float(best.score), best.tier, best.model)
    assert one["probability"] == pytest.approx(float(best.probability), abs=1e-9)
    assert one["reasons"] == [reason["sentence"] for reason in best.reasons]
    assert [item["asked"] for item in found["absent"]] == strangers
    assert {item["reason"] for item in found["absent"]} == {"There is no such lead."}


def test_one_lead_is_told_as_many_are(reader: Program, best: AnyRow) -> None:
    """By either name in the address; a lead outside the population has no score."""
    many = told(reader.post("/scores/query", {"leads": [best.lead_id]}))["scores"][0]
    assert told(reader.get(f"/leads/{best.lead_id}/score")) == many
    assert told(reader.get(f"/leads/fakecrm:{best.vendor_id}/score"))["lead"] == best.lead_id
    for nobody in ("999999", "fakecrm:nobody", "9" * 30, "x"):
        problem(reader.get(f"/leads/{nobody}/score"), 404, "not-found")


def test_converted_leads_are_known_and_have_no_score(scored: Site, reader: Program) -> None:
    """The reason says so."""
    without = sa.select(records.c.lead_id).where(records.c.lead_id.not_in(sa.select(scores.c.lead_id))).limit(1)
    with scored.world.services.store.reading() as session:
        lead = session.execute(without).scalar_one()
    found = told(reader.post("/scores/query", {"leads": [lead]}))
    assert found["scores"] == []
    assert "has no score" in found["absent"][0]["reason"]
    assert "has no score" in problem(reader.get(f"/leads/{lead}/score"), 404, "not-found")["detail"]


def test_a_score_adds_up(reader: Program, best: AnyRow) -> None:
    """Base + contributions + other = total, the log-odds of the probability."""
    found = told(reader.get(f"/leads/{best.lead_id}/reasons"))
    parts = sum(part["log_odds"] for part in found["contributions"])
    assert found["base"] + parts + found["other"] == pytest.approx(found["total"], abs=0.01)
    assert found["low"] <= found["probability"] <= found["high"]
    problem(reader.get("/leads/999999/reasons"), 404, "not-found")


def test_the_past_of_a_score_comes_in_pages_the_newest_first(live: Site, writer: Program) -> None:
    """Erased entries stay as places without values; a cursor of another lead's past is no cursor."""
    lead, other = [row["lead"] for row in told(writer.post("/leads/search", {"limit": 2}))["leads"]]
    services, tenant = live.world.services, live.tenant_of("101")
    with services.store.transaction() as session:
        first = ledger.newest(session, tenant, "scored", lead, None)
        assert first
        assert first.body
        body = dict(first.body) | {"score": "12.5", "tier": "Low", "requester": "test"}
        ledger.append(session, tenant, [ledger.Entry("scored", lead, body)] * 2, live.world.clock.now())
    page = told(writer.get(f"/leads/{lead}/history", limit=2))
    assert [(item["score"], item["requester"]) for item in page["history"]] == [(12.5, "test")] * 2
    last = told(writer.get(f"/leads/{lead}/history", limit=2, cursor=page["next_cursor"]))
    assert [item["entry"] for item in last["history"]] == [first.seq]
    assert last["next_cursor"] is None
    problem(writer.get(f"/leads/{other}/history", cursor=page["next_cursor"]), 422, "invalid")
    problem(writer.get(f"/leads/{lead}/history", cursor=page["next_cursor"] + "x"), 422, "invalid")
    with services.store.transaction() as session:
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == first.seq))
    erased = told(writer.get(f"/leads/{lead}/history"))["history"][-1]
    assert (erased["entry"], erased["score"], erased["model"]) == (first.seq, None, None)


def test_what_a_person_set_is_told_beside_what_the_model_says(live: Site, writer: Program) -> None:
    """Wherever a score is told, in files too; without a word both are the same."""
    first, second = (one["lead"] for one in told(writer.post("/leads/search", {}))["leads"][:2])
    before = told(writer.get(f"/leads/{first}/score"))
    wish = Wish(Tier.LOW, Decimal("1.5"), "strategic", "")
    overriding.set_by_hand(live.world.services, live.tenant_of("101"), first, wish)
    word = {"score": 1.5, "tier": "Low", "reason": BY_HAND["strategic"]}
    assert told(writer.get(f"/leads/{first}/score")) == before | {"set_by_hand": word}
    found = {one["lead"]: one["score"]["set_by_hand"] for one in told(writer.post("/leads/search", {}))["leads"]}
    assert (found[first], found[second]) == (word, None)
    rows = csv.DictReader(io.StringIO(writer.get("/exports/scores.csv").text))
    in_file = {int(row["lead_id"]): (row["score"], row["told_score"], row["told_tier"]) for row in rows}
    assert in_file[first] == (str(before["score"]), "1.5", "Low")
    assert in_file[second][0] == in_file[second][1]


def test_what_changed_is_told_once_there_are_two_scores(live: Site, writer: Program) -> None:
    """The first score has nothing to be compared with; a later one is compared concept by concept."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    first = told(writer.get(f"/leads/{lead}/changes"))
    assert (first["comparison"], "first score" in first["reason"]) == (None, True)
    recomputed(live, writer, lead)
    second = told(writer.get(f"/leads/{lead}/changes"))
    assert second["reason"] is None
    assert len(second["comparison"]["scores"]) == 2
    problem(writer.get(f"/leads/{lead}/changes", entry=999_999), 404, "not-found")


def recomputed(live: Site, writer: Program, *leads: int) -> dict[str, object]:
    """Have leads scored anew by the workers, and wait."""
    asked = writer.post("/scores/recomputations", {"leads": leads})
    told(asked, 202)
    live.world.work()
    found: dict[str, object] = told(writer.get(asked.location.removeprefix("/api/v1")))
    return found


def test_leads_are_scored_anew_by_the_workers(live: Site, writer: Program) -> None:
    """Before they have done it the leads are waited for; then their new scores are there, for a day."""
    one, two = [row["lead"] for row in told(writer.post("/leads/search", {"limit": 2}))["leads"]]
    live.world.clock.sleep(3600)
    asked = writer.post("/scores/recomputations", {"leads": [one, two, 999_999]})
    assert told(asked, 202)["leads"] == [one, two]
    assert told(asked, 202)["absent"] == [{"asked": 999_999, "reason": "There is no such lead."}]
    place = asked.location.removeprefix("/api/v1")
    early = told(writer.get(place))
    assert (early["done"], early["waiting"], early["scores"]) == (False, sorted([one, two]), [])
    live.world.work()
    late = told(writer.get(place))
    assert (late["done"], late["waiting"], late["absent"]) == (True, [], [])
    assert {score["lead"] for score in late["scores"]} == {one, two}
    assert all(score["scored_at"] >= late["asked_at"] for score in late["scores"])
    with live.world.services.store.reading() as session:
        entry = ledger.newest(session, live.tenant_of("101"), "scored", one, None)
    assert entry
    assert entry.at == live.world.clock.now()


def test_the_ledger_names_the_key_that_asked_for_a_score(live: Site, writer: Program) -> None:
    """With the recomputation, for the leads that it asked for; what the CRM tells meanwhile is the webhook's."""
    one, two, other = [row["lead"] for row in told(writer.post("/leads/search", {"limit": 3}))["leads"]]
    live.world.clock.sleep(3600)
    asked = told(writer.post("/scores/recomputations", {"leads": [one, two]}), 202)
    services, tenant = live.world.services, live.tenant_of("101")
    with services.store.transaction() as session:
        services.wake_all(again.score_anew(services, session, tenant, [other]))
    live.world.work()
    with services.store.reading() as session:
        newest = {lead: ledger.newest(session, tenant, "scored", lead, None) for lead in (one, two, other)}
        bodies = {lead: entry.body for lead, entry in newest.items() if entry and entry.body}
    named = f"API key {keys.prefix_of(writer.secret)}, recomputation {asked['id']}"
    assert {lead: body["requester"] for lead, body in bodies.items()} == {one: named, two: named, other: "webhook"}
    assert "asked" in bodies[one]["trigger"]["hints"]
    assert live.world.crm.fetched == []


def test_whoever_is_not_among_the_open_leads_is_told_so(live: Site, writer: Program) -> None:
    """A converted lead gets no new score, and nobody waits for it for ever."""
    without = sa.select(records.c.lead_id).where(records.c.lead_id.not_in(sa.select(scores.c.lead_id))).limit(1)
    with live.world.services.store.reading() as session:
        lead = session.execute(without).scalar_one()
    found = recomputed(live, writer, lead)
    assert found["done"] is True
    assert "not scored anew" in str(found["absent"])


def test_before_there_is_a_model_nothing_can_be_computed(fresh: Site) -> None:
    """Said in words."""
    fresh.signed_in()
    caller = program(fresh)
    assert "no model yet" in problem(caller.post("/scores/recomputations", {"leads": [1]}), 409, "conflict")["detail"]
    assert told(caller.get("/models")) == {"models": []}
    problem(caller.get("/models/current"), 404, "not-found")
