"""What the API answers is what its description says, whatever is asked: Schemathesis draws the requests from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, CheckFunction, GenerationMode, checks, openapi

from tests.unit.web.api.program import Program, program, told
from tests.unit.web.site import PUBLIC_URL, Site

PROGRAMS = 20
"""A minute's budget of one key is less than what is asked for here."""
HELD_TO = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REFUSING = [*HELD_TO, checks.negative_data_rejection]
AS_DESCRIBED, OTHERWISE = 5, 10
"""Requests of each operation. There are more ways to break a description than to keep to it."""


@dataclass
class Described:
    """The operations of the description, programs that ask, and a lead that there is."""

    site: Site
    operations: Sequence[APIOperation]
    programs: Iterator[Program]
    lead: int

    def ask(self, case: Case, held_to: list[CheckFunction]) -> None:
        """Send a request as it was drawn, with the next key, and hold the answer to the description."""
        headers = {"Authorization": f"Bearer {next(self.programs).secret}"}
        answer = case.call(base_url=PUBLIC_URL, headers=headers, app=self.site.app)
        case.validate_response(answer, checks=held_to)


@pytest.fixture
def described(live: Site) -> Described:
    """The description as the application gives it, over a copy of a tenant with scores.

    Without its word on keys: else most of what is asked otherwise would only come without one.
    """
    raw = told(live.app.test_client().get("/api/v1/openapi.json", base_url=PUBLIC_URL))
    for methods in raw["paths"].values():
        for operation in methods.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    found = [result.ok() for result in openapi.from_dict(raw).get_all_operations()]
    programs = [program(live) for _ in range(PROGRAMS)]
    lead = told(programs[0].post("/leads/search", {"limit": 1}))["leads"][0]["lead"]
    return Described(live, found, cycle(programs), lead)


def holding(
    described: Described, strategy: st.SearchStrategy[Case], requests: int, held_to: list[CheckFunction]
) -> None:
    """Ask so many requests of one operation, the same each time: who changes a route sees the same ones fail."""

    @settings(
        max_examples=requests,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def asked(case: Case) -> None:
        described.ask(case, held_to)

    asked()


def test_what_is_asked_as_described_is_answered_as_described(described: Described) -> None:
    """Of one lead that there is not, and of one that there is."""
    for operation in described.operations:
        holding(described, operation.as_strategy(), AS_DESCRIBED, HELD_TO)
        if "{lead}" in operation.path:
            known = operation.as_strategy(path_parameters={"lead": described.lead})
            holding(described, known, AS_DESCRIBED, HELD_TO)


def test_what_is_asked_otherwise_is_refused_as_described(described: Described) -> None:
    """A body or a query that breaks the description is none of ours to guess at."""
    for operation in described.operations:
        if operation.body or operation.query:
            # One bad event leaves its neighbours alone: its refusal stands in an answer that takes them.
            held_to = HELD_TO if operation.path.endswith("/events") else REFUSING
            holding(described, operation.as_strategy(GenerationMode.NEGATIVE), OTHERWISE, held_to)
