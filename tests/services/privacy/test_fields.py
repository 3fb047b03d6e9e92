"""What models may see of the accounts' fields: by sensitivity, and by an admin's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.adapters.enrichment.registry import UPLOAD
from connector.records import Actor, EngagementEvent, EventKind, FieldDefinition, FieldType, Page, PropertyChange
from connector.services import snapshot
from connector.services.enrichment import sources, uploading
from connector.services.privacy.elsewhere import TEXTS
from connector.services.privacy.fields import decide, decide_elsewhere
from connector.services.privacy.sensitivity import Sensitivity
from connector.services.reports.fields import FieldLine, field_lines
from connector.store import fields, tenants
from connector.store.session import Store
from connector.store.tables import ledger_payloads
from tests.services.privacy.people import ANA, BEN, People, people, told

FIELDS = (
    FieldDefinition("city", "City", FieldType.CATEGORY),
    FieldDefinition("mail", "E-mail", FieldType.TEXT, personal=True),
    FieldDefinition("HealthStatus__c", "Status", FieldType.CATEGORY),
    FieldDefinition("stage", "Stage", FieldType.CATEGORY, system=True),
)


@pytest.fixture
def made(store: Store) -> People:
    """An account with such fields; Ana has all of them."""
    found = people(store)
    with store.transaction() as session:
        fields.save(session, found.tenant_id, found.account.id, FIELDS)
    known = told(ANA).records[0]
    values = {"city": "Porto", "mail": "ana@firm.com", "HealthStatus__c": "poor", "stage": "new"}
    page = Page(
        cursor={},
        drained=True,
        records=(replace(known, properties=values),),
        changes=tuple(PropertyChange(ANA, name, value, known.created_at) for name, value in values.items()),
    )
    found.read(page)
    return found


def _seen(made: People) -> set[str]:
    """Return the values that models see."""
    with made.services.store.reading() as session:
        settings = tenants.get(session, made.tenant_id).settings
    history = snapshot.history(made.services, made.tenant_id, settings)
    return set(history.values["value"]) | {field.name for field in history.fields if field.blocked}


def _line(made: People, name: str) -> FieldLine:
    return next(line for line in field_lines(made.services, made.tenant_id) if line.name == name)


def test_special_categories_wait_for_an_admin(made: People) -> None:
    """Their values reach no model before; the word is kept when the fields are read again, and can be taken back."""
    assert "poor" not in _seen(made)
    assert "Porto" in _seen(made)
    line = _line(made, "HealthStatus__c")
    assert (line.sensitivity, line.used, line.allowed, line.decidable) == (Sensitivity.SPECIAL, False, None, True)
    assert "special category" in line.why
    assert decide(made.services, made.tenant_id, made.account.id, "HealthStatus__c", True)
    with made.services.store.transaction() as session:
        fields.save(session, made.tenant_id, made.account.id, FIELDS)
        bodies = session.execute(sa.select(ledger_payloads.c.body)).scalars().all()
    assert any("HealthStatus__c" in body and "allowed" in body for body in bodies)
    assert "poor" in _seen(made)
    assert decide(made.services, made.tenant_id, made.account.id, "HealthStatus__c", None)
    assert "poor" not in _seen(made)


def test_an_admin_leaves_out_what_they_want(made: People) -> None:
    """But nobody lets a model see what names a person, or what means the outcome."""
    assert decide(made.services, made.tenant_id, made.account.id, "city", False)
    assert "Porto" not in _seen(made)
    assert _line(made, "city").why == "left out by an admin"
    for name in ("mail", "stage", "unknown"):
        assert not decide(made.services, made.tenant_id, made.account.id, name, True)
    assert not decide(made.services, made.account.id, made.account.id, "city", None)
    assert "ana@firm.com" not in _seen(made)
    assert _line(made, "mail").sensitivity is Sensitivity.PERSONAL
    assert not _line(made, "mail").decidable


def test_the_list_tells_how_filled_a_field_is(made: People) -> None:
    """One of two people has a status, both a city."""
    assert _line(made, "HealthStatus__c").fill == 0.5
    assert _line(made, "city").fill == 1.0
    assert made.known() == {ANA, BEN}


TELLING = {
    "health_condition": ("Condition", True),
    "cf_12": ("Religion", True),
    "cf_13": ("Gewerkschaft", True),
    "Ethnicity__c": ("Ethnicity", True),
    "hasDisability": ("", True),
    "customer_health_score": ("Customer health score", False),
    "partner": ("Third party", False),
    "trace_id": ("Trace", False),
    "industry": ("Healthcare", False),
    "unioned_at": ("United at", False),
}
"""Name → label, and whether they tell of a special category."""


def test_names_and_labels_tell(made: People) -> None:
    """Whole words, in several languages, however a CRM writes names."""
    found = [FieldDefinition(name, label, FieldType.TEXT) for name, (label, _) in TELLING.items()]
    with made.services.store.transaction() as session:
        fields.save(session, made.tenant_id, made.account.id, found)
    lines = {line.name: line.sensitivity is Sensitivity.SPECIAL for line in field_lines(made.services, made.tenant_id)}
    assert {name: lines[name] for name in TELLING} == {name: special for name, (_, special) in TELLING.items()}


def test_a_column_of_a_file_is_screened_as_a_field_is(made: People) -> None:
    """A fact that tells of a special category reaches no model before an admin allows it; others may be left out."""
    sources.turn_on(made.services, made.tenant_id, UPLOAD)
    facts = b"domain,religion,motto\nfirm.com,quaker,simplicity\n"
    uploading.upload(made.services, made.tenant_id, facts, "religion = religion:category\nmotto = motto:category")
    assert "simplicity" in _seen(made)
    assert "quaker" not in _seen(made)
    assert "upload.religion" in _seen(made)
    line = _line(made, "upload.religion")
    assert (line.sensitivity, line.used, line.allowed, line.decidable) == (Sensitivity.SPECIAL, False, None, True)
    assert "special category" in line.why
    assert decide_elsewhere(made.services, made.tenant_id, "upload.religion", True)
    assert decide_elsewhere(made.services, made.tenant_id, "upload.motto", False)
    assert "quaker" in _seen(made)
    assert "simplicity" not in _seen(made)
    assert _line(made, "upload.motto").why == "left out by an admin"
    with made.services.store.transaction() as session:
        bodies = session.execute(sa.select(ledger_payloads.c.body)).scalars().all()
    assert any("upload.religion" in body and "allowed" in body for body in bodies)
    assert decide_elsewhere(made.services, made.tenant_id, "upload.religion", None)
    assert "quaker" not in _seen(made)
    assert not decide_elsewhere(made.services, made.tenant_id, "upload.unknown", True)


def _details(made: People) -> set[str | None]:
    """Return what models see of the texts of what people did."""
    with made.services.store.reading() as session:
        settings = tenants.get(session, made.tenant_id).settings
    return set(snapshot.history(made.services, made.tenant_id, settings).events["detail"])


def test_texts_of_what_people_did_wait_for_an_admin_as_well(made: People) -> None:
    """A page, a form or a campaign may tell of a special category; that something happened stays."""
    at = told(ANA).records[0].created_at
    texts = ("/pricing", "/jobs/disability-benefits", "Pregnancy newsletter", "/help/sant%C3%A9", "/health-score")
    acts = [
        EngagementEvent("s", str(n), EventKind.PAGE_VIEW, at, Actor.LEAD, ANA, detail=text)
        for n, text in enumerate(texts)
    ]
    made.read(Page(cursor={}, drained=True, events=tuple(acts)))
    assert _details(made) >= {"/pricing", "/health-score", None}
    assert _details(made).isdisjoint(texts[1:4])
    assert "special category" in _line(made, TEXTS).why
    assert decide_elsewhere(made.services, made.tenant_id, TEXTS, True)
    assert _details(made) >= set(texts)
    assert _line(made, TEXTS).allowed is True
