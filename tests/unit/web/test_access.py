"""Users and roles: who comes in, as what, what each role may do, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from connector.records import Role
from connector.services.access import inviting
from connector.services.access.permissions import LEAST, Permission
from connector.store import connections, ledger, users
from connector.store.users import User
from connector.web.api.gate import ApiBlueprint
from connector.web.guard import declared
from tests.unit.web.open_routes import OPEN
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms

MAY = {
    Role.VIEWER: {Permission.SEE, Permission.RATE},
    Role.ANALYST: {
        Permission.SEE,
        Permission.RATE,
        Permission.RUN,
        Permission.JOIN,
        Permission.SPEND,
        Permission.DRAFT,
        Permission.EXPORT,
    },
    Role.ADMIN: set(Permission) - {Permission.EXPERIMENT, Permission.TELL, Permission.SIGN, Permission.POOL},
    Role.OWNER: set(Permission),
}
"""What each role may do, as the page tells it; an owner differs from an admin also in whom they may make one."""


@pytest.fixture
def owned(fresh: Site) -> tuple[Site, Browser]:
    """The pages, and the browser of who installed account 101."""
    return fresh, fresh.signed_in()


def others_user(site: Site, name: str) -> None:
    """From now on somebody else consents at the CRM."""
    site.world.crm.user = name


def found(site: Site, account: str = "101") -> dict[str, User]:
    """The users of an account's tenant by name."""
    with site.world.services.store.reading() as session:
        return {user.name: user for user in users.of_tenant(session, site.tenant_of(account))}


def acts(site: Site) -> list[tuple[str, str]]:
    """What the ledger says of access, accounts left out: (action, by whom)."""
    with site.world.services.store.reading() as session:
        entries = [entry.body or {} for entry in ledger.span(session, site.tenant_of("101"), "admin")]
    return [(entry["action"], entry["by"]) for entry in entries if entry["action"] not in ("install", "sign in")]


def invited(browser: Browser, name: str, role: str) -> str:
    """Invite somebody on the page; return the path of the link that it shows."""
    page = browser.press("/access", "/access/invitations", name=name, role=role)
    assert page.status_code == 200
    return page.text.partition(f"<code>{PUBLIC_URL}")[2].partition("</code>")[0]


def sign_in(site: Site, user: str, code: str = "code-1") -> tuple[Browser, TestResponse]:
    """Sign in from the start page as one of the CRM's users."""
    others_user(site, user)
    browser = site.browser()
    return browser, browser.come_back(state=browser.begin(), code=code)


def test_every_route_declares_who_may_use_it(fresh: Site) -> None:
    """A new route says which permission it needs, or why none is: else it is closed, and this test fails."""
    needs = declared(fresh.app)
    routes = {rule.endpoint for rule in fresh.app.url_map.iter_rules()}
    assert {name for name in routes if needs.get(name) is None} == set()
    # Programs come by a key, whose scopes have tests of their own (api/test_isolation.py).
    programs = {name for name, found in fresh.app.blueprints.items() if isinstance(found, ApiBlueprint)}
    pages = {name for name in routes if name.split(".")[0] not in programs}
    assert {name for name in pages if not isinstance(needs[name], Permission)} == OPEN
    assert set(LEAST) == set(Permission) == {need for need in needs.values() if isinstance(need, Permission)}


def test_a_route_that_declares_nothing_is_closed(fresh: Site) -> None:
    """Also to the owner: forgetting to declare opens nothing."""
    fresh.app.extensions["connector.needs"] = {**fresh.app.extensions["connector.needs"], "lead_list.index": None}
    assert fresh.signed_in().get("/leads").status_code == 403


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_exactly_the_routes_that_it_may(fresh: Site, role: Role) -> None:
    """Every route of a tenant, asked by each role: 403 where the table says no, anything else where it says yes."""
    fresh.signed_in()
    fresh.app.config["WTF_CSRF_ENABLED"] = False  # what is tested here lies behind it
    browser = fresh.as_a(role, fresh.tenant_of("101"))
    needs, adapter = declared(fresh.app), fresh.app.url_map.bind("scores.example.com")
    for rule in fresh.app.url_map.iter_rules():
        need = needs[rule.endpoint]
        if not isinstance(need, Permission):
            continue
        values = {name: UUID(int=7) if "id" in name and "lead" not in name else 7 for name in rule.arguments}
        values |= {name: 7 for name in rule.arguments if name in ("record_id", "seq")}
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = browser.client.open(adapter.build(rule.endpoint, values, method), method=method, base_url=PUBLIC_URL)
        assert (answer.status_code == 403) is (need not in MAY[role]), (rule.endpoint, answer.status_code)


