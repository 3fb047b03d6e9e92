"""Whose a visit is, against a list kept by hand."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.tracking.visits import ANA, BEN, Visits, another, identify, page

_PEOPLE = ("ana@firm.com", "ben@firm.com", "eva@firm.com")
_ACTS = st.lists(st.tuples(st.sampled_from([ANA, BEN]), st.sampled_from([None, *_PEOPLE])), min_size=1, max_size=10)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=_ACTS, cuts=st.sets(st.integers(1, 11)), data=st.data())
def test_whose_a_visit_is_follows_from_what_was_said(
    made: Visits, acts: list[tuple[str, str | None]], cuts: set[int], data: st.DataObject
) -> None:
    """Whatever the batches, the repetitions, and whenever the records appear: as a list kept by hand says."""
    tenant = another(made.world, "Gamma")
    early = data.draw(st.sets(st.sampled_from(_PEOPLE[:2])))
    for number, mail in enumerate(sorted(early)):
        tenant.read(number, mail)
    said: dict[str, str] = {}
    whose: dict[int, tuple[str, str | None]] = {}
    batch: list[dict[str, object]] = []
    for place, (visitor, mail) in enumerate(acts):
        if mail:
            said[visitor] = mail
            whose |= {page_of: (who, owner or mail) for page_of, (who, owner) in whose.items() if who == visitor}
        else:
            whose[place] = (visitor, said.get(visitor))
        event = identify(place, mail) if mail else page(place, f"/{place:02}")
        batch.append(event | {"visitor": visitor})
        if place in cuts or place == len(acts) - 1:
            tenant.send_from_server(*batch)
            if data.draw(st.booleans()):
                tenant.send_from_server(*batch)
            batch = []
    for number, mail in enumerate(_PEOPLE[:2]):
        if mail not in early:
            tenant.read(10 + number, mail)
    expected = [(owner, f"/{place:02}") for place, (_, owner) in sorted(whose.items()) if owner in _PEOPLE[:2]]
    assert [(who, what) for who, what, *_ in tenant.told()] == expected
