"""The app for HubSpot: whole, in step with what asks for scopes, writes the properties and answers its requests."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.hubspot.app import CAPABILITIES
from connector.adapters.hubspot.score_fields import DEFINITIONS, PREFIXES
from connector.adapters.hubspot.webhooks import parse
from connector.records import Tier
from connector.services.card_requests import AccountState
from connector.services.cards import Card
from connector.web import card_words

ROOT = Path(__file__).resolve().parents[3] / "connector/vendor_apps/hubspot"
SRC = ROOT / "src"
METAS = sorted(SRC.rglob("*-hsmeta.json"))
ORIGIN = "${CONNECTOR_ORIGIN}"


def load(path: Path) -> dict[str, Any]:
    """A file's JSON object."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


APP = load(SRC / "app/app-hsmeta.json")["config"]
HOOKS = load(SRC / "app/webhooks/webhooks-hsmeta.json")["config"]


def test_the_app_asks_for_the_adapters_scopes_and_no_other() -> None:
    """In the same order, so that the two are easily compared."""
    assert APP["auth"]["type"] == "oauth"
    assert APP["auth"]["requiredScopes"] == list(CAPABILITIES.scopes)
    assert APP["auth"]["optionalScopes"] == list(CAPABILITIES.optional_scopes)
    assert APP["auth"]["conditionallyRequiredScopes"] == []


def test_it_leads_to_the_connector_alone() -> None:
    """No address is written down: each installation of the connector has its own, as one variable of a profile."""
    assert APP["distribution"] == "marketplace"
    assert APP["auth"]["redirectUrls"] == [f"{ORIGIN}/oauth/hubspot/callback"]
    assert APP["permittedUrls"] == {"fetch": [ORIGIN], "iframe": [], "img": []}
    assert HOOKS["settings"]["targetUrl"] == f"{ORIGIN}/webhooks/hubspot"
    variables = set(load(SRC / "hsprofile.example.json")["variables"])
    for path in METAS:
        text = path.read_text("utf-8")
        assert set(re.findall(r"\$\{(\w+)\}", text)) <= variables, path
        assert "://" not in text, path
    for path in SRC.rglob("*.ts*"):
        assert "://" not in path.read_text("utf-8"), path


@pytest.mark.parametrize("path", METAS, ids=lambda path: path.name)
def test_each_part_lies_where_its_kind_belongs(path: Path) -> None:
    """As HubSpot's own parser has it; entry points exist and register themselves."""
    folder = {"app": "app", "card": "cards", "settings": "settings", "webhooks": "webhooks"}
    meta = load(path)
    assert path.parent.name == folder[meta["type"]]
    entry = meta["config"].get("entrypoint")
    if entry is None:
        return
    source = (SRC / entry.lstrip("/")).read_text("utf-8")
    place = meta["config"].get("location", "settings")
    assert f"hubspot.extend<'{place}'>" in source
    own = load(path.parent / "package.json")["dependencies"]
    tools = load(ROOT / "package.json")["devDependencies"]
    assert own == {name: tools[name] for name in own}


def test_cards_stand_on_contacts_in_both_places() -> None:
    cards = [load(path)["config"] for path in METAS if load(path)["type"] == "card"]
    assert {card["location"] for card in cards} == {"crm.record.tab", "crm.record.sidebar"}
    assert all(card["objectTypes"] == ["contacts"] for card in cards)
    assert len({load(path)["uid"] for path in METAS}) == len(METAS)


def test_the_webhooks_are_those_that_the_adapter_reads() -> None:
    """Erasures and merges among them, and never a property of ours: each score would announce itself."""
    told = [*HOOKS["subscriptions"]["legacyCrmObjects"], *HOOKS["subscriptions"]["hubEvents"]]
    kinds = {one["subscriptionType"] for one in told}
    assert {"contact.creation", "contact.deletion", "contact.merge", "contact.privacyDeletion"} <= kinds
    assert not [one for one in told if "lead_score" in one.get("propertyName", "")]
    for kind in kinds:
        event = {"subscriptionType": kind, "portalId": 1, "objectId": 2, "occurredAt": 1693657560000}
        (hint,) = parse(json.dumps([event | {"primaryObjectId": 2}]).encode())
        assert (hint.record_id, hint.erased) == ("2", kind == "contact.privacyDeletion")


def test_the_card_falls_back_to_the_properties_that_are_written() -> None:
    """Under every name that they may have been given."""
    source = (SRC / "app/cards/parts/properties.ts").read_text("utf-8")
    names = re.search(r"const NAMES = \[([^\]]*)\]", source)
    prefixes = re.search(r"const PREFIXES = \[([^\]]*)\]", source)
    assert names
    assert prefixes
    assert {f"lead_{name}" for name in re.findall(r"'(\w+)'", names[1])} == set(DEFINITIONS)
    assert re.findall(r"'(\w*)'", prefixes[1]) == list(PREFIXES)


def members(file: str, interface: str) -> set[str]:
    """The names of an interface's own members."""
    source = (SRC / "app" / file).read_text("utf-8")
    found = re.search(rf"interface {interface} {{\n(.*?)\n}}", source, re.DOTALL)
    assert found
    return set(re.findall(r"^  (\w+):", found[1], re.MULTILINE))


def test_the_card_reads_what_it_is_told() -> None:
    """The names in TypeScript are those of the answers."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    parts = {"reasons": (), "by_hand": None, "change": None, "last_action": None, "low": None, "high": None}
    card = Card(
        lead_id=1,
        score=Decimal(0),
        tier=Tier.LOW,
        probability=0.5,
        too_little_known=False,
        data_as_of=at,
        scored_at=at,
        stale=False,
        model="m",
        entry=1,
        **parts,
    )  # type: ignore[arg-type]
    unread = {"lead", "link"}
    assert members("cards/parts/connector.ts", "Told") | unread == set(card_words.shown(card)) | {"link"}
    state = AccountState("A", True, None, None, "", {}, 0, 0, 0)
    assert members("settings/account.ts", "Account") == set(card_words.account(state)) | {"link"}


def test_the_lock_names_no_place_to_download_from() -> None:
    """Versions are exact, and each is the registry's that whoever installs has chosen."""
    lock = load(ROOT / "package-lock.json")
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in lock["packages"][""]["devDependencies"].values())
