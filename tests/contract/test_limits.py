"""Published limits and misbehaving vendors, for every vendor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import ConnectorError, RetryLater
from tests.contract.facts import facts_of, read_all
from tests.contract.world import Trouble, VendorWorld


def test_a_burst_uses_the_budget_and_never_exceeds_it(filled: VendorWorld) -> None:
    """Hundreds of calls as fast as they go: no refusal, and the windows were well used."""
    adapter = filled.connect()
    (first, *_) = adapter.streams()
    with ThreadPoolExecutor(filled.at_once) as pool:
        assert len(list(pool.map(lambda _: adapter.account(), range(300)))) == 300
    for _ in range(5):
        adapter.read_page(first.name, None)
    assert filled.throttled() == 0
    assert 0.95 <= filled.busiest_share() <= 1.0


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_passing_trouble_goes_unnoticed(filled: VendorWorld, trouble: Trouble) -> None:
    """One bad answer, late, cut, dropped or throttled, costs time and nothing else."""
    adapter = filled.connect()
    filled.fail(trouble, 1, path=filled.api_path())
    reading = read_all(adapter)
    assert facts_of(reading).records.keys() == filled.person_ids()


@pytest.mark.parametrize("trouble", [trouble for trouble in Trouble if trouble is not Trouble.SLOW])
def test_a_lasting_trouble_is_classified(filled: VendorWorld, trouble: Trouble) -> None:
    """What does not pass is retried later, whatever its form; nothing crashes and requests stay few."""
    adapter = filled.connect()
    filled.fail(trouble, 1000)
    before = filled.requests()
    with pytest.raises(RetryLater) as refused:
        adapter.read_page(adapter.streams()[0].name, None)
    assert isinstance(refused.value, ConnectorError)
    assert refused.value.after_seconds > 0
    assert filled.requests() - before <= 6


def test_pages_that_were_too_much_are_asked_for_by_half(filled: VendorWorld) -> None:
    """After a failure of the vendor's own the same is read, in more requests; nothing is lost between pages."""
    adapter = filled.connect()
    (first, *_) = adapter.streams()
    for _ in range(3):
        filled.fail(Trouble.SERVER_ERROR, 4)
        with pytest.raises(RetryLater):
            adapter.read_page(first.name, None)
    assert facts_of(read_all(adapter)).records.keys() == filled.person_ids()
