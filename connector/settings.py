"""Settings: typed, frozen, read once. The only reader of the environment.

Every variable may instead be given as ``NAME_FILE``, the path of a file that holds the
value; a named file that is missing stops the start.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from connector.errors import SettingsError

T = TypeVar("T")
_MOST_DAYS = 36_500
_CRM_VARIABLE = re.compile(r"^CONNECTOR_CRM_([A-Z0-9]+)_(?:CLIENT_ID|CLIENT_SECRET|AUTHORIZE_URL|API_URL)(?:_FILE)?$")
_KEY_BYTES = 32

KEPT_DAYS: Mapping[str, tuple[str, str]] = {
    "events": ("CONNECTOR_KEEP_EVENTS_DAYS", "1095"),
    "values": ("CONNECTOR_KEEP_VALUES_DAYS", "1095"),
    "inputs": ("CONNECTOR_KEEP_INPUTS_DAYS", "400"),
    "archived": ("CONNECTOR_KEEP_ARCHIVED_DAYS", "400"),
    "ended": ("CONNECTOR_KEEP_ENDED_DAYS", "1095"),
    "hints": ("CONNECTOR_KEEP_HINTS_DAYS", "30"),
    "visits": ("CONNECTOR_KEEP_VISITS_DAYS", "90"),
    "traces": ("CONNECTOR_KEEP_TRACES_DAYS", "7"),
    "after_leaving": ("CONNECTOR_KEEP_AFTER_LEAVING_DAYS", "30"),
}
"""Kind → the variable that says for how many days it is kept, and how many without it."""

PRICES: Mapping[str, str] = {
    "cpu_hour": "CONNECTOR_PRICE_CPU_HOUR",
    "gigabyte_month": "CONNECTOR_PRICE_GB_MONTH",
    "thousand_calls": "CONNECTOR_PRICE_THOUSAND_CALLS",
}
"""What a price is of → the variable that says it."""


@dataclass(frozen=True, slots=True)
class VendorSettings:
    """One CRM vendor's app credentials. The origins are None where the vendor's own apply."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_base: str | None
    api_base: str | None


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The server that e-mail is sent through. ``security``: ``starttls``, ``tls`` or ``none``."""

    host: str
    port: int
    sender: str
    security: str
    user: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """What ``/.well-known/security.txt`` says (RFC 9116): a ``mailto:`` or ``https:`` address, until when it holds."""

    contact: str
    expires: str
    policy: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a deployment decides."""

    data_dir: Path
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    crms: Mapping[str, VendorSettings]
    onboarding_file: Path | None
    sweep_seconds: float
    refresh_seconds: float
    lease_seconds: float
    log_level: str
    log_format: str
    metrics_token: str | None = field(repr=False)
    keep_days: Mapping[str, float]
    region: str
    pdl_url: str
    enrichment_origins: tuple[str, ...]
    webhook_origins: tuple[str, ...]
    mail: MailSettings | None
    security: SecuritySettings | None
    currency: str
    prices: Mapping[str, Decimal | None]


