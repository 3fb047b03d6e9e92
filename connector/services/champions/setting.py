"""What a tenant sets about its models: how often one is trained, and when a person is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import numbers
from connector.services.champions import entering
from connector.services.context import Services
from connector.services.set_values import set_values
from connector.store import ledger

CADENCES = {1: "Every night", 7: "Every week", 14: "Every two weeks", 30: "Every month", 0: "When somebody asks for it"}


@dataclass(frozen=True, slots=True)
class Cadence:
    """Days between trainings (0: none by the clock), the growth that brings one forward, and the cap on the churn.

    ``canary_days``: a new model scores ``canary_share`` of the companies for so long first (0: everybody at once).
    """

    retrain_days: int
    retrain_growth: float
    churn_cap: float
    canary_days: int
    canary_share: float


def read_cadence(form: Mapping[str, str]) -> Cadence:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    days = form.get("retrain_days", "")
    if days not in map(str, CADENCES):
        raise RejectedInput("Choose one of the offered answers.")
    growth = _percent(form.get("retrain_growth", ""), "The growth of conversions", 1_000)
    cap = _percent(form.get("churn_cap", ""), "The share of High-Intent leads", 100)
    first = numbers.whole(form.get("canary_days", ""), "The days on a share of the companies", 0, entering.MOST_DAYS)
    least, most = entering.LEAST_SHARE, entering.MOST_SHARE
    share = numbers.share(form.get("canary_share", ""), "The share of the companies", least, most)
    return Cadence(int(days), growth, cap, first, float(share))


def _percent(text: str, what: str, most: int) -> float:
    digits = text.strip().removesuffix("%").strip()
    if not digits.isascii() or not digits.isdigit() or int(digits) > most:
        raise RejectedInput(f"{what} must be a whole number of percent from 0 to {most:,}.")
    return int(digits) / 100


def choose(services: Services, tenant_id: UUID, cadence: Cadence) -> None:
    """Set it, on the record. The training that is due next stays where it is; the ones after it follow the cadence."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        set_values(services, session, tenant_id, "set retraining", asdict(cadence))
