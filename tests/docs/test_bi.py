"""What BI tools read: views and files have the documented columns, samples name no other, walls hold through views."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from connector.records import Tier
from connector.services.api import exports
from connector.services.feedback import overriding
from connector.services.feedback.overriding import Wish
from connector.store.migrate import downgrade, upgrade
from connector.store.session import Store, open_store
from connector.store.tables import leads, ledger, models, scores, tenants
from tests import databases
from tests.services.copies import copied, scored_world
from tests.world import World

DOCS = Path(__file__).resolve().parents[2] / "docs"
BI = DOCS / "bi"
MODEL, REPORT = (BI / f"lead_scores.{kind}" / "definition" for kind in ("SemanticModel", "Report"))
VIEWS = ("bi_scores", "bi_score_history", "bi_models", "bi_companies")


def documented() -> dict[str, list[str]]:
    """View (or "files") → its columns as the page has them."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (DOCS / "bi.md").read_text("utf-8").partition("### A role")[0].splitlines():
        if line.startswith(("`bi_", "## ")):
            name = {"## Files": "files"}.get(line, line.split("`")[1] if "`" in line else "")
        elif name and line.startswith("| `"):
            found.setdefault(name, []).append(line.split("`")[1])
    return found


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant whose first run is done."""
    with scored_world(tmp_path_factory.mktemp("bi")) as made:
        yield made


@pytest.fixture
def line(original: World, store: Store) -> World:
    """The same in either database."""
    return copied(original, store)


def everything(view: str) -> sa.Select[tuple[object, ...]]:
    """All of a view."""
    return sa.select(sa.text("*")).select_from(sa.table(view))


def read(store: Store, view: str, whose: UUID | None = None) -> list[dict[str, object]]:
    """All rows of a view."""
    with store.reading(whose) as session:
        return [dict(row._mapping) for row in session.execute(everything(view))]


def test_the_columns_are_the_documented_ones(line: World) -> None:
    """In their order."""
    store, told = line.services.store, documented()
    assert list(told) == ["files", *VIEWS]
    assert told["files"] == exports.SCHEMA.names()
    with store.reading() as session:
        for view in VIEWS:
            assert list(session.execute(everything(view)).keys()) == told[view], view


def test_views_say_what_the_tables_hold(line: World) -> None:
    """Numbers as numbers, times as times (texts in SQLite), reasons as sentences, records by their names."""
    store = line.services.store
    with store.reading() as session:
        held = {row.lead_id: row for row in session.execute(sa.select(scores))}
        entries = session.execute(sa.select(sa.func.count()).where(ledger.c.kind == "scored")).scalar_one()
        version = session.execute(sa.select(models)).one()
    rows = read(store, "bi_scores")
    assert {row["lead_id"] for row in rows} == set(held)
    for row in rows:
        its = held[row["lead_id"]]  # type: ignore[index]
        assert (row["score"], row["probability"], row["tier"]) == (float(its.score), float(its.probability), its.tier)
        assert row["reason_1"] == its.reasons[0]["sentence"]
        assert re.fullmatch(r"fakecrm:101:\d+", str(row["records"]))
        stamp = row["as_of"]
        assert stamp == (its.as_of.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(stamp, str) else its.as_of)
        assert (row["told_score"], row["told_tier"]) == (row["score"], row["tier"])
    history = read(store, "bi_score_history")
    assert len(history) == entries
    current = {row["lead_id"]: (row["score"], row["tier"], row["model"]) for row in history}
    assert current == {row["lead_id"]: (row["score"], row["tier"], row["model"]) for row in rows}
    (model,) = read(store, "bi_models")
    report = version.report
    assert (model["model"], model["verdict"], model["kind"]) == (
        version.version,
        report["verdict"]["state"],
        report["kind"],
    )
    assert (model["rows"], model["conversions"]) == (report["rows"], report["conversions"])
    assert model["auc"] == pytest.approx(report["metrics"]["auc"]["value"])
    companies = read(store, "bi_companies")
    assert companies
    assert {row["best_lead_id"] for row in companies} <= set(held)


def test_a_persons_word_stands_beside_the_models_score(line: World) -> None:
    """As CRMs are told it: a score where one was set, else the model's."""
    store = line.services.store
    with store.reading() as session:
        (tenant,) = session.execute(sa.select(tenants.c.id)).scalars()
        first, second = session.execute(sa.select(scores.c.lead_id).order_by(scores.c.score).limit(2)).scalars()
    for lead, score in ((first, Decimal("99.5")), (second, None)):
        overriding.set_by_hand(line.services, tenant, lead, Wish(Tier.HIGH_INTENT, score, "strategic", ""))
    rows = {row["lead_id"]: row for row in read(store, "bi_scores")}
    assert (rows[first]["told_score"], rows[first]["told_tier"]) == (99.5, "High-Intent")
    assert (rows[second]["told_score"], rows[second]["told_tier"]) == (rows[second]["score"], "High-Intent")
    assert rows[first]["tier"] != "High-Intent"


