"""Writing scores, for every vendor."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

import pytest

from connector.errors import LostLease, RetryLater
from connector.records import Scale, ScoreValues, ScoreWrite, Tier, WriteOutcome
from connector.services import fencing
from tests.contract.facts import facts_of, read_all, read_on
from tests.contract.world import Trouble, VendorWorld
from tests.died import Died


def writes_for(world: VendorWorld, ids: list[str]) -> list[ScoreWrite]:
    """Return a different score for each id."""
    return [
        ScoreWrite(
            record_id,
            ScoreValues(
                score=Decimal(number % 1000) / 10,
                probability=Decimal(number % 997) / 1000,
                tier=list(Tier)[number % 3],
                reasons=("Opened 3 e-mails in a week.", "Works in a company of 50 to 200 people."),
                model="model_v20260302",
                updated_at=world.clock.now(),
            ),
        )
        for number, record_id in enumerate(ids)
    ]


def test_the_fields_are_made_once(filled: VendorWorld) -> None:
    """Making them again finds them, and they are known as our own."""
    adapter = filled.connect()
    names = adapter.ensure_score_fields()
    assert filled.connect(field_names=names).ensure_score_fields() == names
    own = {item.name for item in filled.connect(field_names=names).fields() if item.own}
    assert own == set(names.values())


def test_somebody_elses_field_of_that_name_is_left_alone(filled: VendorWorld) -> None:
    """Another name is taken, returned and used."""
    occupied = filled.occupy_score_field()
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    assert names["lead_score"] != occupied
    adapter = filled.connect(grant, names)
    (record_id,) = sorted(filled.person_ids())[:1]
    (write,) = writes_for(filled, [record_id])
    assert adapter.write_scores([write])[0].outcome is WriteOutcome.WRITTEN
    assert adapter.read_scores([record_id])[record_id] == adapter.rendered(write.values)
    assert adapter.ensure_score_fields() == names


def test_what_was_written_reads_back_equal(filled: VendorWorld) -> None:
    """The CRM holds what ``rendered`` says, for a full batch."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter = filled.connect(grant, names)
    ids = sorted(filled.person_ids())[: filled.app().capabilities.write_batch]
    writes = writes_for(filled, ids)
    assert {result.outcome for result in adapter.write_scores(writes)} == {WriteOutcome.WRITTEN}
    held = adapter.read_scores(ids)
    assert held == {write.record_id: adapter.rendered(write.values) for write in writes}


def test_a_score_is_held_on_either_scale_to_its_last_digit(filled: VendorWorld) -> None:
    """There and back: what is read back is what was meant, and hundredths of points are not lost on the way."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter, places = filled.connect(grant, names), filled.app().capabilities.score_places
    assert (adapter.unfit_for(Scale.HUNDRED), adapter.unfit_for(Scale.UNIT)) == (None, None)
    ids = sorted(filled.person_ids())[:4]
    scores = [Decimal(text) for text in ("72.3", "0.0", "100.0", "7.6")]
    points = {0: ["72", "0", "100", "8"], 1: ["72.3", "0", "100", "7.6"]}[places]
    shares = {0: ["0.72", "0", "1", "0.08"], 1: ["0.723", "0", "1", "0.076"]}[places]
    for scale, wanted in ((Scale.HUNDRED, points), (Scale.UNIT, shares), (Scale.HUNDRED, points)):
        writes = [
            replace(write, values=replace(write.values, score=score, scale=scale))
            for write, score in zip(writes_for(filled, ids), scores, strict=True)
        ]
        assert {result.outcome for result in adapter.write_scores(writes)} == {WriteOutcome.WRITTEN}
        held = adapter.read_scores(ids)
        assert [held[item]["lead_score"] for item in ids] == wanted
        assert held == {write.record_id: adapter.rendered(write.values) for write in writes}


def dies(*_: object) -> NoReturn:
    """End a worker in the midst of what it does."""
    raise Died


def lost() -> NoReturn:
    """Stands for a claim that may be another worker's by now."""
    raise LostLease("Values were taken too long ago.")


@pytest.mark.parametrize("count", [1, 230])
def test_nothing_leaves_under_a_claim_that_may_be_lost(filled: VendorWorld, count: int) -> None:
    """Singly or all at once: the last thing before a write is a look at its claim. Reading needs none."""
    grant = filled.install()
    adapter = filled.connect(grant, filled.connect(grant).ensure_score_fields())
    ids = sorted(filled.person_ids())[: min(count, filled.app().capabilities.write_batch)]
    before = adapter.read_scores(ids)
    with fencing.fenced(lost):
        with pytest.raises(LostLease):
            adapter.write_scores(writes_for(filled, ids))
        assert adapter.read_scores(ids) == before
    assert {result.outcome for result in adapter.write_scores(writes_for(filled, ids))} == {WriteOutcome.WRITTEN}


