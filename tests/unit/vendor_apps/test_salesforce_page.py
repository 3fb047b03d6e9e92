"""The component on the record pages and what it stands on: nothing is named that is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from connector.adapters.salesforce.score_fields import PERSONS
from connector.records import EventKind, Tier
from connector.services.cards import Action, ByHand, Card
from connector.services.feedback.reasons import DOWN, LONGEST_NOTE, UP
from connector.web import card_calls, card_words
from tests.unit.vendor_apps.package import APP, ROOT, SPACE, XML, plain, source, texts, tree

PLACE = "https://scores.example.com"
"""Stands for the operator's own address until the package is made."""

CLASSES = {path.stem: path.read_text("utf-8") for path in (APP / "classes").glob("*.cls")}
TESTS = {name: code for name, code in CLASSES.items() if "@IsTest" in code}
CODE = {name: code for name, code in CLASSES.items() if name not in TESTS}
SCRIPTS = {path: path.read_text("utf-8") for path in (APP / "lwc").glob("*/*.js")}
SCRIPT = "\n".join(SCRIPTS.values())
USER = APP / "permissionsets/Lead_Scoring_User.permissionset-meta.xml"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CARD = Card(
    *(7, Decimal("87.5"), Tier.HIGH_INTENT, 0.31, 0.24, 0.39),
    too_little_known=False,
    reasons=("One.",),
    by_hand=ByHand(Decimal("20.0"), Tier.LOW, AT, None),
    change=None,
    last_action=Action(EventKind.EMAIL_OPENED, AT),
    data_as_of=AT,
    scored_at=AT,
    stale=False,
    model="model_v20260301",
    entry=1,
)


def fields(source_object: str) -> set[str]:
    """The custom fields of an object."""
    return {path.name.split(".")[0] for path in (APP / f"objects/{source_object}/fields").iterdir()}


def fields_in_code() -> Iterator[tuple[str, str, str]]:
    """(where, object, custom field) of every place in the component and the Apex that names one."""
    for found in re.finditer(r"@salesforce/schema/(\w+)\.(\w+)", SCRIPT):
        yield "component", found[1], found[2]
    for name, code in CLASSES.items():
        for found in re.finditer(r"SELECT ([\w, ]+) FROM (\w+)", code):
            yield from ((name, found[2], field) for field in found[1].split(", ") if field.endswith("__c"))
        for field in re.findall(r"[sS]ettings(?:\.|__c\.getOrgDefaults\(\)\.)(\w+__c)", code):
            yield name, "Lead_Score_Settings__c", field


def fields_in_metadata() -> Iterator[tuple[str, str, str]]:
    """The same of list views, layouts, permission sets and the flow."""
    for kind, elements in (("listViews", ("columns", "field")), ("compactLayouts", ("fields",))):
        for path in APP.glob(f"objects/*/{kind}/*.xml"):
            for name in (name for element in elements for name in texts(path, element) if name.endswith("__c")):
                yield path.name, path.parts[-3], name
    for path in APP.glob("permissionsets/*.xml"):
        for name in (plain(item)["field"] for item in tree(path).iter(SPACE + "fieldPermissions")):
            yield path.name, *name.split(".")
    for path in APP.glob("flows/*.xml"):
        ours = re.findall(r"(?:\$Record\.|<field>)(\w+__c)", path.read_text("utf-8"))
        yield from ((path.name, plain(tree(path))["start"]["object"], name) for name in ours)


def test_every_field_that_is_named_is_there() -> None:
    """By a misspelt name Salesforce would refuse the package, or a page would stay empty."""
    found = [*fields_in_code(), *fields_in_metadata()]
    places = {"component", "LeadScoreCard", "LeadScoreRequest", "Lead_Score_High_Intent.flow-meta.xml", USER.name}
    assert {where for where, *_ in found} >= places
    assert [each for each in found if each[2] not in fields(each[1])] == []


