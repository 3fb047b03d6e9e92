"""The page Objectives: drafted by an analyst, signed by an owner, shown beside every report."""

from __future__ import annotations

import re

from connector.records import Role
from connector.services.kpis import making
from tests.services.objectives.test_objectives import FORM
from tests.unit.web.site import Site


def test_what_an_analyst_drafts_an_owner_signs(fresh: Site) -> None:
    """Nobody else does; a draft that was changed meanwhile is not signed by the former page."""
    owner = fresh.signed_in()
    tenant = fresh.tenant_of("101")
    analyst = fresh.as_a(Role.ANALYST, tenant, "Nina")
    assert "Nothing was signed yet" in analyst.get("/objectives").text
    analyst.press("/objectives", "/objectives/draft", **FORM, why="<b>First</b>")
    page = analyst.get("/objectives").text
    assert "waits for an owner" in page
    assert "&lt;b&gt;First&lt;/b&gt;" in page
    assert "/objectives/sign" not in page
    read = re.findall(r'name="read" value="(\w{64})"', owner.get("/objectives").text)
    analyst.press("/objectives", "/objectives/draft", **FORM | {"capacity": "41"}, why="Second")
    owner.press("/objectives", "/objectives/sign", read=read[0])
    assert "The draft was changed since you have read it" in owner.get("/objectives").text
    owner.press("/objectives", "/objectives/sign")
    page = owner.get("/objectives").text
    assert "Version 1 holds" in page
    assert "Nina" not in page.split("How it is kept")[0].split("signed")[1]
    making.make(fresh.world.services, tenant)
    for path in ("/kpis", "/forecasts", "/objectives"):
        assert "points are kept" in owner.get(path).text, path
    assert "Against version" not in fresh.signed_in("code-2").get("/kpis").text


def test_a_form_that_says_no_reason_is_refused_and_a_draft_discarded(fresh: Site) -> None:
    """Both are told on the page."""
    owner = fresh.signed_in()
    owner.press("/objectives", "/objectives/draft", **FORM, why="")
    assert "Say why" in owner.get("/objectives").text
    owner.press("/objectives", "/objectives/draft", **FORM, why="Why not")
    owner.press("/objectives", "/objectives/discard")
    assert "Discarded." in owner.get("/objectives").text


def test_a_viewer_reads_and_changes_nothing(fresh: Site) -> None:
    fresh.signed_in()
    viewer = fresh.as_a(Role.VIEWER, fresh.tenant_of("101"))
    page = viewer.get("/objectives").text
    assert "Nothing was signed yet" in page
    assert "/objectives/draft" not in page
    assert viewer.get("/capacity").status_code == 200
