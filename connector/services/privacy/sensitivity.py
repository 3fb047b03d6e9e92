"""How sensitive a field is, by its name and label, and whether models may use it."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from connector.store.types import AnyRow


class Sensitivity(StrEnum):
    """What a field may tell of a person. Special categories are those of Articles 9 and 10 of the GDPR."""

    ORDINARY = "ordinary"
    PERSONAL = "names a person"
    SPECIAL = "special category"


_WORDS = (
    # English. A "health score" is how well a customer does.
    r"health(?!\s*score)|medical|illness\w*|diseases?|diagnos[ei]s|disabilit\w+|disabled|handicap\w*|"
    r"pregnan\w+|religio\w+|faith|church|ethnic\w*|race|racial|politic\w*|trade union|union member\w*|sexual\w*|"
    r"sex life|gender identity|biometric\w*|genetic\w*|criminal\w*|convictions?",
    # German
    r"gesundheit\w*|krankheit\w*|behinder\w+|schwanger\w*|religion\w*|konfession\w*|ethni\w+|politisch\w*|parteimitglied\w*|"
    r"gewerkschaft\w*|sexuell\w*|biometri\w+|genetisch\w*|vorstraf\w*",
    # French
    r"santé|maladies?|handicapée?s?|enceinte|ethnique|syndicat\w*|sexuelle|biométri\w+|génétique|"
    r"casier judiciaire",
    # Spanish
    r"salud|enfermedad\w*|discapacidad\w*|embaraz\w+|religión|étnic\w+|polític\w+|sindicat\w+|biométric\w+|"
    r"antecedentes penales",
)
_SPECIAL = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^\w]+|_+")


@lru_cache(maxsize=4_096)
def tells_special(text: str) -> bool:
    """Whether a word of a name (``HealthStatus__c``, ``health_status``), a label or an address tells of one."""
    return bool(_SPECIAL.search(" ".join(_PARTS.split(text))))


def sensitivity_of(row: AnyRow) -> Sensitivity:
    """Return the sensitivity of a field of the catalogue."""
    if row.personal:
        return Sensitivity.PERSONAL
    return of_words(row.name, row.label)


def of_words(name: str, label: str) -> Sensitivity:
    """Return the sensitivity of what names nobody, by its name and label."""
    return Sensitivity.SPECIAL if tells_special(name) or tells_special(label) else Sensitivity.ORDINARY


def barred(row: AnyRow) -> str | None:
    """Return why models must not see a field of the catalogue, None where they may."""
    return reason(sensitivity_of(row), row.allowed)


def reason(sensitivity: Sensitivity, allowed: bool | None) -> str | None:
    """Return why models must not see what is so sensitive, None where they may; ``allowed`` is an admin's word on it.

    What names a person is never seen; special categories not until an admin allows them; an admin may leave out any.
    """
    if sensitivity is Sensitivity.PERSONAL:
        return "it names a person, and no model ever sees it"
    if allowed is False:
        return "left out by an admin"
    if sensitivity is Sensitivity.SPECIAL and not allowed:
        return "it may tell of a special category of data: an admin has to allow it"
    return None