def test_a_viewer_sees_the_pages_and_no_button(owned: tuple[Site, Browser]) -> None:
    """What one may not press is not there, and no signing secret is shown."""
    site, owner = owned
    page = owner.get("/").location
    viewer = site.as_a(Role.VIEWER, site.tenant_of("101"))
    for path in (page, "/leads", "/companies", "/people", "/model", "/fields", "/publication"):
        answer = viewer.get(path)
        assert answer.status_code == 200
        assert set(forms(answer.text)) <= {"/sign-out", "/leads", "/leads/search"}, path
    assert "Access" not in viewer.get("/leads").text


def test_who_installs_is_the_owner_and_comes_back_as_such(owned: tuple[Site, Browser]) -> None:
    """The CRM's user of the first installation is known from then on."""
    site, _ = owned
    assert {user.role for user in found(site).values()} == {Role.OWNER}
    browser, answer = sign_in(site, "u1")
    assert answer.status_code == 302
    assert browser.get("/access").status_code == 200
    assert len(found(site)) == 1
    assert (acts(site)[0][0], acts(site)[0][1].rpartition(" ")[0]) == ("become owner", "Fake CRM user u1 (user")


def test_another_user_of_the_crm_needs_an_invitation(owned: tuple[Site, Browser]) -> None:
    """To have a user in the CRM is not enough; nothing changes, also not the grant that is in use."""
    site, _ = owned
    before = tokens(site)
    browser, answer = sign_in(site, "u2")
    assert answer.status_code == 400
    assert "nobody has given you access yet" in answer.text
    assert browser.get("/leads").status_code == 302
    assert tokens(site) == before
    assert len(found(site)) == 1


def test_a_tenant_of_before_has_its_first_sign_in_as_owner(owned: tuple[Site, Browser]) -> None:
    """Where nobody has access yet, whoever proves the account by its CRM is the owner; the next is not."""
    site, _ = owned
    with site.world.services.store.transaction() as session:
        for user in users.of_tenant(session, site.tenant_of("101")):
            users.remove(session, user)
    assert sign_in(site, "u7")[1].status_code == 302
    assert {user.role for user in found(site).values()} == {Role.OWNER}
    assert sign_in(site, "u8")[1].status_code == 400


def test_an_invitation_is_accepted_by_its_link_once(owned: tuple[Site, Browser]) -> None:
    """Looking spends nothing, pressing the button does; the person has the role, and who did what is on the record."""
    site, owner = owned
    link = invited(owner, "Bea", "analyst")
    assert link.startswith("/join/")
    bea, late = site.browser(), site.browser()
    assert "as analyst" in bea.get(link).text
    assert "Alpha Ltd invites you" in late.get(link).text
    assert bea.press(link, link).status_code == 302
    assert found(site)["Bea"].role is Role.ANALYST
    assert bea.get("/leads").status_code == 200
    assert bea.get("/access").status_code == 403
    for answer in (late.get(link), late.get(link + "x")):
        assert answer.status_code == 400
        assert "was used or withdrawn" in answer.text
    assert [action for action, _ in acts(site)] == ["become owner", "invite", "accept invitation"]
    assert acts(site)[1][1].startswith("Fake CRM user u1 (user ")
    assert acts(site)[2][1].startswith("Bea (user ")


def test_an_invitation_through_the_crm_signs_in_for_good(owned: tuple[Site, Browser]) -> None:
    """The CRM's user is known afterwards; the grant in use stays the owner's."""
    site, owner = owned
    before = tokens(site)
    link = invited(owner, "Bea", "viewer")
    others_user(site, "u2")
    bea = site.browser()
    state = parse_qs(urlsplit(bea.press(link, "/oauth/fakecrm/start").location).query)["state"][0]
    assert bea.come_back(state=state, code="code-1").status_code == 302
    assert bea.get("/leads").status_code == 200
    assert tokens(site) == before
    again, answer = sign_in(site, "u2")
    assert answer.status_code == 302
    assert again.get("/access").status_code == 403
    assert len(found(site)) == 2
    assert tokens(site) == before


