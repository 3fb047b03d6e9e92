"""The connect page: which CRMs can be installed, and what each is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.adapters.contract import CrmApp
from connector.services.context import Services


@dataclass(frozen=True, slots=True)
class Permission:
    """A scope and why it is asked for."""

    scope: str
    purpose: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ConnectableCrm:
    """A CRM whose app is configured here; all but the permissions is as in its capabilities."""

    vendor: str
    label: str
    permissions: tuple[Permission, ...]
    logins: Mapping[str, str]
    login_domain: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    never: tuple[str, ...]


def connectable(services: Services) -> tuple[ConnectableCrm, ...]:
    """Return the configured CRMs by label."""
    crms = [_crm(vendor, app) for vendor, app in services.apps.items()]
    return tuple(sorted(crms, key=lambda crm: crm.label))


def _crm(vendor: str, app: CrmApp) -> ConnectableCrm:
    declared = app.capabilities
    asked = _permissions(declared.scopes, optional=False) + _permissions(declared.optional_scopes, optional=True)
    return ConnectableCrm(
        vendor=vendor,
        label=declared.label,
        permissions=asked,
        logins=declared.logins,
        login_domain=declared.login_domain,
        reads=declared.reads,
        writes=declared.writes,
        never=declared.never,
    )


def _permissions(scopes: Mapping[str, str], *, optional: bool) -> tuple[Permission, ...]:
    return tuple(Permission(scope, purpose, optional) for scope, purpose in scopes.items())