def test_one_bad_record_never_fails_the_others(filled: VendorWorld) -> None:
    """A person that is gone is told so; the neighbours are written."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter = filled.connect(grant, names)
    good = sorted(filled.person_ids())[:20]
    filled.delete_person(good[7])
    writes = writes_for(filled, [*good, "999999999"])
    results = adapter.write_scores(writes)
    assert [result.record_id for result in results] == [write.record_id for write in writes]
    outcomes = {result.record_id: result.outcome for result in results}
    assert {key for key, outcome in outcomes.items() if outcome is WriteOutcome.GONE} == {good[7], "999999999"}
    assert list(outcomes.values()).count(WriteOutcome.WRITTEN) == 19


def test_a_write_without_fields_needs_the_admin(filled: VendorWorld) -> None:
    """The vendor's sentence arrives, without the values that were sent."""
    adapter = filled.connect()
    results = adapter.write_scores(writes_for(filled, sorted(filled.person_ids())[:3]))
    assert {result.outcome for result in results} == {WriteOutcome.NEEDS_ADMIN}
    assert all(result.message and "Opened 3 e-mails" not in result.message for result in results)


@pytest.mark.parametrize("trouble", [Trouble.SERVER_ERROR, Trouble.DROPPED, Trouble.TRUNCATED, Trouble.GATEWAY_PAGE])
def test_a_write_that_stays_in_trouble_is_tried_again_later(filled: VendorWorld, trouble: Trouble) -> None:
    """No record of the batch is lost or called written."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter = filled.connect(grant, names)
    writes = writes_for(filled, sorted(filled.person_ids())[:5])
    filled.fail(trouble, 50, path=filled.write_path())
    assert {result.outcome for result in adapter.write_scores(writes)} == {WriteOutcome.RETRY}


def test_a_throttled_write_is_not_counted_as_an_answer(filled: VendorWorld) -> None:
    """As long as the vendor throttles, the whole batch comes back later."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter = filled.connect(grant, names)
    filled.fail(Trouble.THROTTLED, 50, path=filled.write_path())
    with pytest.raises(RetryLater):
        adapter.write_scores(writes_for(filled, sorted(filled.person_ids())[:5]))


def test_our_own_writes_cause_no_new_work(filled: VendorWorld) -> None:
    """The next sync does not bring back the persons that were only scored."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    before = read_all(filled.connect(grant, names))
    filled.wait()
    ids = sorted(filled.person_ids())
    filled.connect(grant, names).write_scores(writes_for(filled, ids[:50]))
    filled.rename_title(ids[:1], "Promoted")
    filled.wait()
    after = facts_of(read_on(filled.connect(grant, names), before))
    if filled.knows_our_writes:
        assert after.records.keys() == {ids[0]}
        return
    # Those that were only scored come back as they were, so that nothing of them is new.
    known = facts_of(before).records
    changed = {key for key, record in after.records.items() if record.properties != known[key].properties}
    assert changed == {ids[0]}
    assert after.records.keys() <= set(ids[:50])
    assert not facts_of(read_on(filled.connect(grant, names), before)).removed


def test_a_record_has_an_address_for_the_seller(filled: VendorWorld) -> None:
    """The page links to the person in the CRM."""
    (record_id,) = sorted(filled.person_ids())[:1]
    # The last part of an id names the person, those before it where the person is kept.
    assert record_id.rpartition(":")[2] in filled.connect().record_url(record_id)


def test_what_was_written_can_be_emptied(filled: VendorWorld) -> None:
    """The others keep theirs, who is gone is told so, and emptying again changes nothing."""
    grant = filled.install()
    names = filled.connect(grant).ensure_score_fields()
    adapter = filled.connect(grant, names)
    ids = sorted(filled.person_ids())[:4]
    adapter.write_scores(writes_for(filled, ids))
    before = adapter.read_scores(ids)
    filled.delete_person(ids[1])
    for _ in range(2):
        results = adapter.clear_scores([*ids[:2], "999999999"])
        assert [result.record_id for result in results] == [*ids[:2], "999999999"]
        assert [result.outcome for result in results] == [WriteOutcome.WRITTEN, WriteOutcome.GONE, WriteOutcome.GONE]
    held = filled.connect(grant, names).read_scores(ids)
    assert not any(held[ids[0]].values())
    assert {key: held[key] for key in ids[2:]} == {key: before[key] for key in ids[2:]}
