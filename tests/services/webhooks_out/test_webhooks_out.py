"""Changed tiers are told to a tenant's own systems: with the scores or not at all, signed, until they are taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import polars as pl
import pytest
import sqlalchemy as sa

from connector.adapters.receivers import Message, Receivers, Reply
from connector.crypto import TokenCipher, new_key
from connector.errors import RejectedInput
from connector.records import Page, Removal
from connector.services import identity, rotation, scored, sweeping
from connector.services.privacy import erasing, retention
from connector.services.privacy.held import held_of
from connector.services.privacy.objecting import object_to_profiling
from connector.services.scored import Scoring
from connector.services.webhooks_out import changes, delivering, endpoints
from connector.store import inputs, records, tenants
from connector.store.session import Store
from connector.store.tables import ledger_payloads, outbox, scores, webhook_endpoints, webhook_events
from tests.services.privacy.people import ANA, BEN, MAIL, Crash, People, people
from tests.services.webhooks_out.receiver import Receiver, listening

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Line:
    """Two people, an address, and the receiver behind it."""

    made: People
    receiver: Receiver
    endpoint_id: UUID
    secret: str

    def score(self, person: str, tier: str, sentence: str = "Clicked a mail") -> None:
        """Keep a score of a person as of now."""
        services, now = self.made.services, self.made.world.clock.now()
        lead_id = self.made.lead_of(person)
        row = {
            "lead_id": lead_id,
            "score_tenths": 735,
            "probability": 0.25,
            "tier": tier,
            "base_value": 0.0,
            "reasons": [{"sentence": sentence}],
            "contributions": [],
            "inputs_hash": "0",
            "fit": 1,
            "engagement": 1,
            **dict.fromkeys(("low", "high", "little_known", "expected", "currency")),
        }
        with services.store.transaction(self.made.tenant_id) as session:
            scoring = Scoring(self.made.tenant_id, uuid4(), "model_1", now, "test")
            frame = inputs.pack(pl.DataFrame({"lead_id": [lead_id]}))
            scored.keep(session, scoring, [row], frame, now)

    def send(self, later: timedelta = timedelta()) -> int:
        """Let time pass, sweep and send what is due; return how many messages were taken."""
        self.made.world.clock.at += later
        services = self.made.services
        return sum(delivering.carry_out(services, found) for found in sweeping.sweep(services).endpoints)

    def waiting(self) -> int:
        """How many messages are kept."""
        with self.made.services.store.reading() as session:
            return session.execute(sa.select(sa.func.count()).select_from(webhook_events)).scalar_one()

    def endpoint(self) -> sa.Row[tuple[object, ...]]:
        """The address's row."""
        with self.made.services.store.reading() as session:
            return session.execute(sa.select(webhook_endpoints)).one()

    def switch(self, receivers: Receivers) -> None:
        """Send by another way."""
        self.made.world.services = replace(self.made.world.services, receivers=receivers)


def line_of(store: Store, receiver: Receiver) -> Line:
    """Make the two people's tenant with an address."""
    made = people(store)
    made.world.services = replace(made.world.services, receivers=Receivers([receiver.origin]))
    new = endpoints.add(made.services, made.tenant_id, f"{receiver.origin}/hook?key=of-theirs")
    return Line(made, receiver, new.endpoint.id, new.secret)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as made:
        yield made


@pytest.fixture
def line(store: Store, receiver: Receiver) -> Line:
    return line_of(store, receiver)


@pytest.fixture
def light(light_store: Store, receiver: Receiver) -> Line:
    """On SQLite alone: what is asked does not hang on the database."""
    return line_of(light_store, receiver)


def test_a_changed_tier_is_told_signed_and_without_names(line: Line) -> None:
    """A first score and a change are; the same tier again is not. What was taken is kept no longer."""
    line.score(ANA, "Low")
    assert line.send() == 1
    line.score(ANA, "High-Intent", "Größe passt")
    line.score(ANA, "High-Intent")
    assert line.send(HOUR) == 1
    first, second = line.receiver.got
    assert first.is_signed_with(line.secret)
    assert second.is_signed_with(line.secret)
    assert not second.is_signed_with("whsec_" + "A" * 43 + "=")
    assert first.id != second.id
    assert first.told["data"]["former_tier"] is None
    assert second.told["type"] == "score.tier_changed"
    assert second.told["data"] == {
        "lead_id": line.made.lead_of(ANA),
        "records": [f"fakecrm:101:{ANA}"],
        "former_tier": "Low",
        "tier": "High-Intent",
        "score": 73.5,
        "probability": 0.25,
        "reasons": ["Größe passt"],
        "model": "model_1",
        "as_of": second.told["timestamp"],
    }
    assert MAIL[ANA].encode() not in second.body
    assert second.headers["webhook-timestamp"] == str(int(line.made.world.clock.now().timestamp()))
    assert line.waiting() == 0
    assert line.endpoint().due_at is None


