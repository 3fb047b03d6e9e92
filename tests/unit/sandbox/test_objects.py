"""Records of the HubSpot sandbox, read and written with HubSpot's own client library and by dated paths."""

from __future__ import annotations

import json

import pytest
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
)

from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.visitor import Visitor

CONTACTS = "/crm/objects/2026-03/contacts"


def test_pages_run_through_every_record_in_order(visitor: Visitor) -> None:
    """The client library walks all pages; ids rise and none comes twice."""
    made = visitor.contacts(7, "page")
    api = visitor.sdk().crm.contacts.basic_api
    seen: list[str] = []
    after = None
    while True:
        page = api.get_page(limit=3, after=after, properties=["email"])
        seen += [each.id for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert set(made) <= set(seen)
    assert [int(each) for each in seen] == sorted({int(each) for each in seen})


@pytest.mark.parametrize(
    ("limit", "history", "status"), [(100, "", 200), (101, "", 400), (50, "email", 200), (51, "email", 400)]
)
def test_page_caps(visitor: Visitor, limit: int, history: str, status: int) -> None:
    """A page holds 100 records, 50 with history; more is refused."""
    assert visitor.get(CONTACTS, limit=limit, propertiesWithHistory=history).status_code == status


def test_a_page_holds_ten_by_default_and_default_properties(visitor: Visitor) -> None:
    """Without wishes a page has ten records with the default properties."""
    visitor.contacts(11, "default")
    page = visitor.get(CONTACTS).json()
    assert len(page["results"]) == 10
    names = {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}
    assert set(page["results"][0]["properties"]) == names


def test_values_are_text_or_null_and_unknown_names_ignored(visitor: Visitor) -> None:
    """Numbers come as text, unset values as null, unknown properties not at all."""
    made = visitor.contact(email="text@example.com", numemployees="12")
    shown = visitor.get(f"{CONTACTS}/{made}", properties="numemployees,jobtitle,no_such_thing").json()["properties"]
    assert (shown["numemployees"], shown["jobtitle"]) == ("12", None)
    assert "no_such_thing" not in shown


def test_a_contact_is_found_by_address(visitor: Visitor) -> None:
    """idProperty=email finds a contact whatever the case."""
    made = visitor.contact(email="Mixed.Case@example.com")
    assert visitor.get(f"{CONTACTS}/mixed.CASE@example.com", idProperty="email").json()["id"] == made


def test_a_too_long_address_is_414(visitor: Visitor) -> None:
    """Too many property names in the query are refused before anything else."""
    assert visitor.get(CONTACTS, properties=",".join(["a_long_property_name"] * 900)).status_code == 414


def test_batch_read_reports_missing_ids_in_a_207(visitor: Visitor) -> None:
    """The client library gets the found ones and an error that names the others."""
    made = visitor.contacts(2, "read")
    inputs = [{"id": each} for each in [*made, "99999999"]]
    body = BatchReadInputSimplePublicObjectId(properties=["email"], properties_with_history=[], inputs=inputs)
    answer = visitor.sdk().crm.contacts.batch_api.read(body)
    assert {each.id for each in answer.results} == set(made)
    assert (answer.num_errors, answer.errors[0].context["ids"]) == (1, ["99999999"])


def test_batch_sizes(visitor: Visitor) -> None:
    """100 records a batch, 50 when history is asked for."""
    path = f"{CONTACTS}/batch/read"
    many = [{"id": str(number)} for number in range(1, 102)]
    assert visitor.post(path, {"properties": [], "inputs": many}).status_code == 400
    assert visitor.post(path, {"propertiesWithHistory": ["email"], "inputs": many[:51]}).status_code == 400
    assert visitor.post(path, {"propertiesWithHistory": ["email"], "inputs": many[:50]}).status_code == 207


def test_traced_batch_update_reports_each_bad_input(visitor: Visitor) -> None:
    """With trace ids one bad record does not fail its neighbours."""
    good, bad = visitor.contacts(2, "traced")
    inputs = [
        {"id": good, "properties": {"numemployees": "5"}, "objectWriteTraceId": "t1"},
        {"id": bad, "properties": {"numemployees": "five"}, "objectWriteTraceId": "t2"},
        {"id": "99999999", "properties": {"numemployees": "5"}, "objectWriteTraceId": "t3"},
    ]
    answer = visitor.sdk().crm.contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [each.id for each in answer.results] == [good]
    assert [each.context["objectWriteTraceId"] for each in answer.errors] == [["t2"], ["t3"]]
    assert visitor.get(f"{CONTACTS}/{good}", properties="numemployees").json()["properties"]["numemployees"] == "5"


def test_untraced_batch_update_fails_whole(visitor: Visitor) -> None:
    """Without trace ids one bad value fails all, and nothing is written."""
    good, bad = visitor.contacts(2, "untraced")
    inputs = [{"id": good, "properties": {"jobtitle": "CFO"}}, {"id": bad, "properties": {"nope": "1"}}]
    with pytest.raises(ApiException) as refused:
        visitor.sdk().crm.contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert refused.value.status == 400
    assert visitor.get(f"{CONTACTS}/{good}", properties="jobtitle").json()["properties"]["jobtitle"] is None


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("no_such_thing", "1", "PROPERTY_DOESNT_EXIST"),
        ("num_associated_deals", "1", "READ_ONLY_VALUE"),
        ("hs_lead_status", "Sleeping", "INVALID_OPTION"),
        ("numemployees", "1,000", "INVALID_INTEGER"),
        ("numemployees", "NaN", "INVALID_INTEGER"),
        ("closedate", "tomorrow", "INVALID_LONG"),
    ],
)
def test_bad_values_are_explained_inside_the_message(visitor: Visitor, name: str, value: str, word: str) -> None:
    """The reason is JSON within the message's text."""
    made = visitor.contact()
    refused = visitor.session.patch(f"{visitor.origin}{CONTACTS}/{made}", json={"properties": {name: value}})
    reasons = json.loads(refused.json()["message"].removeprefix("Property values were not valid: "))
    assert (refused.status_code, reasons[0]["error"], reasons[0]["name"]) == (400, word, name)


