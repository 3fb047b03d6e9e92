"""What is written waits for the admin's word, to the number that they gave, and every word is on the record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.errors import MissingPermission, RejectedInput
from connector.records import Listener
from connector.services import pipeline, publication
from connector.services.allowance import night_of
from connector.services.publication import Choice, read_choice
from connector.store import publications, runs
from connector.store.publications import Publication
from connector.store.runs import RunStatus, StageProgress
from connector.store.session import Store
from connector.store.tenants import Delivery, Overwritten
from tests.services.delivering import Desk, desk


def stage(at: Desk) -> tuple[RunStatus, StageProgress]:
    """Return how the newest run ended, and its delivery."""
    with at.world.services.store.reading() as session:
        run = runs.latest(session, at.tenant_id)
        assert run
        return run.status, runs.stages(session, run.id)["deliver"]


def state(at: Desk) -> Publication:
    """Return the account's state."""
    with at.world.services.store.reading() as session:
        return publications.get(session, at.connection_id)


def approve(at: Desk, first: int | None = None) -> None:
    """Approve, and let the delivery run."""
    publication.approve(at.world.services, at.tenant_id, at.connection_id, first)
    at.world.work()


@pytest.mark.parametrize(("delivery", "word"), [("dry-run", "dry run"), ("approve", "approval")])
def test_nothing_is_written_before_its_time_and_no_run_waits_for_it(store: Store, delivery: str, word: str) -> None:
    """The stage says why; the fast lane is held too."""
    at = desk(store, delivery=delivery)
    at.queue("10.0", 1, 2)
    at.run()
    status, told = stage(at)
    assert (status, word in str(told.detail)) == (RunStatus.DONE, True)
    assert at.deliver(1, realtime=True) == 0
    assert at.world.crm.writes == []


def test_a_new_installation_waits_for_approval_unless_told_otherwise(store: Store) -> None:
    """The default of a real account."""
    at = desk(store)
    assert Choice(Delivery.APPROVE, None, None, Overwritten.RESTORE) == read_choice(
        {"delivery": "approve", "overwritten": "restore"}
    )
    at.set(delivery="approve")
    at.queue("10.0", 1)
    at.run()
    assert at.world.crm.writes == []
    approve(at)
    assert at.held() == {"1": "10.0"}
    assert any("approve publication" in body for body in at.said())


def test_an_approval_may_be_withdrawn(store: Store) -> None:
    """Newer scores wait again."""
    at = desk(store, delivery="approve")
    at.queue("10.0", 1)
    approve(at)
    publication.withdraw(at.world.services, at.tenant_id, at.connection_id)
    at.world.work()
    at.queue("90.0", 1)
    at.run()
    assert at.held() == {"1": "10.0"}


def test_the_first_records_are_written_and_kept_up_and_the_rest_is_released(store: Store) -> None:
    """Those that have a score get newer ones; nobody else does."""
    at = desk(store, count=5, delivery="approve")
    at.queue("10.0", 1, 2, 3, 4, 5)
    approve(at, 2)
    assert at.held() == {"1": "10.0", "2": "10.0"}
    at.queue("20.0", 1, 5)
    at.run()
    assert at.held() == {"1": "20.0", "2": "10.0"}
    assert "The first 2 records" in str(stage(at)[1].detail)
    publication.release(at.world.services, at.tenant_id, at.connection_id)
    at.world.work()
    assert at.held() == {"1": "20.0", "2": "10.0", "3": "10.0", "4": "10.0", "5": "20.0"}


def test_a_nights_number_is_kept_and_the_rest_waits_for_the_next(store: Store) -> None:
    """Real-time scores are written first and count too; a run does not wait for the night."""
    at = desk(store, count=5, nightly_cap=2)
    at.queue("10.0", 1, 2, 3)
    at.queue("10.0", 5, priority=1)
    at.run()
    status, told = stage(at)
    assert (status, "next night" in str(told.detail)) == (RunStatus.DONE, True)
    assert at.world.crm.writes == ["5", "1"]
    at.world.clock.sleep(23 * 3600)
    at.run()
    assert at.world.crm.writes == ["5", "1"]
    at.world.clock.sleep(3600)
    at.run()
    assert at.world.crm.writes == ["5", "1", "2", "3"]