def test_the_way_back_leaves_no_view(store: Store) -> None:
    """And there again they are."""
    downgrade(store, "0023")
    assert sa.inspect(store.engine).get_view_names() == []
    upgrade(store)
    assert set(sa.inspect(store.engine).get_view_names()) == set(VIEWS)


def statements(role: str, tenant_id: UUID) -> list[str]:
    """What the page has an operator run, for a role and a tenant."""
    text = (DOCS / "bi.md").read_text("utf-8").partition("```sql\n")[2].partition("```")[0]
    text = text.replace("00000000-0000-0000-0000-000000000000", str(tenant_id)).replace("reporting", role)
    return [line for line in text.split(";\n") if line]


def test_a_role_of_ones_own_reads_one_tenant_whatever_it_sets(original: World, postgres_store: Store) -> None:
    """Made as the page says; what the page does not name is closed to it."""
    line, store, role = copied(original, postgres_store), postgres_store, f"reader_{uuid4().hex[:8]}"
    with store.transaction() as session:
        mine = session.execute(sa.select(tenants.c.id)).scalar_one()
        other = uuid4()
        row = session.execute(sa.select(tenants)).mappings().one()
        session.execute(sa.insert(tenants), {**row, "id": other})
        lead = {"tenant_id": other, "key": "theirs", "created_at": line.clock.now()}
        lead_id = session.execute(sa.insert(leads).values(lead).returning(leads.c.id)).scalar_one()
        score = session.execute(sa.select(scores).limit(1)).mappings().one()
        session.execute(sa.insert(scores), {**score, "lead_id": lead_id, "tenant_id": other})
    rights, policies = (
        [line for line in statements(role, mine) if line.startswith("CREATE POLICY") is policy]
        for policy in (False, True)
    )
    assert len(policies) == 8
    run(store, rights)
    engine = sa.create_engine(store.engine.url.set(username=role))
    try:
        # The walls of every transaction hold through a view already.
        for whose, told in ((mine, {mine}), (other, {other}), ("everyone", {mine, other})):
            with engine.connect() as raw:
                raw.exec_driver_sql(f"SET app.tenant = '{whose}'")
                assert {row.tenant_id for row in raw.execute(everything("bi_scores"))} == told
        run(store, policies)
        for whose in (None, str(mine), str(other), "everyone"):
            with engine.connect() as raw:
                if whose:
                    raw.exec_driver_sql(f"SET app.tenant = '{whose}'")
                for view in VIEWS:
                    found = {row.tenant_id for row in raw.execute(everything(view))}
                    assert found == (set() if whose == str(other) else {mine}), (whose, view)
        with engine.connect() as raw, pytest.raises(ProgrammingError, match="permission denied"):
            raw.exec_driver_sql("SELECT email FROM records")
    finally:
        engine.dispose()
        run(store, [f"DROP OWNED BY {role}", f"DROP ROLE {role}"])


def run(store: Store, several: list[str]) -> None:
    """Run statements as the owner of the tables."""
    with store.transaction() as session:
        for statement in several:
            session.exec_driver_sql(statement)


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """A migrated database on PostgreSQL: walls are there alone."""
    with databases.postgres_database(postgres_url) as url:
        opened = open_store(url)
        yield opened
        opened.close()


def test_the_tableau_source_is_xml_and_names_columns_of_the_view() -> None:
    """All of them but the tenant's."""
    root = ElementTree.parse(BI / "lead_scores.tds").getroot()  # noqa: S314 # our own file
    assert root.tag == "datasource"
    (relation,) = root.iter("relation")
    (named,) = root.iter("named-connection")
    assert relation.get("table") == "[public].[bi_scores]"
    assert relation.get("connection") == named.get("name")
    names = [str(column.get("name")).strip("[]") for column in root.iter("column")]
    assert names == documented()["bi_scores"][1:]


def test_the_tableau_workbook_has_that_source_and_two_sheets_of_its_columns() -> None:
    """A sheet is of columns of the source alone, as the source has them, and lies in a window."""
    source = ElementTree.parse(BI / "lead_scores.tds").getroot()  # noqa: S314 # our own file
    book = ElementTree.parse(BI / "lead_scores.twb").getroot()  # noqa: S314 # our own file
    (inside,) = book.findall("datasources/datasource")
    assert written(inside) == written(source)
    columns = {column.get("name"): column.attrib for column in source.iter("column")}
    sheets = book.findall("worksheets/worksheet")
    names = ["Leads by tier", "Expected conversions by tier"]
    assert [sheet.get("name") for sheet in sheets] == names
    assert [window.get("name") for window in book.findall("windows/window")] == names
    for sheet in sheets:
        (uses,) = sheet.iter("datasource-dependencies")
        assert uses.get("datasource") == inside.get("name")
        assert all(columns[column.get("name")] == column.attrib for column in uses.findall("column"))
        pills = {f"[{inside.get('name')}].{pill.get('name')}" for pill in uses.findall("column-instance")}
        assert {pill.get("column") for pill in uses.findall("column-instance")} <= set(columns)
        assert {sheet.findtext("table/rows"), sheet.findtext("table/cols")} == pills


