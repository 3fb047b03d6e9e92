"""The error tree, classed by what the caller does next.

``RetryLater``       try the same thing again, not before ``retry_at_seconds``.
``NeedsAdmin``       park the work and show the sentence to the tenant's admin.
``Disconnected``     the account took its permission back: stop calling at once.
``RejectedInput``    what arrived can't be used; the sender gets the sentence.
``Stopping``         this worker ends: give the work back at once.
``LostLease``        another worker owns this work now: drop it, write nothing.

Messages are written for the person who must act. They never carry a token, an
e-mail address or a payload.
"""

from __future__ import annotations

from dataclasses import dataclass


class ConnectorError(Exception):
    """The root of every error that the connector raises on purpose."""


@dataclass(frozen=True, slots=True)
class VendorFault:
    """What is worth keeping of a vendor's refusal: enough to act on, nothing to leak.

    ``status`` is the HTTP status, 0 where no answer came.
    """

    vendor: str
    operation: str
    status: int
    category: str = ""
    correlation_id: str = ""

    def __str__(self) -> str:
        parts = [f"{self.vendor} {self.operation} answered {self.status or 'nothing'}"]
        if self.category:
            parts.append(self.category)
        if self.correlation_id:
            parts.append(f"correlation id {self.correlation_id}")
        return ", ".join(parts)


class RetryLater(ConnectorError):
    """A passing trouble. ``after_seconds`` is the earliest sensible next try."""

    def __init__(self, message: str, *, after_seconds: float = 1.0, fault: VendorFault | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        self.fault = fault


class NeedsAdmin(ConnectorError):
    """Only a person can mend this; ``remedy`` says how."""

    def __init__(self, message: str, *, remedy: str, fault: VendorFault | None = None) -> None:
        super().__init__(f"{message} {remedy}")
        self.remedy = remedy
        self.fault = fault


class MissingPermission(NeedsAdmin):
    """The token is good, but a scope is missing: degrade, do not disconnect."""


class Disconnected(NeedsAdmin):
    """The account revoked the grant or uninstalled the app."""


class RejectedInput(ConnectorError):
    """Input that can't be used; the message tells the sender what is wrong with it."""


class NotSupported(ConnectorError):
    """An ability that this vendor's adapter does not declare."""

    def __init__(self, vendor: str, ability: str) -> None:
        super().__init__(f"{ability} is not supported by {vendor}.")


class SettingsError(ConnectorError):
    """A setting is missing or wrong; the message names the variable and what it takes."""


class LostLease(ConnectorError):
    """Another worker took over this intent; whatever was not committed must not be."""


class Stopping(ConnectorError):
    """The worker is being stopped: give the work back, another one goes on with it."""


class CorruptSecret(ConnectorError):
    """A stored secret can't be decrypted with any configured key for its owner."""


class CorruptLedger(ConnectorError):
    """A tenant's ledger is not as it was left; the message says what to look at."""