def load(environ: Mapping[str, str]) -> Settings:
    """Read settings from environment variables.

    Raises :class:`SettingsError` with every problem at once, each naming its variable.
    """
    reader = _Reader(environ)
    data_dir = reader.value("CONNECTOR_DATA_DIR", Path, default=".data")
    settings = Settings(
        data_dir=data_dir,
        database_url=reader.value("DATABASE_URL", _database, default=f"sqlite:///{data_dir}/connector.db"),
        redis_url=reader.value("REDIS_URL", _optional_broker),
        secret_keys=reader.value("CONNECTOR_SECRET_KEY", _secrets),
        encryption_keys=reader.value("CONNECTOR_ENCRYPTION_KEYS", _keys),
        public_url=reader.value("CONNECTOR_PUBLIC_URL", _origin, default="http://127.0.0.1:8000"),
        crms=_crms(reader),
        onboarding_file=reader.value("CONNECTOR_ONBOARDING_FILE", _existing_file),
        sweep_seconds=reader.value("CONNECTOR_SWEEP_SECONDS", _positive, default="30"),
        refresh_seconds=reader.value("CONNECTOR_REFRESH_SECONDS", _positive, default="300"),
        lease_seconds=reader.value("CONNECTOR_LEASE_SECONDS", _positive, default="30"),
        log_level=reader.value("CONNECTOR_LOG_LEVEL", _level, default="INFO"),
        log_format=reader.value("CONNECTOR_LOG_FORMAT", _form, default="plain"),
        metrics_token=reader.value("CONNECTOR_METRICS_TOKEN", _optional_secret),
        region=reader.value("CONNECTOR_REGION", _name, default="default"),
        keep_days={kind: reader.value(name, _days, default=days) for kind, (name, days) in KEPT_DAYS.items()},
        pdl_url=reader.value("CONNECTOR_ENRICHMENT_PDL_URL", _origin, default="https://api.peopledatalabs.com"),
        enrichment_origins=reader.value("CONNECTOR_ENRICHMENT_ORIGINS", _origins),
        webhook_origins=reader.value("CONNECTOR_WEBHOOK_ORIGINS", _origins),
        mail=_mail(reader),
        security=_security(reader),
        currency=reader.value("CONNECTOR_PRICE_CURRENCY", _currency, default="EUR"),
        prices={what: reader.value(name, _price) for what, name in PRICES.items()},
    )
    reader.raise_problems()
    return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def value(self, name: str, read: Callable[[str], T], default: str = "") -> T:
        """Return a variable in its type; a problem is noted and stops the start later."""
        text: str | None = None
        try:
            text = self._text(name)
            return read(text or default)
        except SettingsError as error:
            self.problems.append(str(error))
        except ValueError as error:
            self.problems.append(f"{name} {error}" if text else f"{name} is not set: it {error}")
        return None  # type: ignore[return-value]  # never seen: raise_problems comes first

    def _text(self, name: str) -> str | None:
        """Return the value of ``name``, or what the file named by ``name_FILE`` holds."""
        path = self.environ.get(f"{name}_FILE")
        if not path:
            return self.environ.get(name)
        if self.environ.get(name):
            raise SettingsError(f"{name} and {name}_FILE are both set. Keep one of them.")
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{name}_FILE names {path}, which can't be read.") from None

    def raise_problems(self) -> None:
        """Stop the start when anything was wrong."""
        if self.problems:
            raise SettingsError(" ".join(dict.fromkeys(self.problems)))


def _crms(reader: _Reader) -> Mapping[str, VendorSettings]:
    names = sorted({match[1] for name in reader.environ if (match := _CRM_VARIABLE.match(name))})
    return {name.lower(): _vendor(reader, f"CONNECTOR_CRM_{name}") for name in names}


def _vendor(reader: _Reader, prefix: str) -> VendorSettings:
    return VendorSettings(
        client_id=reader.value(f"{prefix}_CLIENT_ID", _credential),
        client_secret=reader.value(f"{prefix}_CLIENT_SECRET", _credential),
        authorize_base=reader.value(f"{prefix}_AUTHORIZE_URL", _optional_origin),
        api_base=reader.value(f"{prefix}_API_URL", _optional_origin),
    )


def _mail(reader: _Reader) -> MailSettings | None:
    host = reader.value("CONNECTOR_SMTP_HOST", str)
    if not host:
        return None
    security = reader.value("CONNECTOR_SMTP_SECURITY", _mail_security, default="starttls")
    user = reader.value("CONNECTOR_SMTP_USER", str) or None
    if user and security == "none":
        reader.problems.append(
            "CONNECTOR_SMTP_USER is set while CONNECTOR_SMTP_SECURITY is none: the password could be read on its way."
        )
    return MailSettings(
        host=host,
        port=reader.value("CONNECTOR_SMTP_PORT", _port, default=_MAIL_PORTS.get(security, "587")),
        sender=reader.value("CONNECTOR_SMTP_FROM", _sender),
        security=security,
        user=user,
        password=reader.value("CONNECTOR_SMTP_PASSWORD", _password if user else str) or None,
    )


