"""A provider of any kind: asked as it was described, no further than it may, nothing of it believed that is no fact."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from connector.adapters.enrichment.calls import LARGEST, Door
from connector.adapters.enrichment.generic import read_settings
from connector.adapters.enrichment.registry import HTTP
from connector.errors import RejectedInput, RetryLater, SettingsError
from connector.services.enrichment import buying, sources
from connector.store import enriched, enrichment
from connector.store.session import Store
from tests.services.enrichment.firms import ALPHA, BETA, DAY, AnyProvider, Firms, any_provider, firms, person
from tests.world import NOW

MAPPING = "employees = firm.size.count\ntech_stack = firm.tools\nheat:number = firm.signals.0.value"
TELLS = {
    "firm": {"size": {"count": 1250}, "tools": ["sap", "aws"], "signals": [{"value": 0.25}], "as_of": "2026-02-01"}
}


@pytest.fixture
def asked(lite: Store) -> Iterator[tuple[Firms, AnyProvider]]:
    """Two firms; the provider is set up with a key."""
    with (
        any_provider() as provider,
        firms(lite, [person(1, ALPHA), person(2, BETA)], allowed=(provider.origin,)) as made,
    ):
        url = provider.origin + "/v1/{domain}?full=1"
        described = read_settings("Facts Ltd", url, "Authorization", "Bearer", MAPPING, "firm.as_of")
        sources.turn_on(made.services, made.tenant_id, HTTP, key="s3cret", settings=described)
        yield made, provider


def _trouble(made: Firms) -> str:
    with made.services.store.reading() as session:
        found = enrichment.find(session, made.tenant_id, HTTP)
    assert found
    return found.trouble or ""


def test_facts_are_read_where_they_stand_and_dated_by_the_providers_word(asked: tuple[Firms, AnyProvider]) -> None:
    """The key goes into its header; a date in the past counts, marked as the provider's."""
    made, provider = asked
    provider.tells(f"/v1/{ALPHA}?full=1", TELLS)
    assert buying.run(made.services, made.tenant_id) == 2
    assert sorted(path for path, _ in provider.requests) == [f"/v1/{ALPHA}?full=1", f"/v1/{BETA}?full=1"]
    assert {headers["Authorization"] for _, headers in provider.requests} == {"Bearer s3cret"}
    told = made.history().values.filter(pl.col("field").str.starts_with("http."))
    since = NOW.replace(month=2, day=1, hour=0)
    assert set(told.select("field", "value", "known_at").iter_rows()) == {
        ("http.employees", "1250", since),
        ("http.tech_stack", "aws;sap", since),
        ("http.heat", "0.25", since),
    }
    with made.services.store.reading() as session:
        assert all(row.stated for row in enriched.of_domain(session, made.tenant_id, ALPHA, NOW))


@pytest.mark.parametrize("told", ["2999-01-01", "soon", None])
def test_a_date_that_is_none_or_to_come_is_not_believed(asked: tuple[Firms, AnyProvider], told: str | None) -> None:
    """The value then counts from when it was got."""
    made, provider = asked
    provider.tells(f"/v1/{ALPHA}?full=1", {"firm": {"size": {"count": 5}, "as_of": told}})
    made.world.clock.at = now = NOW + DAY
    buying.run(made.services, made.tenant_id)
    with made.services.store.reading() as session:
        (row,) = enriched.of_domain(session, made.tenant_id, ALPHA, now)
    assert (row.known_at, row.stated) == (now, False)


def test_odd_values_are_left_out_and_their_neighbours_kept(asked: tuple[Firms, AnyProvider]) -> None:
    """An object where a number is wanted, a list of lists, a place that is not there."""
    made, provider = asked
    provider.tells(
        f"/v1/{ALPHA}?full=1", {"firm": {"size": {"count": {}}, "tools": [["x"]], "signals": [{"value": "7"}]}}
    )
    provider.tells(f"/v1/{BETA}?full=1", [1, 2])
    buying.run(made.services, made.tenant_id)
    with made.services.store.reading() as session:
        assert [row.field for row in enriched.of_domain(session, made.tenant_id, ALPHA, NOW + DAY)] == ["heat"]
        assert enriched.answers(session, made.tenant_id) == {HTTP: {"found": 1, "unknown": 1}}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refused the key"),
        (403, "refused the key"),
        (402, "no credits"),
        (302, "redirects are not followed"),
        (418, "418"),
    ],
)
def test_a_refusal_waits_for_the_admin(asked: tuple[Firms, AnyProvider], status: int, words: str) -> None:
    """And a redirect leads nowhere: the key would go with it."""
    made, provider = asked
    provider.headers = {"Location": f"{provider.origin}/elsewhere"}
    for domain in (ALPHA, BETA):
        provider.tells(f"/v1/{domain}?full=1", {}, status)
    buying.run(made.services, made.tenant_id)
    assert words in _trouble(made)
    assert "s3cret" not in _trouble(made)
    assert len(provider.requests) == 1