def test_an_invitation_opens_no_other_account(owned: tuple[Site, Browser]) -> None:
    """Signed in to another organisation's account, or to none, it is not spent."""
    site, owner = owned
    site.signed_in("code-2")
    link = invited(owner, "Bea", "viewer")
    bea = site.browser()
    state = parse_qs(urlsplit(bea.press(link, "/oauth/fakecrm/start").location).query)["state"][0]
    assert bea.come_back(state=state, code="code-2").status_code == 400
    assert len(found(site)) == len(found(site, "202")) == 1
    assert bea.press(link, link).status_code == 302


def test_an_invitation_expires_and_can_be_withdrawn(owned: tuple[Site, Browser]) -> None:
    """After seven days, or at the admin's word, the link opens nothing."""
    site, owner = owned
    withdrawn = invited(owner, "Bea", "viewer")
    (action,) = [action for action in forms(owner.get("/access").text) if action.endswith("/withdraw")]
    assert owner.press("/access", action).status_code == 302
    kept = invited(owner, "Cid", "viewer")
    assert site.browser().get(withdrawn).status_code == 400
    assert site.browser().get(kept).status_code == 200
    site.world.clock.at += timedelta(days=7)
    assert site.browser().get(kept).status_code == 400
    owner = sign_in(site, "u1")[0]
    assert "Cid, viewer" not in owner.get("/access").text


def test_a_removed_user_is_out_at_once(owned: tuple[Site, Browser]) -> None:
    """Neither an open page nor the CRM lets them in again."""
    site, owner = owned
    link = invited(owner, "Bea", "admin")
    bea = site.browser()
    bea.press(link, link)
    assert bea.get("/access").status_code == 200
    owner.press("/access", f"/access/users/{found(site)['Bea'].id}/remove")
    assert bea.get("/access").location == "/"
    assert bea.get("/leads").status_code == 302
    assert "Bea" not in found(site)
    assert acts(site)[-1][0] == "remove access"


def test_a_changed_role_holds_in_open_sessions(owned: tuple[Site, Browser]) -> None:
    """Nobody has to sign in again to get or to lose a right."""
    site, owner = owned
    bea = site.as_a(Role.VIEWER, site.tenant_of("101"), "Bea")
    action = f"/access/users/{found(site)['Bea'].id}"
    assert bea.get("/tracking").status_code == 403
    owner.press("/access", action, name="Bea", role="admin")
    assert bea.get("/tracking").status_code == 200
    owner.press("/access", action, name="Bea B", role="viewer")
    assert bea.get("/tracking").status_code == 403
    assert found(site)["Bea B"].role is Role.VIEWER


def test_nobody_rises_above_themselves(owned: tuple[Site, Browser]) -> None:
    """An admin makes no owner, changes none and removes none."""
    site, _ = owned
    admin = site.as_a(Role.ADMIN, site.tenant_of("101"), "Bea")
    before = found(site)
    owner = next(user for user in before.values() if user.role is Role.OWNER)
    wanted = [
        ("/access/invitations", {"name": "Eve", "role": "owner"}),
        (f"/access/users/{before['Bea'].id}", {"name": "Bea", "role": "owner"}),
        (f"/access/users/{owner.id}", {"name": "Down", "role": "viewer"}),
        (f"/access/users/{owner.id}/remove", {}),
    ]
    token = forms(admin.get("/access").text)["/access/invitations"]["csrf_token"]
    for action, fields in wanted:
        data = {**fields, "csrf_token": token}
        answer = admin.client.post(action, data=data, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL})
        assert answer.status_code == 302
    assert found(site) == before
    assert "Open invitations" not in admin.get("/access").text


def test_the_last_owner_stays(owned: tuple[Site, Browser]) -> None:
    """Somebody must be able to do everything."""
    site, owner = owned
    (before,) = found(site).values()
    owner.press("/access", f"/access/users/{before.id}/remove")
    owner.press("/access", f"/access/users/{before.id}", role="viewer")
    assert list(found(site).values()) == [before]
    assert "the only owner" in owner.get("/access").text


