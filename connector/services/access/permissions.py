"""What each role may do: the one table. Routes declare a permission of it, and the page Access shows it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from connector.records import Role


class Permission(StrEnum):
    """Something that a role allows, in words that finish the sentence "may …"."""

    SEE = "see leads, their scores and reasons, the model, and what is read and written"
    RUN = "have the CRM read again, a new model trained and stopped work resumed"
    JOIN = "decide which records are one person"
    RATE = "say of a score whether it fits"
    PUBLISH = "approve and set what is written into the CRM, and try again what it refused"
    REPLACE = "approve and refuse new models, bring the former one back, and set how often one is trained"
    CONNECT = "connect CRM accounts, set their options and see their signing secrets"
    TRACK = "set up the tracking of sites and make their secrets"
    DECIDE = "decide which fields of the CRM may be used"
    ANSWER = "take out what is held of a person, forget them, and note that they object to profiling"
    OVERRIDE = "set a lead's score by hand, and release it"
    EXCLUDE = "leave domains, companies and leads out of scoring"
    ENRICH = "turn sources of facts about companies on and off, and upload such facts"
    PROGRAM = (
        "make, renew and revoke keys for the organisation's own programs, and say where these are told of changed tiers"
    )
    EXPERIMENT = "hold the scores of some newcomers back, to see what the scores are worth"
    SPEND = "enter what marketing spent"
    DRAFT = "draft the organisation's objectives"
    SIGN = "sign the organisation's objectives"
    TELL = "say which addresses are sent the weekly figures and alerts"
    REVIEW = "read reviews of compliance and cost, have reports made, and sign them off"
    EXPORT = "take scores out as a file"
    POOL = "give coefficients of models to other organisations, and take theirs"
    AUDIT = "look through the ledger, have it verified and take it out as a file"
    ADMIT = "invite people, change their roles and remove them, up to the own role"


LEAST: Mapping[Permission, Role] = MappingProxyType(
    {
        Permission.SEE: Role.VIEWER,
        Permission.RATE: Role.VIEWER,
        Permission.RUN: Role.ANALYST,
        Permission.JOIN: Role.ANALYST,
        Permission.PUBLISH: Role.ADMIN,
        Permission.REPLACE: Role.ADMIN,
        Permission.CONNECT: Role.ADMIN,
        Permission.TRACK: Role.ADMIN,
        Permission.DECIDE: Role.ADMIN,
        Permission.ANSWER: Role.ADMIN,
        Permission.OVERRIDE: Role.ADMIN,
        Permission.EXCLUDE: Role.ADMIN,
        Permission.ENRICH: Role.ADMIN,
        Permission.PROGRAM: Role.ADMIN,
        Permission.EXPERIMENT: Role.OWNER,
        Permission.SPEND: Role.ANALYST,
        Permission.DRAFT: Role.ANALYST,
        Permission.SIGN: Role.OWNER,
        Permission.TELL: Role.OWNER,
        Permission.REVIEW: Role.ADMIN,
        Permission.EXPORT: Role.ANALYST,
        Permission.POOL: Role.OWNER,
        Permission.AUDIT: Role.ADMIN,
        Permission.ADMIT: Role.ADMIN,
    }
)
"""The least role that holds a permission; every role above holds it too."""

_RANKS = {role: rank for rank, role in enumerate(Role)}


def allows(role: Role, permission: Permission) -> bool:
    """Whether a role holds a permission."""
    return at_least(role, LEAST[permission])


def at_least(role: Role, other: Role) -> bool:
    """Whether ``role`` stands as high as ``other``, or higher."""
    return _RANKS[role] >= _RANKS[other]