def test_a_batch_may_not_name_a_record_twice(visitor: Visitor) -> None:
    """Ids are unique within a batch."""
    made = visitor.contact()
    inputs = [{"id": made, "properties": {}}, {"id": made, "properties": {}}]
    assert visitor.post(f"{CONTACTS}/batch/update", {"inputs": inputs}).status_code == 400


def test_creating_a_known_address_conflicts(visitor: Visitor) -> None:
    """409 tells the existing id in its text alone."""
    made = visitor.contact(email="twice@example.com")
    refused = visitor.post(CONTACTS, {"properties": {"email": "TWICE@example.com"}})
    assert (refused.status_code, refused.json()["message"]) == (409, f"Contact already exists. Existing ID: {made}")


def test_history_is_newest_first_with_its_source(visitor: Visitor) -> None:
    """Each change leaves a version that says who made it; writing the same value leaves none."""
    made = visitor.contact(jobtitle="Buyer")
    for title in ("Director", "Director", ""):
        visitor.session.patch(f"{visitor.origin}{CONTACTS}/{made}", json={"properties": {"jobtitle": title}})
    shown = visitor.get(f"{CONTACTS}/{made}", propertiesWithHistory="jobtitle").json()
    versions = shown["propertiesWithHistory"]["jobtitle"]
    assert [each["value"] for each in versions] == ["", "Director", "Buyer"]
    assert [each["sourceType"] for each in versions] == ["INTEGRATION", "INTEGRATION", "CRM_UI"]
    assert shown["properties"]["jobtitle"] is None


def test_archived_records_are_listed_apart_and_can_return(visitor: Visitor) -> None:
    """An archived contact is gone from pages, shown with archived=true, and restored by a user."""
    made = visitor.contact()
    assert visitor.session.delete(f"{visitor.origin}{CONTACTS}/{made}").status_code == 204
    assert visitor.get(f"{CONTACTS}/{made}").status_code == 404
    listed = visitor.get(CONTACTS, archived="true", limit=100).json()["results"]
    assert [each["archived"] for each in listed if each["id"] == made] == [True]
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/restore")
    assert visitor.get(f"{CONTACTS}/{made}").status_code == 200


