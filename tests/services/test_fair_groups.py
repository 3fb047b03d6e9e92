"""Fields over which figures are compared: named by an admin, followed by the next training, told with the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import FieldDefinition, FieldRole, FieldType
from connector.services import acts, fairness, pipeline
from connector.store import connections, fields, tenants
from connector.store.tables import models
from scoring.cards.blocks import Paragraph
from tests.databases import sqlite_store
from tests.services.office import Office, moved, opened


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(tmp_path_factory.mktemp("fair"), tried=False) as made:
        yield made


@pytest.fixture
def office(original: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A tenant after its first run."""
    store = sqlite_store(tmp_path / "office.db")
    yield moved(original, store, monkeypatch)
    store.close()


def named(office: Office) -> list[str]:
    """What is named."""
    with office.world.services.store.reading() as session:
        return tenants.get(session, office.tenant_id).settings.attributes


def said(office: Office) -> str:
    """What stands first in the section of the model that scores."""
    with office.world.services.store.reading() as session:
        report = session.execute(sa.select(models.c.report).where(models.c.status == "champion")).scalar_one()
        first, *_ = fairness.told(session, office.tenant_id, report)
    assert isinstance(first, Paragraph)
    return first.text


def test_what_is_named_is_compared_by_the_next_model_and_read_by_none(office: Office) -> None:
    """The training is told of it; scores and what models may see stay as they were."""
    services, shown = office.world.services, office.shown()
    assert "No field is chosen" in said(office)
    with acts.asked_by("Olga (user 1)"):
        assert fairness.choose(services, office.tenant_id, "city", on=True)
    assert not fairness.choose(services, office.tenant_id, "city", on=True)
    assert office.said("set fairness") == [
        {"action": "set fairness", "by": "Olga (user 1)", "attributes": ["city"]},
    ]
    assert said(office).endswith("compared from the next one on: City.")
    assert office.run(pipeline.REFRESH).error is None
    assert office.shown() == shown
    office.run(pipeline.RETRAIN)
    assert list(office.model.wanted[0].attributes) == []
    assert list(office.model.wanted[-1].attributes) == ["city"]
    with services.store.transaction() as session:
        told = {"segments": [{"attribute": "fakecrm.city", "groups": [], "gaps": [], "sentence": "All alike."}]}
        session.execute(sa.update(models).values(report=told))
    assert said(office) == "Chosen to be compared over: City."
    assert fairness.choose(services, office.tenant_id, "city", on=False)
    assert named(office) == []


def test_only_what_parts_people_and_names_nobody_is_offered(office: Office) -> None:
    """Neither ours, nor a system's, nor names; a salutation is a choice, although it is a person's."""
    services = office.world.services
    more = [
        FieldDefinition("salutation", "Salutation", FieldType.CATEGORY, personal=True),
        FieldDefinition("region", "Region", FieldType.TEXT),
        FieldDefinition("given", "Given name", FieldType.CATEGORY, role=FieldRole.FIRST_NAME),
        FieldDefinition("born", "Born", FieldType.DATE),
        FieldDefinition("lead_score", "Lead score", FieldType.NUMBER, own=True),
    ]
    with services.store.transaction() as session:
        fields.save(session, office.tenant_id, connections.newest(session).id, more)
    with services.store.reading() as session:
        offered = [one.name for one in fairness.offered(fields.of_tenant(session, office.tenant_id))]
    assert {"city", "size", "region", "salutation"} <= set(offered)
    assert not {"email", "status", "given", "born", "lead_score"} & set(offered)
    for name in ("email", "status", "given", "nothing", ""):
        with pytest.raises(RejectedInput, match="offered fields"):
            fairness.choose(services, office.tenant_id, name, on=True)


def test_one_field_too_many_is_refused_and_one_that_is_gone_can_be_stopped(office: Office) -> None:
    """Each costs a training some seconds."""
    services = office.world.services
    more = [FieldDefinition(f"group{number}", f"Group {number}", FieldType.CATEGORY) for number in range(fairness.MOST)]
    with services.store.transaction() as session:
        fields.save(session, office.tenant_id, connections.newest(session).id, more)
    for one in more:
        fairness.choose(services, office.tenant_id, one.name, on=True)
    with pytest.raises(RejectedInput, match="At most 10 fields"):
        fairness.choose(services, office.tenant_id, "city", on=True)
    with services.store.transaction() as session:
        session.execute(sa.text("DELETE FROM fields WHERE name = 'group3'"))
    with services.store.reading() as session:
        settings = tenants.get(session, office.tenant_id).settings
        found = {one.name: one.known for one in fairness.named(fields.of_tenant(session, office.tenant_id), settings)}
    assert [name for name, known in found.items() if not known] == ["group3"]
    fairness.choose(services, office.tenant_id, "group3", on=False)
    assert len(named(office)) == fairness.MOST - 1