def test_writes_that_did_not_happen_are_not_counted(store: Store) -> None:
    """An outage does not use up the night."""
    at = desk(store, nightly_cap=3)
    at.queue("10.0", 1, 2, 3)
    from connector.records import WriteOutcome, WriteResult

    at.world.crm.refused = {str(n): WriteResult(str(n), WriteOutcome.NEEDS_ADMIN, "no") for n in (1, 2)}
    at.run()
    assert state(at).night_writes == 1


def test_a_night_is_never_cut_in_two() -> None:
    """It lasts from noon to noon of the account's time; a time zone that nobody knows is taken for UTC."""
    evening = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    assert night_of(evening, "America/New_York") == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert night_of(datetime(2026, 3, 1, 17, tzinfo=UTC), "America/New_York") == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert night_of(evening, "Nowhere/Atall") == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_change_of_a_setting_is_on_the_record(store: Store) -> None:
    """With what was changed; what is allowed by it is written at once."""
    at = desk(store, delivery="dry-run")
    at.queue("10.0", 1)
    at.run()
    choice = Choice(Delivery.ON, None, 50, Overwritten.RESPECT)
    publication.choose(at.world.services, at.tenant_id, choice)
    publication.choose(at.world.services, at.tenant_id, choice)
    at.world.work()
    assert at.held() == {"1": "10.0"}
    told = [body for body in at.said() if "set publication" in body]
    assert len(told) == 1
    assert '"nightly_cap":50' in told[0]


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", "٣"])
def test_a_number_that_is_none_is_refused_with_a_sentence(number: str) -> None:
    """Not taken for "no limit"."""
    with pytest.raises(RejectedInput, match="whole number"):
        read_choice({"delivery": "on", "overwritten": "restore", "nightly_cap": number})


def test_another_tenants_account_can_not_be_approved(store: Store) -> None:
    """By whatever id."""
    at = desk(store)
    with pytest.raises(RejectedInput):
        publication.approve(at.world.services, at.connection_id, at.connection_id, None)


def test_listeners_are_looked_for_before_the_first_scores(store: Store) -> None:
    """Once; where they can't be read the reason is kept."""
    at = desk(store, delivery="approve")
    at.world.crm.listening = [Listener("Nurture", "workflow", True, ("lead_score",))]
    at.queue("10.0", 1)
    at.run()
    at.world.crm.listening = []
    at.run()
    kept = state(at)
    assert kept.listeners is not None
    assert [item["name"] for item in kept.listeners] == ["Nurture"]


@pytest.mark.parametrize("refusal", [None, MissingPermission("Workflows can't be read.", remedy="Allow it.")])
def test_listeners_that_can_not_be_read_stop_nothing(store: Store, refusal: MissingPermission | None) -> None:
    """The page then has a list to go through."""
    at = desk(store, delivery="approve")

    def trouble(operation: str) -> None:
        if operation == "listeners" and refusal:
            raise refusal

    at.world.crm.trouble = trouble
    at.queue("10.0", 1)
    at.run()
    assert (stage(at)[0], state(at).listeners) == (RunStatus.DONE, None)
    assert str(refusal or "not supported") in str(state(at).listeners_refused)


def test_a_publication_is_no_reading(store: Store) -> None:
    """A webhook that comes while one waits starts a refresh, and the clock goes by the last reading."""
    at = desk(store)
    services = at.world.services
    with store.transaction() as session:
        assert pipeline.start(services, session, at.tenant_id, pipeline.PUBLISH)
        assert pipeline.start_unless_waiting(services, session, at.tenant_id)
    with store.reading() as session:
        assert runs.latest(session, at.tenant_id, pipeline.READING)
