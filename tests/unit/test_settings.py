"""Settings: everything wrong is said at once, by the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crypto import new_key
from connector.errors import SettingsError
from connector.settings import load

GOOD = {"CONNECTOR_SECRET_KEY": "s" * 40, "CONNECTOR_ENCRYPTION_KEYS": new_key(), "REDIS_URL": "redis://localhost/0"}

WITHOUT_KEY = {name: value for name, value in GOOD.items() if name != "CONNECTOR_SECRET_KEY"}
VARIABLES = [
    "CONNECTOR_CRM_SOMECRM_CLIENT_ID",
    "CONNECTOR_CRM_SOMECRM_API_URL",
    "CONNECTOR_DATA_DIR",
    "CONNECTOR_ENCRYPTION_KEYS",
    "CONNECTOR_LEASE_SECONDS",
    "CONNECTOR_LOG_LEVEL",
    "CONNECTOR_PUBLIC_URL",
    "CONNECTOR_SECRET_KEY",
    "CONNECTOR_SECRET_KEY_FILE",
    "CONNECTOR_SMTP_FROM",
    "CONNECTOR_SMTP_HOST",
    "CONNECTOR_SMTP_PORT",
    "CONNECTOR_SMTP_SECURITY",
    "CONNECTOR_SMTP_USER",
    "DATABASE_URL",
    "REDIS_URL",
]


def test_the_least_that_is_needed_starts_with_the_embedded_defaults() -> None:
    """SQLite in the data folder, no vendor, no onboarding file."""
    settings = load(GOOD)
    assert settings.database_url == "sqlite:///.data/connector.db"
    assert settings.crms == {}
    assert settings.onboarding_file is None


def test_every_problem_is_named_at_once() -> None:
    """Nobody mends a deployment one variable at a time; each sentence says what the variable takes."""
    with pytest.raises(SettingsError) as caught:
        load({"CONNECTOR_PUBLIC_URL": "example.com", "CONNECTOR_LEASE_SECONDS": "soon", "CONNECTOR_LOG_LEVEL": "loud"})
    for sentence in (
        "CONNECTOR_SECRET_KEY is not set: it takes at least 32 random characters.",
        "CONNECTOR_ENCRYPTION_KEYS is not set: it takes keys made by",
        "CONNECTOR_PUBLIC_URL takes an origin",
        "CONNECTOR_LEASE_SECONDS takes a number of seconds",
        "CONNECTOR_LOG_LEVEL takes DEBUG",
    ):
        assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:canary@host/db"),
        ("REDIS_URL", "amqp://user:canary@host"),
        ("CONNECTOR_ENCRYPTION_KEYS", "canary"),
        ("CONNECTOR_ENCRYPTION_KEYS", f"{'A' * 43}=,canary"),
        ("CONNECTOR_SECRET_KEY", "canary"),
        ("CONNECTOR_SWEEP_SECONDS", "inf"),
        ("CONNECTOR_SWEEP_SECONDS", "0"),
        ("CONNECTOR_ONBOARDING_FILE", "no-such-file.toml"),
        ("CONNECTOR_PUBLIC_URL", "https://scores.example.com/path"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_never_told(name: str, value: str) -> None:
    """A value may hold a password, so the message does not repeat it."""
    with pytest.raises(SettingsError, match=rf"^{name} (takes|names) ") as caught:
        load({**GOOD, name: value})
    assert "canary" not in str(caught.value)


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=12)))
def test_whatever_the_variables_hold_the_answer_is_settings_or_sentences(environ: dict[str, str]) -> None:
    """Never another error, and each sentence begins with one of the variables."""
    sentences = ""
    try:
        load(environ)
    except SettingsError as error:
        sentences = str(error)
    assert not sentences or sentences.startswith(tuple(VARIABLES))


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """The file's text is the value, without the line's end."""
    path = tmp_path / "secret"
    path.write_text("t" * 40 + "\n")
    assert load({**WITHOUT_KEY, "CONNECTOR_SECRET_KEY_FILE": str(path)}).secret_keys == ("t" * 40,)


def test_secret_keys_come_newest_first() -> None:
    """Spaces around a comma belong to no key."""
    assert load({**GOOD, "CONNECTOR_SECRET_KEY": f"{'n' * 32}, {'s' * 40}"}).secret_keys == ("n" * 32, "s" * 40)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (["canary" * 6, ""], "number 2 is empty"),
        (["", "canary" * 6], "number 1 is empty"),
        (["canary" * 6, "canary"], "at least 32 random characters, and number 2 is shorter"),
        (["canary" * 6, "s" * 40, "canary" * 6], "each key once, and number 3 is there before"),
    ],
)
def test_a_bad_list_of_secret_keys_stops_the_start(keys: list[str], sentence: str) -> None:
    """A comma too many would else make a short key, and a key twice hide that one is missing."""
    with pytest.raises(SettingsError, match=rf"^CONNECTOR_SECRET_KEY takes .*{sentence}") as caught:
        load({**GOOD, "CONNECTOR_SECRET_KEY": ",".join(keys)})
    assert "canary" not in str(caught.value)


def test_a_named_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    """The message names the variable and the path."""
    with pytest.raises(SettingsError, match=r"CONNECTOR_SECRET_KEY_FILE names .*nowhere"):
        load({**WITHOUT_KEY, "CONNECTOR_SECRET_KEY_FILE": str(tmp_path / "nowhere")})


def test_a_named_file_that_is_not_text_stops_the_start(tmp_path: Path) -> None:
    """Bytes of a key, for instance; also where the variable has a default."""
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="CONNECTOR_DATA_DIR_FILE names"):
        load({**GOOD, "CONNECTOR_DATA_DIR_FILE": str(path)})


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    """Neither wins in silence: one of them would be the database of another deployment."""
    with pytest.raises(SettingsError, match="DATABASE_URL and DATABASE_URL_FILE are both set"):
        load({**GOOD, "DATABASE_URL": "sqlite:///a.db", "DATABASE_URL_FILE": str(tmp_path / "url")})


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


MAIL = {**GOOD, "CONNECTOR_SMTP_HOST": "mail.example.com", "CONNECTOR_SMTP_FROM": "scores@example.com"}


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_a_mail_server_needs_its_name_and_a_sender(security: str, port: int) -> None:
    """The port follows the security; without a host there is none."""
    mail = load({**MAIL, "CONNECTOR_SMTP_SECURITY": security}).mail
    assert mail
    assert (mail.host, mail.port, mail.sender, mail.user) == ("mail.example.com", port, "scores@example.com", None)
    assert load(GOOD).mail is None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"CONNECTOR_SMTP_FROM": ""}, "CONNECTOR_SMTP_FROM is not set"),
        ({"CONNECTOR_SMTP_PORT": "mail"}, "CONNECTOR_SMTP_PORT takes a port"),
        ({"CONNECTOR_SMTP_SECURITY": "ssl"}, "CONNECTOR_SMTP_SECURITY takes starttls"),
        ({"CONNECTOR_SMTP_USER": "u"}, "CONNECTOR_SMTP_PASSWORD is not set"),
        (
            {"CONNECTOR_SMTP_USER": "u", "CONNECTOR_SMTP_PASSWORD": "canary", "CONNECTOR_SMTP_SECURITY": "none"},
            "the password could be read on its way",
        ),
    ],
)
def test_half_a_mail_server_stops_the_start(more: dict[str, str], sentence: str) -> None:
    """Each is told by its name."""
    with pytest.raises(SettingsError, match=sentence) as caught:
        load({**MAIL, **more})
    assert "canary" not in str(caught.value)


def test_secrets_never_show_in_a_representation() -> None:
    """A settings object that lands in a log tells nothing."""
    settings = load({**GOOD, "DATABASE_URL": "postgresql://u:canary@h/d"})
    assert "canary" not in repr(settings)
    assert GOOD["CONNECTOR_SECRET_KEY"] not in repr(settings)
    assert GOOD["CONNECTOR_ENCRYPTION_KEYS"] not in repr(settings)
