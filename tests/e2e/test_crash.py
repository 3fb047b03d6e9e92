"""Kill -9 of the worker in every stage of a run: the CRM ends with the same scores as undisturbed.

A programme of ``make soak``. In the suite test_chaos kills the workers of one run, and the simulator those of many.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.services import pipeline
from tests.e2e.line import held_by_crm, options, running, until_done, until_stage


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What the CRM holds after a run that nothing disturbed."""
    with running(tmp_path_factory.mktemp("calm"), options()) as (stack, services):
        until_done(stack, services)
        assert stack.sandboxes["hubspot"].requests_seen().rate_limited == 0
        return held_by_crm(services)


BEGUN = tuple((stage, False) for stage in pipeline.PLANS[pipeline.FIRST])
MIDWAY = (("sync", True), ("score", True), ("deliver", True))


@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moments", [BEGUN, MIDWAY], ids=["as each stage begins", "midway"])
def test_a_worker_killed_in_every_stage_changes_nothing(
    moments: tuple[tuple[str, bool], ...], undisturbed: tuple[int, str], tmp_path: Path
) -> None:
    """The next worker goes on; nothing is lost, nothing written twice, the values are the same."""
    with running(tmp_path, options()) as (stack, services):
        for stage, midway in moments:
            until_stage(services, stage, midway=midway)
            stack.children["worker"].kill()
            stack.start_worker()
        until_done(stack, services)
        assert held_by_crm(services) == undisturbed
        assert stack.sandboxes["hubspot"].requests_seen().records_written == undisturbed[0]