def test_every_label_that_is_named_is_there_and_is_named() -> None:
    """English texts within Salesforce's sizes; a label that nothing shows is for nobody to translate."""
    named = {*re.findall(r"@salesforce/label/c\.(\w+)", SCRIPT)}
    named |= {*re.findall(r"\bLabel\.(\w+)", "\n".join(CODE.values()))}
    path = APP / "labels/CustomLabels.labels-meta.xml"
    labels = {item["fullName"]: item for item in (plain(found) for found in tree(path).iter(SPACE + "labels"))}
    assert {*labels} == named
    assert all(len(item["shortDescription"]) <= 80 and len(item["value"][0]) <= 1000 for item in labels.values())
    assert {item["language"] for item in labels.values()} == {"en_US"}
    for code, reason in {**UP, **DOWN}.items():
        assert labels[f"LeadScore_Reason_{code}"]["value"] == [reason]


def test_the_thumb_offers_the_reasons_that_are_counted() -> None:
    """And, where the reason was left open, one of them."""
    reasons = source("lwc/leadScoreThumb/reasons.js")
    up, down = reasons.split("down: [")
    assert re.findall(r'value: "(\w+)"', up) == [*UP]
    assert re.findall(r'value: "(\w+)"', down) == [*DOWN]
    (open_up, open_down) = re.findall(r'OPEN = \{ up: "(\w+)", down: "(\w+)" \}', reasons)[0]
    assert open_up in UP
    assert open_down in DOWN
    assert f'max-length="{LONGEST_NOTE}"' in source("lwc/leadScoreThumb/leadScoreThumb.html")
    assert f"LONGEST_NOTE = {LONGEST_NOTE};" in CODE["LeadScoreCard"]


def test_the_component_reads_what_the_card_tells() -> None:
    """Names of the answer, those of its parts, and those of the answer that the component's own tests give."""
    shown = json.loads(json.dumps(card_words.shown(CARD)))
    html = source("lwc/leadScore/leadScore.html")
    read = re.findall(r"details\.(\w+)\??\.?(\w+)?", html + source("lwc/leadScore/leadScore.js"))
    assert {name for name, _ in read} - {*shown} == {"sentence"}, "the sentence comes where there is no score"
    parts = {name: value for name, value in shown.items() if isinstance(value, dict)}
    assert [(name, part) for name, part in read if name in parts and part and part not in parts[name]] == []
    assert {"words", "percent", "interval"} <= {*parts["chance"]}
    (given,) = re.findall(
        r"^const CARD = \{\n(.*?)^\};", source("lwc/leadScore/__tests__/leadScore.test.js"), re.M | re.S
    )
    assert {*re.findall(r"^  (\w+):", given, re.M)} <= {*shown}


def test_the_apex_asks_where_the_connector_answers_and_says_what_it_reads() -> None:
    """The two addresses beneath the connection's own, and the keys of a call."""
    card = CODE["LeadScoreCard"]
    app = Flask("any")
    app.register_blueprint(card_calls.endpoint)
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    assert {f"/webhooks/<vendor>/<key>{path}" for path in re.findall(r"ask\('(/\w+)'", card)} <= routes
    keys = {*re.findall(r"'(\w+)' =>", card), *re.findall(r"put\('(\w+)'", card)}
    assert keys == {"record", "user", "thumb", "reason", "note"}


def test_what_the_component_calls_is_open_to_its_users() -> None:
    """The class in the permission set, each method of it for components, and the credential's principal."""
    called = {*re.findall(r"@salesforce/apex/(\w+)\.(\w+)", SCRIPT)}
    assert {name for name, _ in called} == {*texts(USER, "apexClass")}
    for name, method in called:
        assert re.search(rf"@AuraEnabled\n    public static \w+ {method}\(", CODE[name])
    (credential,) = set(re.findall(r"callout:(\w+)", "\n".join(CODE.values())))
    named = plain(tree(APP / f"namedCredentials/{credential}.namedCredential-meta.xml"))
    external = named["namedCredentialParameters"]["externalCredential"]
    path = APP / f"externalCredentials/{external}.externalCredential-meta.xml"
    (principal,) = [
        item["parameterName"]
        for item in (plain(found) for found in tree(path).iter(SPACE + "externalCredentialParameters"))
        if item["parameterType"] == "NamedPrincipal"
    ]
    assert texts(USER, "externalCredentialPrincipal") == [f"{external}-{principal}"]