def test_the_power_bi_project_loads_the_columns_and_shows_what_it_loads() -> None:
    """Its query is the sample's; measures are of columns; each page has one chart of columns and measures."""
    project = told("lead_scores.pbip")
    report = BI / project["artifacts"][0]["report"]["path"]
    assert report == REPORT.parent
    bound = json.loads((report / "definition.pbir").read_text("utf-8"))["datasetReference"]["byPath"]["path"]
    assert (report / bound).resolve() == MODEL.parent
    assert "settings" in told("lead_scores.SemanticModel/definition.pbism")
    table = (MODEL / "tables" / "bi_scores.tmdl").read_text("utf-8")
    assert "ref table bi_scores\n" in (MODEL / "model.tmdl").read_text("utf-8")
    columns = re.findall(r"^\tcolumn (\w+)\n(?:\t\t.*\n)*\t\tsourceColumn: \1$", table, re.MULTILINE)
    assert columns == documented()["bi_scores"][1:]
    query = table.partition("\t\tsource =\n")[2].replace("\t\t\t\t", "")
    sample = (BI / "scores_from_the_view.pq").read_text("utf-8")
    assert query.strip() == sample[sample.index("let\n") :].strip()
    given = re.findall(r"^expression (\w+) =", (MODEL / "expressions.tmdl").read_text("utf-8"), re.MULTILINE)
    assert given == re.findall(r"(\w+) as text", sample)
    measures = dict(re.findall(r"^\tmeasure '?([\w ]+?)'? = (.+)$", table, re.MULTILINE))
    assert set(re.findall(r"\[(\w+)\]", " ".join(measures.values()))) <= set(columns)
    pages = json.loads((REPORT / "pages" / "pages.json").read_text("utf-8"))["pageOrder"]
    shown = {page: shown_on(page) for page in pages}
    assert {path.parent.name for path in REPORT.glob("pages/*/page.json")} == set(pages)
    assert list(shown.values()) == [
        ("Leads by tier", [("Column", "tier"), ("Measure", "Leads")]),
        ("Expected conversions by tier", [("Column", "tier"), ("Measure", "Expected conversions")]),
    ]
    for kind, name in (field for _, fields in shown.values() for field in fields):
        assert name in (columns if kind == "Column" else measures)


def written(element: ElementTree.Element) -> list[str]:
    """What is in an element, whatever the order of attributes and the white space are."""
    return [ElementTree.canonicalize(ElementTree.tostring(part), strip_text=True) for part in element]


def told(name: str) -> Any:
    """A JSON file of the samples."""
    return json.loads((BI / name).read_text("utf-8"))


def shown_on(page: str) -> tuple[str, list[tuple[str, str]]]:
    """What a page is called, and the (kind, name) of what its only chart shows."""
    folder = REPORT / "pages" / page
    (chart,) = folder.glob("visuals/*/visual.json")
    state = json.loads(chart.read_text("utf-8"))["visual"]["query"]["queryState"]
    fields = []
    for projection in (each for role in state.values() for each in role["projections"]):
        ((kind, of),) = projection["field"].items()
        assert of["Expression"]["SourceRef"]["Entity"] == "bi_scores"
        assert projection["queryRef"] == f"bi_scores.{of['Property']}"
        fields.append((kind, of["Property"]))
    named = json.loads((folder / "page.json").read_text("utf-8"))
    assert named["name"] == page
    return named["displayName"], fields


@pytest.mark.parametrize(
    ("name", "of"), [("scores_from_the_api.pq", "files"), ("scores_from_the_view.pq", "bi_scores")]
)
def test_the_power_query_names_the_columns(name: str, of: str) -> None:
    """Brackets are closed; each column is there once."""
    text = (BI / name).read_text("utf-8")
    for opened, closed in ("()", "{}", "[]"):
        assert text.count(opened) == text.count(closed)
    assert text.count('"') % 2 == 0
    found = re.findall(r'^ +\{?"(\w+)"', text, re.MULTILINE)
    assert found == [column for column in documented()[of] if column != "tenant_id"]
    if of == "files":
        assert "api/v1/exports/scores.csv" in text