def test_signing_out_ends_every_copy_of_the_cookie(owned: tuple[Site, Browser]) -> None:
    """A cookie that was copied before is worth nothing after."""
    site, owner = owned
    copied = owner.session()
    owner.press("/leads", "/sign-out")
    thief = site.browser()
    with thief.client.session_transaction(base_url=PUBLIC_URL) as held:
        held.update(copied)
    assert thief.get("/leads").status_code == 302


def test_a_session_ends_after_its_time(owned: tuple[Site, Browser]) -> None:
    """Twelve hours by the CRM; whoever came by a link stays for thirty days."""
    site, owner = owned
    link = invited(owner, "Bea", "viewer")
    bea = site.browser()
    bea.press(link, link)
    site.world.clock.at += timedelta(hours=12)
    assert owner.get("/leads").status_code == 302
    assert bea.get("/leads").status_code == 200
    site.world.clock.at += timedelta(days=30)
    assert bea.get("/leads").status_code == 302


def test_the_same_user_renews_the_grant_whatever_their_role(owned: tuple[Site, Browser]) -> None:
    """A CRM ends the oldest of a user's grants: the newest is kept, else signing in would disconnect in the end."""
    site, _ = owned
    before = tokens(site)
    assert sign_in(site, "u1")[1].status_code == 302
    assert tokens(site) == before + 1


def test_an_admin_connects_for_the_organisation_and_is_known_there(owned: tuple[Site, Browser]) -> None:
    """Who adds an account while signed in can sign in by it later; a viewer can't add one."""
    site, owner = owned
    page = owner.get("/").location
    owner.come_back(state=owner.begin(page=page), code="code-2")
    assert site.tenant_of("202") == site.tenant_of("101")
    assert site.signed_in("code-2").get("/access").status_code == 200
    viewer = site.as_a(Role.VIEWER, site.tenant_of("101"))
    token = forms(viewer.get("/leads").text)["/sign-out"]["csrf_token"]
    data = {"csrf_token": token}
    answer = viewer.client.post("/oauth/fakecrm/start", data=data, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL})
    assert answer.status_code == 403


def test_who_lost_the_right_meanwhile_connects_nothing(owned: tuple[Site, Browser]) -> None:
    """The right is asked for again when the consent comes back."""
    site, owner = owned
    admin = site.as_a(Role.ADMIN, site.tenant_of("101"), "Bea")
    state = admin.begin(page=admin.get("/").location)
    owner.press("/access", f"/access/users/{found(site)['Bea'].id}", name="Bea", role="viewer")
    assert admin.come_back(state=state, code="code-2").status_code == 400
    with site.world.services.store.reading() as session:
        assert connections.find_by_account(session, "fakecrm", "202") is None


@pytest.mark.parametrize("name", ["", "ana@firm.example", "x" * 81, "A\x07na"])
def test_names_are_names(owned: tuple[Site, Browser], name: str) -> None:
    """They stand in the ledger: no e-mail address, nothing endless, nothing that can't be seen."""
    _, owner = owned
    assert owner.press("/access", "/access/invitations", name=name, role="viewer").status_code == 302
    assert "Give a name of up to 80 characters" in owner.get("/access").text


def test_the_operator_lets_an_owner_in(owned: tuple[Site, Browser]) -> None:
    """Where no owner is left who can sign in, a link from the command line helps."""
    site, _ = owned
    _, token = inviting.invite_as_operator(site.world.services, site.tenant_of("101"), "Ole", Role.OWNER)
    ole = site.browser()
    ole.press(f"/join/{token}", f"/join/{token}")
    assert ole.get("/access").status_code == 200
    assert acts(site)[1] == ("invite", "the operator")


def tokens(site: Site) -> int:
    """How often the grant in use was replaced."""
    with site.world.services.store.reading() as session:
        return connections.tokens(session, site.connection("101").id).version


def test_a_crm_that_does_not_name_its_users_signs_nobody_in_twice(fresh: Site) -> None:
    """The installer is the owner of this session; nobody can be told from others later."""
    fresh.world.crm.user = None
    browser = fresh.signed_in()
    assert browser.get("/access").status_code == 200
    again = fresh.browser()
    assert again.come_back(state=again.begin(), code="code-1").status_code == 400