def test_scores_that_are_not_kept_are_not_told(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies before the commit leaves neither."""

    def dies(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(scored, "_queue", dies)
        with pytest.raises(Crash):
            line.score(ANA, "Low")
    assert line.waiting() == 0
    with line.made.services.store.reading() as session:
        assert session.execute(sa.select(scores)).all() == []


def test_a_worker_that_dies_after_the_answer_sends_again_under_the_same_id(line: Line) -> None:
    """Nobody else sends while its lease lasts; afterwards the next one does."""
    good = line.made.services.receivers

    class Dies(Receivers):
        def send(self, url: str, message: Message, secrets: Sequence[str]) -> Reply:
            good.send(url, message, secrets)
            raise Crash

    line.score(ANA, "Low")
    line.switch(Dies())
    with pytest.raises(Crash):
        line.send()
    line.switch(good)
    assert line.send(delivering.LEASE / 2) == 0
    assert line.send(delivering.LEASE) == 1
    first, second = line.receiver.got
    assert first.id == second.id
    assert first.body == second.body
    assert second.is_signed_with(line.secret)


def test_who_lost_the_lease_records_nothing(line: Line) -> None:
    """A worker that was held up finds another one at work: its failure is not the other one's."""
    services, good = line.made.services, line.made.services.receivers

    class Slow(Receivers):
        def send(self, url: str, message: Message, secrets: Sequence[str]) -> Reply:
            line.made.world.clock.at += 2 * delivering.LEASE
            assert delivering.carry_out(replace(services, receivers=good), line.endpoint_id) == 1
            return Reply(500)

    line.score(ANA, "Low")
    line.switch(Slow())
    assert line.send() == 0
    assert line.waiting() == 0
    assert (line.endpoint().trouble, line.endpoint().failures) == (None, 0)


def test_a_pause_holds_at_once(light: Line) -> None:
    """For what a worker has not sent yet, too."""
    good = light.made.services.receivers

    class Pausing(Receivers):
        def send(self, url: str, message: Message, secrets: Sequence[str]) -> Reply:
            endpoints.pause(light.made.services, light.made.tenant_id, light.endpoint_id)
            return good.send(url, message, secrets)

    light.score(ANA, "Low")
    light.score(BEN, "Low")
    light.switch(Pausing())
    assert light.send() == 1
    light.switch(good)
    assert light.send(DAY) == 0
    assert light.waiting() == 1
    assert endpoints.resume(light.made.services, light.made.tenant_id, light.endpoint_id)
    assert light.send() == 1


def test_pauses_grow_and_after_three_days_it_is_given_up_paused_and_replayed(line: Line) -> None:
    """The sentence says why; resumed, what waits goes out; what was given up, when asked for."""
    line.receiver.always = 503
    line.score(ANA, "Low")
    begun, tries = line.made.world.clock.at, []
    while line.endpoint().paused_at is None:
        before = len(line.receiver.got)
        assert line.send() == 0
        assert len(line.receiver.got) == before + 1
        tries.append(line.made.world.clock.at)
        assert line.send(timedelta(seconds=29)) == 0
        assert len(line.receiver.got) == before + 1
        due_at = line.endpoint().due_at
        assert due_at is not None
        line.made.world.clock.at = due_at
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[: len(delivering.PAUSES)] == list(delivering.PAUSES)
    assert changes.PATIENCE - 6 * HOUR <= tries[-1] - begun <= changes.PATIENCE + 6 * HOUR
    told = line.endpoint().trouble
    assert told.startswith("Paused, because nothing was taken for 3 days. The receiver answered 503.")
    line.score(BEN, "Low")
    assert line.send(DAY) == 0
    line.receiver.always = 204
    count = len(line.receiver.got)
    assert endpoints.resume(line.made.services, line.made.tenant_id, line.endpoint_id)
    assert line.send() == 1
    assert line.receiver.got[count].told["data"]["lead_id"] == line.made.lead_of(BEN)
    assert endpoints.replay(line.made.services, line.made.tenant_id, line.endpoint_id) == 1
    assert line.send() == 1
    assert line.receiver.got[-1].id == line.receiver.got[0].id
    assert line.endpoint().trouble is None


@pytest.mark.parametrize(("status", "tries"), [(400, 2), (422, 2), (404, 1), (500, 1), (302, 1), (429, 1)])
def test_a_refused_message_does_not_hold_up_the_others(light: Line, status: int, tries: int) -> None:
    """Where the receiver itself is in trouble, it is left alone for a while."""
    light.receiver.always = status
    light.receiver.headers["Location"] = f"{light.receiver.origin}/elsewhere"
    light.score(ANA, "Low")
    light.score(BEN, "Low")
    assert light.send() == 0
    assert len(light.receiver.got) == tries
    assert f"answered {status}" in light.endpoint().trouble
    light.receiver.always = 204
    assert light.send(HOUR) == 2


def test_what_the_receiver_asks_for_is_kept_to(light: Line) -> None:
    """``Retry-After`` in seconds."""
    light.receiver.statuses, light.receiver.headers = [429], {"Retry-After": "7200"}
    light.score(ANA, "Low")
    assert light.send() == 0
    assert light.send(HOUR) == 0
    assert len(light.receiver.got) == 1
    assert light.send(HOUR) == 1


def test_a_receiver_that_wants_no_more_is_paused_at_once(light: Line) -> None:
    """410, as the scheme has it."""
    light.receiver.statuses = [410]
    light.score(ANA, "Low")
    assert light.send() == 0
    assert light.endpoint().paused_at
    assert "410" in light.endpoint().trouble


def test_a_receiver_that_is_not_there_is_no_error(light: Line) -> None:
    """Nor one that came to lie in a private network."""
    light.score(ANA, "Low")
    light.switch(Receivers(["http://127.0.0.1:1"]))
    assert light.send() == 0
    assert light.endpoint().trouble.endswith("is not https. What is sent there could be read on its way.")
    with light.made.services.store.transaction() as session:
        session.execute(sa.update(webhook_endpoints).values(url="http://127.0.0.1:1/x"))
    assert light.send(HOUR) == 0
    assert light.endpoint().trouble == "The receiver gave no answer."
    with light.made.services.store.transaction() as session:
        session.execute(sa.update(webhook_endpoints).values(url="https://127.0.0.1/x"))
    assert light.send(HOUR) == 0
    assert "private network" in light.endpoint().trouble


def test_what_may_be_an_address(light: Line) -> None:
    """Over https, on public hosts, and not too many."""
    services, tenant_id = light.made.services, light.made.tenant_id
    for url in (
        "",
        "ftp://x.example.com",
        "http://hooks.example.com/x",
        "https://u:p@x.example.com/",
        "https://[::1]/",
    ):
        with pytest.raises(RejectedInput):
            endpoints.add(services, tenant_id, url)
    for _ in range(endpoints.MOST_ENDPOINTS - 1):
        endpoints.add(services, tenant_id, light.receiver.origin)
    with pytest.raises(RejectedInput, match="already"):
        endpoints.add(services, tenant_id, light.receiver.origin)


def test_pause_new_secret_test_and_removal(light: Line) -> None:
    """All of it on the record, without the path of the address or a secret."""
    services, tenant_id = light.made.services, light.made.tenant_id
    assert endpoints.pause(services, tenant_id, light.endpoint_id)
    assert endpoints.send_test(services, tenant_id, light.endpoint_id)
    assert light.send(DAY) == 0
    assert endpoints.resume(services, tenant_id, light.endpoint_id)
    renewed = endpoints.renew_secret(services, tenant_id, light.endpoint_id)
    assert renewed
    assert light.send() == 1
    (got,) = light.receiver.got
    assert got.told["type"] == "webhook.test"
    assert got.told["data"] == {}
    assert got.is_signed_with(renewed.secret)
    light.score(ANA, "Low")
    assert endpoints.remove(services, tenant_id, light.endpoint_id)
    assert light.waiting() == 0
    with services.store.reading() as session:
        bodies = list(session.execute(sa.select(ledger_payloads.c.body)).scalars())
    acts = [json.loads(body)["action"] for body in bodies if "webhook" in body]
    words = ("add webhook", "pause webhook", "test webhook", "resume webhook", "renew webhook secret", "remove webhook")
    assert sorted(acts) == sorted(words)
    assert "of-theirs" not in "".join(bodies)


def test_a_former_secret_signs_as_well_for_a_day(light: Line) -> None:
    """Then no more, and it is forgotten; a second new one ends the first, and an admin ends one that others know."""
    services, tenant_id = light.made.services, light.made.tenant_id

    def signed(*wanted: str) -> list[bool]:
        endpoints.send_test(services, tenant_id, light.endpoint_id)
        assert light.send() == 1
        return [light.receiver.got[-1].is_signed_with(secret) for secret in wanted]

    second = endpoints.renew_secret(services, tenant_id, light.endpoint_id)
    assert second
    light.made.world.clock.at += endpoints.GRACE - timedelta(seconds=1)
    assert signed(light.secret, second.secret) == [True, True]
    third = endpoints.renew_secret(services, tenant_id, light.endpoint_id)
    assert third
    assert signed(light.secret, second.secret, third.secret) == [False, True, True]
    light.made.world.clock.at += endpoints.GRACE
    assert signed(second.secret, third.secret) == [False, True]
    assert light.endpoint().former_secret
    assert retention.purge(services, tenant_id)["former secrets"] == 1
    assert light.endpoint().former_secret is None
    fourth = endpoints.renew_secret(services, tenant_id, light.endpoint_id)
    assert fourth
    assert endpoints.end_former_secret(services, tenant_id, light.endpoint_id)
    assert signed(third.secret, fourth.secret) == [False, True]
    assert light.endpoint().former_secret is None


def test_secrets_are_sealed_and_bound_to_their_tenant(light: Line) -> None:
    """A row that says it is another's sends nothing."""
    services = light.made.services
    assert light.secret[6:] not in str(light.endpoint())
    light.score(ANA, "Low")
    with services.store.transaction() as session:
        other = tenants.create(session, "Other", tenants.TenantSettings(), light.made.world.clock.now())
        session.execute(sa.update(webhook_endpoints).values(tenant_id=other))
    assert light.send() == 0
    assert light.receiver.got == []
    assert endpoints.pause(services, light.made.tenant_id, light.endpoint_id) is False
    with services.store.transaction() as session:
        session.execute(sa.update(webhook_events).values(tenant_id=other))
        session.execute(sa.update(webhook_endpoints).values(due_at=light.made.world.clock.now()))
    assert light.send() == 0
    assert light.receiver.got == []
    assert light.endpoint().trouble.startswith("Paused. The secret can't be opened.")


def test_a_secret_outlasts_a_rotation_of_keys(light: Line) -> None:
    """Sealed anew with the newest key, it signs as before."""
    old, new = new_key(), new_key()
    services = replace(light.made.services, cipher=TokenCipher([old]))
    made = endpoints.add(services, light.made.tenant_id, light.receiver.origin)
    renewed = endpoints.renew_secret(services, light.made.tenant_id, made.endpoint.id)
    assert renewed
    endpoints.remove(services, light.made.tenant_id, light.endpoint_id)
    rotation.rotate(replace(services, cipher=TokenCipher([new, old])))
    endpoints.send_test(services, light.made.tenant_id, made.endpoint.id)
    light.made.world.services = replace(services, cipher=TokenCipher([new]))
    assert light.send() == 1
    assert all(light.receiver.got[0].is_signed_with(secret) for secret in (made.secret, renewed.secret))


def test_who_is_erased_or_objects_is_not_told_of(line: Line) -> None:
    """What waits about them goes with them; who asks before is told what it is."""
    services, tenant_id = line.made.services, line.made.tenant_id
    line.score(ANA, "Low")
    line.score(BEN, "Low")
    assert line.waiting() == 2
    told = held_of(services, tenant_id, line.made.lead_of(ANA), "test")
    assert told
    (message,) = told["Messages to the organisation's systems"]
    assert message["data"]["reasons"] == ["Clicked a mail"]
    assert object_to_profiling(services, tenant_id, line.made.lead_of(BEN), "test", clear=False)
    assert line.waiting() == 1
    assert erasing.ask_for_lead(services, tenant_id, line.made.lead_of(ANA), "test")
    for found in erasing.due(services):
        erasing.carry_out(services, found)
    assert line.waiting() == 0
    assert line.send() == 0


@pytest.mark.parametrize("way", ["whole", "lane"])
def test_a_word_against_profiling_that_comes_with_another_record_withdraws_what_waits(line: Line, way: str) -> None:
    """A CRM merges the record of one who objected into that of a lead with a score: neither it nor a message stays."""
    made, services, tenant_id = line.made, line.made.services, line.made.tenant_id
    line.score(BEN, "Low")
    object_to_profiling(services, tenant_id, made.lead_of(ANA), "test", clear=False)
    assert line.waiting() == 1
    made.read(Page(cursor={}, drained=True, removals=(Removal(ANA, made.world.clock.now(), merged_into=BEN),)))
    with services.store.transaction(tenant_id) as session:
        if way == "whole":
            identity.conclude(services, session, tenant_id)
        else:
            (ben,) = records.ids_by_vendor_id(session, made.account.id, [BEN]).values()
            identity.identify_records(session, tenant_id, [ben], made.world.clock.now())
        left = [session.execute(sa.select(table)).all() for table in (scores, webhook_events, outbox)]
    assert left == [[], [], []]


def test_what_nobody_takes_goes_after_thirty_days(light: Line) -> None:
    """Paused or given up."""
    endpoints.pause(light.made.services, light.made.tenant_id, light.endpoint_id)
    light.score(ANA, "Low")
    light.made.world.clock.at += changes.KEPT
    assert retention.purge(light.made.services, light.made.tenant_id)["messages"] == 0
    light.made.world.clock.at += timedelta(seconds=1)
    assert retention.purge(light.made.services, light.made.tenant_id)["messages"] == 1
    assert light.waiting() == 0