def _security(reader: _Reader) -> SecuritySettings | None:
    contact = reader.value("CONNECTOR_SECURITY_CONTACT", _contact)
    if not contact:
        return None
    return SecuritySettings(
        contact=contact,
        expires=reader.value("CONNECTOR_SECURITY_EXPIRES", _moment),
        policy=reader.value("CONNECTOR_SECURITY_POLICY", _link) or None,
    )


def _contact(text: str) -> str:
    if text and not re.fullmatch(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)", text):
        raise ValueError("takes mailto:security@example.com or an https address.")
    return text


def _link(text: str) -> str:
    if text and not re.fullmatch(r"https://\S+", text):
        raise ValueError("takes an https address.")
    return text


def _moment(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() + "T00:00:00Z"
    except ValueError:
        raise ValueError("takes the day until which the contact holds, such as 2027-01-31; within a year.") from None


_MAIL_PORTS = {"starttls": "587", "tls": "465", "none": "25"}


def _mail_security(text: str) -> str:
    if text not in _MAIL_PORTS:
        raise ValueError("takes starttls, tls (from the first byte on) or none (only where nobody listens).")
    return text


def _password(text: str) -> str:
    if not text:
        raise ValueError("takes the password that CONNECTOR_SMTP_USER signs in with.")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise ValueError("takes a port from 1 to 65535.")
    return int(text)


def _sender(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", text):
        raise ValueError("takes the address that messages come from, such as scores@example.com.")
    return text


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+", text.rstrip("/")):
        raise ValueError("takes an origin such as https://scores.example.com, without a path.")
    return text.rstrip("/")


def _optional_origin(text: str) -> str | None:
    return _origin(text) if text else None


def _origins(text: str) -> tuple[str, ...]:
    try:
        return tuple(_origin(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("takes origins such as http://facts.internal:8080, separated by commas.") from None


def _database(text: str) -> str:
    if not re.match(r"(sqlite|postgresql)(\+\w+)?:/", text):
        raise ValueError("takes sqlite:////path/to/file.db or postgresql://user:password@host/database.")
    return text


def _optional_broker(text: str) -> str | None:
    if text and not re.match(r"rediss?://.", text):
        raise ValueError("takes the address of a Redis server, as redis://host:6379/0.")
    return text or None


def _credential(text: str) -> str:
    if not text:
        raise ValueError("takes what the vendor's page of your app shows.")
    return text


def _secret(text: str) -> str:
    if len(text) < _KEY_BYTES:
        raise ValueError(f"takes at least {_KEY_BYTES} random characters.")
    return text


def _secrets(text: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in text.split(","))
    if len(keys) == 1:
        return (_secret(keys[0]),)
    for number, key in enumerate(keys, start=1):
        if not key:
            raise ValueError(f"takes keys, newest first, separated by commas, and number {number} is empty.")
        if len(key) < _KEY_BYTES:
            raise ValueError(f"takes keys of at least {_KEY_BYTES} random characters, and number {number} is shorter.")
        if key in keys[: number - 1]:
            raise ValueError(f"takes each key once, and number {number} is there before.")
    return keys


def _optional_secret(text: str) -> str | None:
    return _secret(text) if text else None


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in text.split(","))
    for key in keys:
        try:
            size = len(base64.urlsafe_b64decode(key))
        except (binascii.Error, ValueError):
            size = 0
        if size != _KEY_BYTES:
            raise ValueError("takes keys made by `python -m connector keys new`, newest first, separated by commas.")
    return keys


def _existing_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"names {text}, which is not a file.")
    return path


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError("takes a number of seconds above 0.")
    return number


def _price(text: str) -> Decimal | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError("takes a price such as 0.045, without a currency.")
    return Decimal(text)


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("takes a currency by its three letters, such as EUR.")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text):
        raise ValueError("takes a short name in small letters, digits and hyphens, such as eu.")
    return text


def _days(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= _MOST_DAYS:
        raise ValueError(f"takes a number of days from 0 to {_MOST_DAYS}.")
    return number


def _level(text: str) -> str:
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("takes DEBUG, INFO, WARNING or ERROR.")
    return text


def _form(text: str) -> str:
    if text not in ("plain", "json"):
        raise ValueError("takes plain or json.")
    return text
