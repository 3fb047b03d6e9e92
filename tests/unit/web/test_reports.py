"""The pages Reports and Unsubscribe: by role, to read and to take along, to sign off, to leave in one click."""

from __future__ import annotations

from uuid import UUID

from connector.records import Role
from connector.services import schedules
from connector.services.digest import addresses
from connector.services.digest.addresses import Kind
from connector.services.periodic import asking
from connector.store import ledger, periodic
from connector.store.periodic import Report
from tests.unit.web.site import PUBLIC_URL, Site
from tests.world import KEY, NEWER_KEY


def _made(site: Site) -> dict[str, Report]:
    """Reports of the time so far, by kind."""
    tenant_id = site.tenant_of("101")
    asking.make_now(site.world.services, tenant_id)
    with site.world.services.store.reading(tenant_id) as session:
        return {one.kind: one for one in periodic.of_tenant(session, tenant_id)}


def test_reports_are_read_taken_along_and_signed_off(fresh: Site) -> None:
    """In both forms as files; the remark is shown, and cannot be given twice."""
    browser = fresh.signed_in()
    assert "None yet." in browser.get("/reports").text
    made = _made(fresh)
    listed = browser.get("/reports").text
    assert all(one.title in listed for one in made.values())
    path = f"/reports/{made['compliance'].id}"
    page = browser.get(path).text
    assert "Not signed off yet" in page
    assert "verify from the first to the newest" in page
    pdf, html = browser.get(f"{path}/report.pdf"), browser.get(f"{path}/report.html")
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.headers["Content-Disposition"] == 'attachment; filename="compliance-review-2026-q1-to-2026-03-01.pdf"'
    assert html.text.startswith("<!doctype html>")
    assert made["compliance"].title in html.text
    browser.press(path, f"{path}/sign", remark="Read <b>all</b> of it")
    signed = browser.get(path).text
    assert "“Read &lt;b&gt;all&lt;/b&gt; of it”" in signed
    assert f"{path}/sign" not in signed


def test_a_viewer_reads_the_value_and_nothing_of_accesses_or_cost(fresh: Site) -> None:
    """Neither on the list nor by address; and has none made."""
    fresh.signed_in()
    made = _made(fresh)
    viewer = fresh.as_a(Role.VIEWER, fresh.tenant_of("101"))
    listed = viewer.get("/reports").text
    assert made["value"].title in listed
    assert made["costs"].title not in listed
    assert "/reports/make" not in listed
    assert viewer.get(f"/reports/{made['value'].id}").status_code == 200
    for kind in ("compliance", "costs"):
        for form in ("", "/report.pdf", "/report.html"):
            assert viewer.get(f"/reports/{made[kind].id}{form}").status_code == 403


def test_another_organisations_report_is_not_there(fresh: Site) -> None:
    fresh.signed_in()
    made = _made(fresh)
    stranger = fresh.signed_in("code-2")
    for form in ("", "/report.pdf", "/report.html"):
        assert stranger.get(f"/reports/{made['value'].id}{form}").status_code == 404


def test_they_are_made_when_somebody_asks(fresh: Site) -> None:
    """By the next sweep, not while the page waits; twice on a day changes nothing."""
    browser = fresh.signed_in()
    services, tenant_id = fresh.world.services, fresh.tenant_of("101")
    schedules.enter(services)
    for _ in range(2):
        browser.press("/reports", "/reports/make")
        assert (tenant_id, asking.ASKED) in schedules.due(services)
        schedules.carry_out(services, tenant_id, asking.ASKED)
    with services.store.reading(tenant_id) as session:
        assert len(periodic.of_tenant(session, tenant_id)) == 3


def test_what_was_changed_in_the_database_is_told(fresh: Site) -> None:
    browser = fresh.signed_in()
    made = _made(fresh)["value"]
    assert "This is not what was made" not in browser.get(f"/reports/{made.id}").text
    with fresh.world.services.store.transaction() as session:
        session.exec_driver_sql("UPDATE periodic_reports SET body = '<p>All is well.</p>'")
    assert "This is not what was made" in browser.get(f"/reports/{made.id}").text


def _subscribed(site: Site) -> tuple[UUID, str]:
    """An address on the list, and the path at which it leaves."""
    tenant_id = site.tenant_of("101")
    addresses.add(site.world.services, tenant_id, Kind.EMAIL, "ana@alpha.example", None)
    (found,) = addresses.overview(site.world.services, tenant_id)
    return tenant_id, site.world.services.hooks.unsubscribe(tenant_id, found.recipient.id).removeprefix(PUBLIC_URL)


def test_a_recipient_leaves_by_one_post_without_a_session(fresh: Site) -> None:
    """As mail programs send it (RFC 8058); looking ends nothing; a second time is as well; it is on the record."""
    fresh.signed_in()
    services = fresh.world.services
    tenant_id, path = _subscribed(fresh)
    path = path[path.index("/unsubscribe/") :]
    stranger = fresh.browser()
    assert "Should the address" in stranger.get(path).text
    assert len(addresses.overview(services, tenant_id)) == 1
    for _ in range(2):
        sent = {"List-Unsubscribe": "One-Click"}
        answer = fresh.app.test_client().post(path, data=sent, base_url=PUBLIC_URL)
        assert answer.status_code == 200
        assert "Unsubscribed" in answer.text
    assert addresses.overview(services, tenant_id) == []
    with services.store.reading(tenant_id) as session:
        bodies = [entry.body or {} for entry in ledger.span(session, tenant_id, "admin")]
    (act,) = [body for body in bodies if body["action"] == "remove digest address"]
    assert "link to unsubscribe" in act["by"]


def test_a_made_up_link_ends_nothing(fresh: Site) -> None:
    """Of another recipient with this one's mark, cut off, or of nobody."""
    fresh.signed_in()
    tenant_id, path = _subscribed(fresh)
    key = path.rpartition("/")[2]
    client = fresh.app.test_client()
    for made_up in (key[:32] + UUID(int=5).hex + key[64:], key[:-1], "x", key[:64]):
        assert client.post(f"/unsubscribe/{made_up}", base_url=PUBLIC_URL).status_code == 404
        assert client.get(f"/unsubscribe/{made_up}", base_url=PUBLIC_URL).status_code == 404
    assert len(addresses.overview(fresh.world.services, tenant_id)) == 1


def test_a_link_of_an_older_key_ends_what_it_is_for(fresh: Site) -> None:
    """While that key is kept; no longer."""
    fresh.signed_in()
    tenant_id, path = _subscribed(fresh)
    fresh.use_keys(NEWER_KEY)
    assert fresh.app.test_client().post(path, base_url=PUBLIC_URL).status_code == 404
    fresh.use_keys(NEWER_KEY, KEY)
    assert fresh.app.test_client().post(path, base_url=PUBLIC_URL).status_code == 200
    assert addresses.overview(fresh.world.services, tenant_id) == []
