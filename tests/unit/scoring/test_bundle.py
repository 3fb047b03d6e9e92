"""A bundle is refused in words when anything about it is wrong."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from scoring.bundle import dumps, loads
from scoring.errors import BundleError
from scoring.train import train
from tests.unit.scoring.worlds import AS_OF, ORDERED_GOAL, ordered


@pytest.fixture(scope="module")
def data() -> bytes:
    result = train(ordered(300), ORDERED_GOAL, as_of=AS_OF, seed=0, tenant="t1", version="model_v20250101")
    return dumps(result.bundle)


def altered(data: bytes, manifest: dict[str, object]) -> bytes:
    """The container with some entries of its manifest replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return buffer.getvalue()


def test_what_was_stored_comes_back(data: bytes) -> None:
    """Storing the loaded bundle gives the same bytes."""
    assert dumps(loads(data, tenant="t1")) == data


def test_another_tenants_bundle_is_refused(data: bytes) -> None:
    """Never score one tenant's leads with another's model."""
    with pytest.raises(BundleError, match="another tenant"):
        loads(data, tenant="t2")


def test_a_newer_form_is_refused(data: bytes) -> None:
    """The words say to update the program."""
    with pytest.raises(BundleError, match="Update the program"):
        loads(altered(data, {"schema_version": 99}), tenant="t1")


@pytest.mark.parametrize("manifest", [{"sha256": {}}, {"sha256": None}, {"schema_version": "x"}, {"goal": {}}])
def test_a_spoilt_manifest_is_refused(data: bytes, manifest: dict[str, object]) -> None:
    """Missing hash, no form number, a goal without its parts."""
    with pytest.raises(BundleError):
        loads(altered(data, manifest), tenant="t1")


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_any_flipped_byte_is_refused(data: bytes, part: float) -> None:
    """Damage anywhere in the container never goes unnoticed."""
    place = int(part * len(data))
    broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
    with pytest.raises(BundleError):
        loads(broken, tenant="t1")


@pytest.mark.parametrize("length", [0, 10, 1_000])
def test_a_cut_bundle_is_refused(data: bytes, length: int) -> None:
    """A half-written file is no model."""
    with pytest.raises(BundleError, match="corrupted"):
        loads(data[:length], tenant="t1")