def test_no_host_and_no_secret_is_in_the_package() -> None:
    """But for one place-holder, which the operator's address replaces in every file that has it."""
    replaced = {
        ROOT / item["filename"]: (item["stringToReplace"], item["replaceWithEnv"])
        for item in json.loads((ROOT / "sfdx-project.json").read_text("utf-8"))["replacements"]
    }
    holding = {path for path in XML if PLACE in path.read_text("utf-8")}
    assert replaced == dict.fromkeys(holding, (PLACE, "CONNECTOR_PUBLIC_URL"))
    for path in (path for path in APP.rglob("*") if path.is_file()):
        hosts = {*re.findall(r"https?://(\w[\w.-]*)", path.read_text("utf-8"))} - {"soap.sforce.com"}
        assert hosts <= {"scores.example.com"}, path
        assert path in holding or not hosts or path.stem in TESTS, path
    assert not re.search(r"(?i)(secret|password|token)\w*\s*=\s*'", "\n".join(CODE.values()))


@pytest.mark.parametrize("name", sorted(CODE))
def test_the_apex_is_tested_and_keeps_to_the_users_rights(name: str) -> None:
    """Compiled only in an org: here is held what a reviewer looks for first."""
    code = CODE[name]
    assert any(f"{name}." in test or f"new {name}(" in test for test in TESTS.values()), "a test class uses it"
    assert re.search(rf"^(public|global) with sharing class {name} ", code, re.M)
    assert all("WITH USER_MODE" in query for query in re.findall(r"\[SELECT.*?\]", code, re.S))
    for loop in re.findall(r"\bfor \(.*?\{(.*?)\n        \}", code, re.S):
        assert not re.search(r"\[SELECT|\b(insert|update|upsert|delete) |enqueueJob|\.send\(", loop), "bulk-safe"


@pytest.mark.parametrize("name", sorted(TESTS))
def test_the_apex_tests_claim_something(name: str) -> None:
    """Each says what it expects, and none leans on the org's own data."""
    methods = re.split(r"@IsTest\n    static void ", TESTS[name])[1:]
    assert methods
    assert all(re.search(r"Assert\.\w+\(|System\.assert", method) for method in methods)
    assert "SeeAllData" not in TESTS[name]


def test_the_component_can_be_put_on_the_pages_of_leads_and_contacts() -> None:
    """And is part of nothing else."""
    path = APP / "lwc/leadScore/leadScore.js-meta.xml"
    assert texts(path, "target") == ["lightning__RecordPage"]
    assert texts(path, "object") == [*PERSONS]
    assert plain(tree(path))["isExposed"] is True
    assert plain(tree(APP / "lwc/leadScoreThumb/leadScoreThumb.js-meta.xml"))["isExposed"] is False


@pytest.mark.parametrize("person", PERSONS)
def test_list_views_show_the_score_and_ask_for_the_tier(person: str) -> None:
    """Of everybody whom the user may see."""
    views = APP / f"objects/{person}/listViews"
    for path in views.iterdir():
        assert {"Lead_Score__c", "Lead_Score_Tier__c", "Lead_Score_Updated_At__c"} <= {*texts(path, "columns")}
    high = views / "Lead_Score_High_Intent.listView-meta.xml"
    assert plain(next(tree(high).iter(SPACE + "filters"))) == {
        "field": "Lead_Score_Tier__c",
        "operation": "equals",
        "value": [Tier.HIGH_INTENT.value],
    }


def test_versions_of_node_packages_are_exact_and_name_no_host() -> None:
    """What was checked is what is installed again, from wherever that is."""
    needed = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in needed.values())
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text("utf-8")


def test_scripts_are_where_the_components_are() -> None:
    """Nothing reads an address, a cookie or markup by itself."""
    assert {path.parent.name for path in SCRIPTS} == {"leadScore", "leadScoreThumb"}
    assert not re.search(r"innerHTML|document\.|window\.|fetch\(|eval\(", SCRIPT)


def test_files_are_small() -> None:
    """A person reads each of them at a sitting."""
    assert all(len(Path(path).read_text("utf-8").splitlines()) <= 250 for path in (*SCRIPTS, *APP.rglob("*.cls")))
