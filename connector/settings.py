"""Settings: typed, frozen, read once. The only reader of the environment.

Every variable may instead be given as ``NAME_FILE``, the path of a file that holds the
value; a named file that is missing stops the start.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from connector.errors import SettingsError

T = TypeVar("T")
_CRM_VARIABLE = re.compile(r"^CONNECTOR_CRM_([A-Z0-9]+)_(?:CLIENT_ID|CLIENT_SECRET|AUTHORIZE_URL|API_URL)(?:_FILE)?$")
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class VendorSettings:
    """One CRM vendor's app credentials. The origins are None where the vendor's own apply."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_base: str | None
    api_base: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a deployment decides."""

    data_dir: Path
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    crms: Mapping[str, VendorSettings]
    onboarding_file: Path | None
    sweep_seconds: float
    lease_seconds: float
    log_level: str


def load(environ: Mapping[str, str]) -> Settings:
    """Read settings from environment variables.

    Raises :class:`SettingsError` with every problem at once, each naming its variable.
    """
    reader = _Reader(environ)
    data_dir = reader.value("CONNECTOR_DATA_DIR", Path, default=".data")
    settings = Settings(
        data_dir=data_dir,
        database_url=reader.value("DATABASE_URL", str, default=f"sqlite:///{data_dir / 'connector.db'}"),
        redis_url=reader.text("REDIS_URL"),
        secret_key=reader.value("CONNECTOR_SECRET_KEY", _secret),
        encryption_keys=reader.value("CONNECTOR_ENCRYPTION_KEYS", _keys),
        public_url=reader.value("CONNECTOR_PUBLIC_URL", _origin, default="http://127.0.0.1:8000"),
        crms=_crms(reader),
        onboarding_file=reader.value("CONNECTOR_ONBOARDING_FILE", _existing_file, default=""),
        sweep_seconds=reader.value("CONNECTOR_SWEEP_SECONDS", _positive, default="30"),
        lease_seconds=reader.value("CONNECTOR_LEASE_SECONDS", _positive, default="30"),
        log_level=reader.value("CONNECTOR_LOG_LEVEL", _level, default="INFO"),
    )
    reader.raise_problems()
    return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        """Return the value of ``name``, or what the file named by ``name_FILE`` holds."""
        path = self.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text("utf-8").strip()
            except OSError:
                self.problems.append(f"{name}_FILE names {path}, which can't be read.")
                return None
        return self.environ.get(name) or None

    def value(self, name: str, read: Callable[[str], T], default: str | None = None) -> T:
        """Return a variable in its type; a problem is noted and stops the start later."""
        text = self.text(name)
        if text is None:
            text = default
        if text is None:
            self.problems.append(f"{name} is not set.")
            return None  # type: ignore[return-value]  # never seen: raise_problems comes first
        try:
            return read(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}")
            return None  # type: ignore[return-value]  # never seen: raise_problems comes first

    def raise_problems(self) -> None:
        """Stop the start when anything was wrong."""
        if self.problems:
            raise SettingsError(" ".join(dict.fromkeys(self.problems)))


def _crms(reader: _Reader) -> Mapping[str, VendorSettings]:
    names = sorted({match[1] for name in reader.environ if (match := _CRM_VARIABLE.match(name))})
    return {name.lower(): _vendor(reader, f"CONNECTOR_CRM_{name}") for name in names}


def _vendor(reader: _Reader, prefix: str) -> VendorSettings:
    return VendorSettings(
        client_id=reader.value(f"{prefix}_CLIENT_ID", str),
        client_secret=reader.value(f"{prefix}_CLIENT_SECRET", str),
        authorize_base=_optional_origin(reader, f"{prefix}_AUTHORIZE_URL"),
        api_base=_optional_origin(reader, f"{prefix}_API_URL"),
    )


def _optional_origin(reader: _Reader, name: str) -> str | None:
    return reader.value(name, lambda text: _origin(text) if text else None, default="")


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+", text.rstrip("/")):
        raise ValueError("takes an origin such as https://scores.example.com, without a path.")
    return text.rstrip("/")


def _secret(text: str) -> str:
    if len(text) < _KEY_BYTES:
        raise ValueError(f"takes at least {_KEY_BYTES} random characters.")
    return text


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    for key in keys:
        try:
            size = len(base64.urlsafe_b64decode(key))
        except (binascii.Error, ValueError):
            size = 0
        if size != _KEY_BYTES:
            raise ValueError("takes keys made by `connector keys new`, newest first, separated by commas.")
    if not keys:
        raise ValueError("is empty. Make a key by `connector keys new`.")
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
    if not number > 0:
        raise ValueError("takes a number of seconds above 0.")
    return number


def _level(text: str) -> str:
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("takes DEBUG, INFO, WARNING or ERROR.")
    return text
