"""A trained model as bytes: no pickle, the same bytes for the same model, refused when in doubt.

One zip container (stored, fixed times, sorted names): ``manifest.json`` (schema version, tenant,
model version, goal, SHA-256 of every other member) and ``content.json`` (feature spec, model,
calibration, score map, tiers, and what was seen in training; models of older programs lack that).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from scoring.bands import Bands
from scoring.calibration import Calibration
from scoring.errors import BundleError
from scoring.features import FeatureSpec, catalogue
from scoring.metrics import Floats
from scoring.models import Model, from_json
from scoring.schema import Complexity, Goal, HighIntent, Timing
from scoring.scoremap import ScoreMap
from scoring.seen import Seen
from scoring.tiers import Tiers
from scoring.worth import Worth

__all__ = ["Bundle", "BundleError", "dumps", "loads"]

SCHEMA_VERSION = 2
"""2: blends of any members, pairs; form 1 is still read."""
_MANIFEST, _CONTENT = "manifest.json", "content.json"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that scoring needs beside a history."""

    tenant: str
    version: str
    goal: Goal
    spec: FeatureSpec
    model: Model
    calibration: Calibration
    score_map: ScoreMap
    tiers: Tiers
    seen: Seen | None = None
    bands: Bands | None = None
    worth: Worth | None = None

    def log_odds(self, matrix: Floats) -> Floats:
        """The calibrated log-odds of leads whose vectors are the rows of ``matrix``."""
        return self.calibration.apply(self.model.log_odds(matrix))

    def at_line(self, line: int | None) -> Bundle:
        """The same with another least score of High-Intent, in tenths; None: its own."""
        return self if line is None else replace(self, tiers=self.tiers.at(line))


def dumps(bundle: Bundle) -> bytes:
    """The container."""
    content = _json(
        {
            "spec": bundle.spec.to_json(),
            "model": bundle.model.to_json(),
            "calibration": bundle.calibration.to_json(),
            "score_map": bundle.score_map.to_json(),
            "tiers": bundle.tiers.to_json(),
        }
        | _optional(seen=bundle.seen, bands=bundle.bands, worth=bundle.worth)
    )
    manifest = _json(
        {
            "schema_version": SCHEMA_VERSION,
            "tenant": bundle.tenant,
            "version": bundle.version,
            "goal": asdict(bundle.goal),
            "kind": bundle.model.kind,
            "sha256": {_CONTENT: hashlib.sha256(content).hexdigest()},
        }
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as container:
        for name, data in sorted(((_CONTENT, content), (_MANIFEST, manifest))):
            container.writestr(zipfile.ZipInfo(name, _FIXED_TIME), data)
    return buffer.getvalue()


def loads(data: bytes, *, tenant: str) -> Bundle:
    """The bundle in ``data``, if it is whole, of this tenant and of a form that this program knows.

    Raises:
        BundleError: saying which of these fails.

    """
    manifest, content = _members(data)
    _checked(manifest, content, tenant)
    try:
        return _bundle(manifest, json.loads(content))
    except (KeyError, TypeError, ValueError, LookupError) as error:
        raise BundleError(
            f"The model bundle is damaged inside: {type(error).__name__}. Train the model again."
        ) from error


def _members(data: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            manifest = json.loads(container.read(_MANIFEST))
            return dict(manifest), container.read(_CONTENT)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, OSError, NotImplementedError) as error:
        raise BundleError("The model bundle is corrupted: it can't be opened. Train the model again.") from error


def _checked(manifest: Mapping[str, Any], content: bytes, tenant: str) -> None:
    version = manifest.get("schema_version")
    if not isinstance(version, int) or version < 1:
        raise BundleError("The model bundle is corrupted: its manifest names no form. Train the model again.")
    if version > SCHEMA_VERSION:
        raise BundleError(
            f"The model bundle has form {version}, this program knows up to {SCHEMA_VERSION}. Update the program."
        )
    if manifest.get("tenant") != tenant:
        raise BundleError("The model bundle belongs to another tenant and was not loaded.")
    hashes = manifest.get("sha256")
    expected = hashes.get(_CONTENT) if isinstance(hashes, dict) else None
    if expected != hashlib.sha256(content).hexdigest():
        raise BundleError("The model bundle is corrupted: its content does not match its hash. Train the model again.")


def _bundle(manifest: Mapping[str, Any], content: Mapping[str, Any]) -> Bundle:
    spec = FeatureSpec.from_json(content["spec"])
    declared = catalogue(spec).features
    unknown = [name for name in spec.columns if name not in declared]
    if unknown:
        raise BundleError(f"The model uses {len(unknown)} features that this program lacks. Train the model again.")
    goal = Goal(**manifest["goal"])
    goal = replace(
        goal,
        timing=Timing(goal.timing),
        complexity=Complexity(goal.complexity),
        high_intent=HighIntent(goal.high_intent),
    )
    return Bundle(
        tenant=str(manifest["tenant"]),
        version=str(manifest["version"]),
        goal=goal,
        spec=spec,
        model=from_json(content["model"]),
        calibration=Calibration.from_json(content["calibration"]),
        score_map=ScoreMap.from_json(content["score_map"]),
        tiers=Tiers.from_json(content["tiers"]),
        seen=Seen.from_json(content["seen"]) if "seen" in content else None,
        bands=Bands.from_json(content["bands"]) if "bands" in content else None,
        worth=Worth.from_json(content["worth"]) if "worth" in content else None,
    )


def _optional(**parts: Seen | Bands | Worth | None) -> dict[str, Any]:
    """The parts that are there: a bundle without them is stored as programs did that knew none."""
    return {name: part.to_json() for name, part in parts.items() if part is not None}


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