def test_merging_keeps_the_winner_and_remaps_the_loser(visitor: Visitor) -> None:
    """The loser's id resolves to the winner, which lists it and its address."""
    winner = visitor.contact(email="winner@example.com")
    loser = visitor.contact(email="loser@example.com", jobtitle="Buyer")
    body = {"primaryObjectId": winner, "objectIdToMerge": loser}
    assert visitor.post(f"{CONTACTS}/merge", body).json()["id"] == winner
    shown = visitor.get(f"{CONTACTS}/{loser}", properties="hs_merged_object_ids,hs_additional_emails,jobtitle").json()
    assert shown["id"] == winner
    assert shown["properties"]["hs_merged_object_ids"] == loser
    assert shown["properties"]["hs_additional_emails"] == "loser@example.com"
    assert shown["properties"]["jobtitle"] == "Buyer"


def test_merging_may_make_a_new_record(started: Starter) -> None:
    """By configuration both old ids resolve to a third."""
    visitor = Visitor(started(merge_creates_record=True)).install()
    winner, loser = visitor.contacts(2, "merge")
    survivor = visitor.post(f"{CONTACTS}/merge", {"primaryObjectId": winner, "objectIdToMerge": loser}).json()["id"]
    assert survivor not in (winner, loser)
    assert {visitor.get(f"{CONTACTS}/{each}").json()["id"] for each in (winner, loser)} == {survivor}


def test_gdpr_delete_leaves_nothing_and_blocks_the_address(visitor: Visitor) -> None:
    """An erased person is in no list, has no events, and can't be created again."""
    made = visitor.contact(email="erased@example.com")
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/events", {"kind": "email_click"})
    body = {"objectId": "erased@example.com", "idProperty": "email"}
    assert visitor.post(f"{CONTACTS}/gdpr-delete", body).status_code == 204
    assert visitor.get(f"{CONTACTS}/{made}").status_code == 404
    assert visitor.get(f"{CONTACTS}/{made}", archived="true").status_code == 404
    assert visitor.get("/email/public/v1/events", recipient="erased@example.com").json()["events"] == []
    assert visitor.post(CONTACTS, {"properties": {"email": "erased@example.com"}}).status_code == 400


def test_associations_are_read_in_bulk_and_missing_ones_named(visitor: Visitor) -> None:
    """A batch answers targets with type ids; a record without any is in the errors of a 207."""
    with_deal, without = visitor.contacts(2, "linked")
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{with_deal}/events", {"kind": "deal_won"})
    body = {"inputs": [{"id": with_deal}, {"id": without}]}
    answer = visitor.post("/crm/associations/2026-09/contacts/deals/batch/read", body)
    assert answer.status_code == 207
    assert answer.json()["results"][0]["to"][0]["associationTypes"][0]["typeId"] == 4
    assert answer.json()["errors"][0]["context"]["fromObjectId"] == [without]
    inline = visitor.get(f"{CONTACTS}/{with_deal}", associations="deals").json()["associations"]["deals"]["results"]
    assert inline[0]["type"] == "contact_to_deal"


def test_many_associations_are_paged(visitor: Visitor) -> None:
    """500 targets a record, 100 inline, the rest behind their own paging."""
    company = visitor.post("/crm/objects/2026-03/companies", {"properties": {"name": "Big"}}).json()["id"]
    link = {"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]}
    for _ in range(6):
        inputs = [{"properties": {}, "associations": [link]} for _ in range(100)]
        assert visitor.post(f"{CONTACTS}/batch/create", {"inputs": inputs}).status_code == 201
    path = "/crm/associations/2026-03/companies/contacts/batch/read"
    first = visitor.post(path, {"inputs": [{"id": company}]}).json()["results"][0]
    after = first["paging"]["next"]["after"]
    second = visitor.post(path, {"inputs": [{"id": company, "after": after}]}).json()["results"][0]
    assert (len(first["to"]), len(second["to"])) == (500, 100)
    inline = visitor.get(f"/crm/objects/2026-03/companies/{company}", associations="contacts").json()
    assert len(inline["associations"]["contacts"]["results"]) == 100
    assert "paging" in inline["associations"]["contacts"]
