"""The package for Salesforce, as files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from connector.adapters.salesforce.values import Json

ROOT = Path(__file__).resolve().parents[3] / "connector/vendor_apps/salesforce"
APP = ROOT / "force-app/main/default"
XML = sorted(APP.rglob("*-meta.xml"))
SPACE = "{http://soap.sforce.com/2006/04/metadata}"


def tree(path: Path) -> ElementTree.Element:
    """The parsed file."""
    return ElementTree.fromstring(path.read_bytes())  # noqa: S314 - our own file


def plain(element: ElementTree.Element) -> Json:
    """Children as a tree of Python values, as the Tooling API takes them."""
    found: Json = {}
    for child in element:
        name, text = child.tag.removeprefix(SPACE), (child.text or "").strip()
        value: object = plain(child) if len(child) else json.loads(text) if _is_json(text) else text
        found[name] = [*found.get(name, []), value] if name == "value" else value
    return found


def texts(path: Path, name: str) -> list[str]:
    """The texts of all elements of a name."""
    return [(element.text or "").strip() for element in tree(path).iter(SPACE + name)]


def source(path: str) -> str:
    """A file of the package as text."""
    return (APP / path).read_text("utf-8")


def _is_json(text: str) -> bool:
    return re.fullmatch(r"true|false|0|[1-9]\d*", text) is not None
