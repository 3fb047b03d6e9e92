"""Settings: everything wrong is said at once, by the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.crypto import new_key
from connector.errors import SettingsError
from connector.settings import load

GOOD = {"CONNECTOR_SECRET_KEY": "s" * 40, "CONNECTOR_ENCRYPTION_KEYS": new_key(), "REDIS_URL": "redis://localhost/0"}


def test_the_least_that_is_needed_starts_with_the_embedded_defaults() -> None:
    """SQLite in the data folder, no vendor, no onboarding file."""
    settings = load(GOOD)
    assert settings.database_url == "sqlite:///.data/connector.db"
    assert settings.crms == {}
    assert settings.onboarding_file is None


def test_every_problem_is_named_at_once() -> None:
    """Nobody mends a deployment one variable at a time."""
    with pytest.raises(SettingsError) as caught:
        load({"CONNECTOR_PUBLIC_URL": "example.com", "CONNECTOR_LEASE_SECONDS": "soon", "CONNECTOR_LOG_LEVEL": "loud"})
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_URL", "LEASE_SECONDS", "LOG_LEVEL"):
        assert f"CONNECTOR_{name}" in str(caught.value)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """The file's text is the value, without the line's end."""
    path = tmp_path / "secret"
    path.write_text("t" * 40 + "\n")
    named = {name: value for name, value in GOOD.items() if name != "CONNECTOR_SECRET_KEY"}
    assert load({**named, "CONNECTOR_SECRET_KEY_FILE": str(path)}).secret_key == "t" * 40


def test_a_named_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    """The message names the variable and the path."""
    with pytest.raises(SettingsError, match=r"CONNECTOR_SECRET_KEY_FILE names .*nowhere"):
        load({**GOOD, "CONNECTOR_SECRET_KEY_FILE": str(tmp_path / "nowhere")})


def test_a_vendor_needs_both_its_id_and_its_secret() -> None:
    """One without the other is named."""
    with pytest.raises(SettingsError, match="CONNECTOR_CRM_SOMECRM_CLIENT_SECRET"):
        load({**GOOD, "CONNECTOR_CRM_SOMECRM_CLIENT_ID": "id"})


def test_a_vendor_is_read_with_its_sandbox_origins() -> None:
    """Origins lose a trailing slash; what is not given is None."""
    crm = load(
        {
            **GOOD,
            "CONNECTOR_CRM_SOMECRM_CLIENT_ID": "id",
            "CONNECTOR_CRM_SOMECRM_CLIENT_SECRET": "x",
            "CONNECTOR_CRM_SOMECRM_API_URL": "http://127.0.0.1:9/",
        }
    ).crms["somecrm"]
    assert (crm.api_base, crm.authorize_base) == ("http://127.0.0.1:9", None)


def test_secrets_never_show_in_a_representation() -> None:
    """A settings object that lands in a log tells nothing."""
    settings = load({**GOOD, "DATABASE_URL": "postgresql://u:canary@h/d"})
    assert "canary" not in repr(settings)
    assert GOOD["CONNECTOR_SECRET_KEY"] not in repr(settings)
    assert GOOD["CONNECTOR_ENCRYPTION_KEYS"] not in repr(settings)
