"""Webhooks, for every vendor that has them; refusal by name for those that have not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.adapters.contract import Delivery
from connector.errors import NotSupported, RejectedInput
from tests.contract.world import VendorWorld


def verify(world: VendorWorld, request: Delivery) -> None:
    """Let our app check a delivery."""
    world.app().verify_webhook(request, world.clock.now())


def test_a_genuine_delivery_is_taken_and_names_the_person(filled: VendorWorld) -> None:
    """Account and person of the hint are those of the change."""
    if not filled.app().capabilities.webhooks:
        with pytest.raises(NotSupported, match="webhook"):
            filled.app().parse_webhook(Delivery("POST", "", {}, b"[]"))
        return
    grant = filled.install()
    person = sorted(filled.person_ids())[0]
    request = filled.delivery(person)
    verify(filled, request)
    hints = filled.app().parse_webhook(request)
    assert {hint.account_id for hint in hints} == {grant.account.account_id}
    # A vendor may name the person otherwise than by the record's id: what counts is who is read then.
    page = filled.connect(grant).read_records([hint.record_id for hint in hints if hint.record_id])
    assert [record.record_id for record in page.records] == [person]
    assert all(hint.dedupe_key for hint in hints)


def test_a_forged_delivery_is_refused(filled: VendorWorld) -> None:
    """Another body, no signature, another secret, an old delivery."""
    if not filled.app().capabilities.webhooks:
        return
    genuine = filled.delivery(sorted(filled.person_ids())[0])
    for forged in (replace(genuine, body=genuine.body + b" "), replace(genuine, headers={})):
        with pytest.raises(RejectedInput):
            verify(filled, forged)
    with pytest.raises(RejectedInput):
        filled.app(client_secret="other").verify_webhook(replace(genuine, secrets=("other",)), filled.clock.now())
    filled.clock.sleep(3600)
    with pytest.raises(RejectedInput):
        verify(filled, genuine)