def test_a_provider_that_is_busy_says_when_to_come_again(asked: tuple[Firms, AnyProvider]) -> None:
    made, provider = asked
    provider.headers = {"Retry-After": "120"}
    provider.tells(f"/v1/{ALPHA}?full=1", {}, 429)
    with pytest.raises(RetryLater) as later:
        buying.run(made.services, made.tenant_id)
    assert later.value.after_seconds == 120


def test_a_company_that_can_not_be_asked_about_is_passed_over(asked: tuple[Firms, AnyProvider]) -> None:
    """400 is about this domain, not about the provider."""
    made, provider = asked
    provider.tells(f"/v1/{ALPHA}?full=1", {}, 400)
    provider.tells(f"/v1/{BETA}?full=1", TELLS)
    assert buying.run(made.services, made.tenant_id) == 2
    with made.services.store.reading() as session:
        assert enriched.answers(session, made.tenant_id) == {HTTP: {"found": 1, "refused": 1}}


def test_an_answer_of_any_size_is_not_read_to_its_end(asked: tuple[Firms, AnyProvider]) -> None:
    made, provider = asked
    provider.answers[f"/v1/{ALPHA}?full=1"] = (200, b" " * (LARGEST + 1))
    buying.run(made.services, made.tenant_id)
    assert "more than 1,024 kB" in _trouble(made)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/{domain}",
        "https://127.0.0.1/{domain}",
        "https://10.0.0.8/{domain}",
        "https://[::1]/{domain}",
        "https://169.254.169.254/{domain}",
        "https://user@api.example.com/{domain}",
        "ftp://api.example.com/{domain}",
    ],
)
def test_no_question_goes_into_a_private_network(asked: tuple[Firms, AnyProvider], url: str) -> None:
    """Refused when it is set up, and again before each question."""
    made, _ = asked
    described = read_settings("Facts Ltd", url, "", "", MAPPING, "")
    with pytest.raises(RejectedInput):
        sources.turn_on(made.services, made.tenant_id, HTTP, settings=described)


def test_an_address_that_was_allowed_once_is_checked_before_each_question(asked: tuple[Firms, AnyProvider]) -> None:
    """The operator took an origin back: nothing goes there any more."""
    made, provider = asked
    object.__setattr__(made.services.providers, "door", Door())
    buying.run(made.services, made.tenant_id)
    assert provider.requests == []
    assert "was not asked" in _trouble(made)


@pytest.mark.parametrize(
    ("label", "url", "header", "mapping", "as_of"),
    [
        ("", "https://a.org/{domain}", "", MAPPING, ""),
        ("F", "https://a.org/", "", MAPPING, ""),
        ("F", "https://{domain}/x", "", MAPPING, ""),
        ("F", "https://{domain}.a.org/x", "", MAPPING, ""),
        ("F", "https://a.org/{domain}/{domain}", "", MAPPING, ""),
        ("F", "https://a.org/{domain}", "Host", MAPPING, ""),
        ("F", "https://a.org/{domain}", "X Key\n", MAPPING, ""),
        ("F", "https://a.org/{domain}", "", "", ""),
        ("F", "https://a.org/{domain}", "", "employees", ""),
        ("F", "https://a.org/{domain}", "", "employees = a\nemployees = b", ""),
        ("F", "https://a.org/{domain}", "", MAPPING, "a b"),
    ],
)
def test_what_describes_no_provider_is_refused(label: str, url: str, header: str, mapping: str, as_of: str) -> None:
    with pytest.raises(RejectedInput):
        read_settings(label, url, header, "", mapping, as_of)


def test_a_key_is_needed_where_a_header_takes_it(lite: Store) -> None:
    with firms(lite, [person(1, ALPHA)]) as made:
        for name in ("pdl", HTTP, "nobody"):
            with pytest.raises(RejectedInput):
                sources.turn_on(made.services, made.tenant_id, name)
        with pytest.raises(RejectedInput, match="without spaces"):
            sources.turn_on(made.services, made.tenant_id, "pdl", key="two words")
        with pytest.raises(SettingsError):
            made.services.providers.open("nobody", {}, "")
