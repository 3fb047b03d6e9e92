"""From the course of the process to things with times: mails, forms, calls, meetings, deals, stages."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from connector.sandbox.clock import iso
from connector.sandbox.population.dynamics import Course
from connector.sandbox.population.model import Activity, Change, Deal, FormFill, Lead, Mail, PageVisit
from connector.sandbox.population.traits import DAY_MS

HOUR_MS = 3_600_000
NURTURE_DAYS = (0, 21, 60, 120)
CAMPAIGNS = (810_001, 810_002, 810_003, 810_004)
PROXY_SHARE, SCANNER_SHARE, NOTICED_SHARE = 0.25, 0.06, 0.5
FORMS = ("Contact us", "Demo request", "White paper", "Web seminar")
PAGES = ("/pricing", "/product", "/customers", "/blog/how-to-choose", "/careers")
MQL_AFTER = 3
"""Marketing calls a lead qualified after so many of its own acts: it follows from engagement, and adds nothing."""


@dataclass(slots=True)
class Calendar:
    """Days of the process as times: day 0 begins at ``first_ms``; the last ends at the population's now."""

    first_ms: int
    rng: np.random.Generator

    def moment(self, day: int, not_before: int) -> int:
        """Return a time in office hours on ``day``, after ``not_before``."""
        begin = self.first_ms + day * DAY_MS
        office = begin - begin % DAY_MS + int((7.5 + 11 * self.rng.beta(2, 2)) * HOUR_MS)
        chosen = office if office >= begin else office + DAY_MS
        if chosen > not_before:
            return chosen
        end = begin + DAY_MS
        return not_before + int(self.rng.random() * max(end - not_before - 1, 1))

    def evening(self, day: int) -> int:
        """Return the last second of ``day``: what a day leads to comes after what happened on it."""
        return self.first_ms + (day + 1) * DAY_MS - 1000


@dataclass(slots=True)
class Happenings:
    """Everything that happened, and what it changed on the leads."""

    mails: list[Mail] = field(default_factory=list)
    form_fills: list[FormFill] = field(default_factory=list)
    page_visits: list[PageVisit] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mailing:
    """Whether and until when marketing mail reaches a lead, and through what."""

    until_ms: int
    bounces: bool
    opted_out_ms: int | None
    proxy: bool
    scanner: bool


class Narrator:
    """Tells one lead's course after another."""

    def __init__(self, calendar: Calendar, now_ms: int) -> None:
        self._calendar = calendar
        self._rng = calendar.rng
        self._now = now_ms
        self.told = Happenings()

    def tell(self, place: int, lead: Lead, mailing: Mailing, days: dict[str, list[int]], course: Course) -> None:
        """Add all that happened with one lead, and its values' history, in order of time."""
        ends = [day for day in (course.deal_day[place], course.disqualified_day[place]) if day >= 0]
        end_ms = min([self._calendar.evening(int(day)) for day in ends], default=self._now)
        sent = self._nurture(place, lead, mailing, min(end_ms, mailing.until_ms))
        acts = self._mail_acts(place, days, sent) + self._forms(place, lead, days["form"])
        touches = self._activities(place, lead, days)
        changes = self._stages(acts, touches)
        changes += self._outcome(place, lead, course)
        changes += self._idle_changes(lead, mailing)
        lead.history = sorted((each for each in changes if each.at_ms <= self._now), key=lambda each: each.at_ms)

    def _nurture(self, place: int, lead: Lead, mailing: Mailing, until_ms: int) -> list[tuple[int, int]]:
        """Send the series of mails; return (time, campaign) of those delivered."""
        delivered = []
        for day, campaign in zip(NURTURE_DAYS, CAMPAIGNS, strict=True):
            at = lead.created_ms + day * DAY_MS + 5 * 60_000
            if at >= until_ms:
                break
            self.told.mails.append(Mail(place, "sent", at, campaign))
            if mailing.bounces:
                self.told.mails.append(Mail(place, "bounced", at + 4_000, campaign))
                break
            self.told.mails.append(Mail(place, "delivered", at + 4_000, campaign))
            delivered.append((at, campaign))
            self._machines(place, mailing, at, campaign)
        if mailing.opted_out_ms is not None and mailing.opted_out_ms < self._now and delivered:
            self.told.mails.append(Mail(place, "unsubscribed", mailing.opted_out_ms, delivered[-1][1]))
        return delivered

    def _machines(self, place: int, mailing: Mailing, at: int, campaign: int) -> None:
        noticed = self._rng.random() < NOTICED_SHARE
        if mailing.proxy:
            opened = at + int(self._rng.integers(5_000, 300_000))
            self.told.mails.append(Mail(place, "open", opened, campaign, machine=True, known_machine=noticed))
        if mailing.scanner:
            for number, page in enumerate(PAGES[:3]):
                url = f"https://www.example.com{page}"
                self.told.mails.append(Mail(place, "click", at + 6_000 + 300 * number, campaign, True, noticed, url))

    def _mail_acts(self, place: int, days: dict[str, list[int]], sent: list[tuple[int, int]]) -> list[int]:
        acts: list[int] = []
        # A deal within minutes of creation comes before the first mail.
        for kind in ("open", "click") if sent else ():
            for day in days[kind]:
                at = self._calendar.moment(day, sent[0][0] + 60_000)
                campaign = [each for begun, each in sent if begun < at][-1]
                url = f"https://www.example.com{PAGES[self._rng.integers(len(PAGES))]}" if kind == "click" else ""
                self.told.mails.append(Mail(place, kind, at, campaign, url=url))
                acts.extend([at] if kind == "click" else [])
        return acts

    def _forms(self, place: int, lead: Lead, days: list[int]) -> list[int]:
        times = []
        for day in days:
            at = self._calendar.moment(day, lead.created_ms + 60_000)
            form = FORMS[self._rng.integers(len(FORMS))]
            page = f"https://www.example.com/{form.lower().replace(' ', '-')}"
            self.told.form_fills.append(FormFill(place, form, at, page))
            self.told.page_visits.append(PageVisit(place, at - 40_000, page))
            times.append(at)
        return times

    def _activities(self, place: int, lead: Lead, days: dict[str, list[int]]) -> dict[str, list[int]]:
        outcomes = {"meeting": "COMPLETED", "call": "COMPLETED"}
        touches: dict[str, list[int]] = {}
        for kind in ("email_in", "email_out", "meeting", "call"):
            touches[kind] = sorted(self._calendar.moment(day, lead.created_ms + 60_000) for day in days[kind])
            self.told.activities += [Activity(place, kind, at, outcomes.get(kind, "")) for at in touches[kind]]
        return touches

    def _stages(self, acts: list[int], touches: dict[str, list[int]]) -> list[Change]:
        """Return the stages and statuses that follow from engagement alone."""
        changes = []
        own = sorted(acts)
        met = touches["meeting"][0] if touches["meeting"] else None
        if len(own) >= MQL_AFTER and (met is None or own[MQL_AFTER - 1] < met):
            changes.append(Change("stage", "mql", own[MQL_AFTER - 1] + 1000))
        if met is not None:
            changes.append(Change("stage", "sql", met + HOUR_MS))
        worked = sorted(touches["email_out"] + touches["call"])
        answered = sorted(touches["email_in"] + touches["meeting"])
        if worked and (not answered or worked[0] < answered[0]):
            changes.append(Change("lead_status", "attempted", worked[0] + 1000))
        if answered:
            changes.append(Change("lead_status", "connected", answered[0] + 1000))
        return changes

    def _outcome(self, place: int, lead: Lead, course: Course) -> list[Change]:
        """Return what the deal, or a disqualification, did to the lead; keep the deal."""
        if course.disqualified_day[place] >= 0:
            return [Change("lead_status", "unqualified", self._calendar.evening(int(course.disqualified_day[place])))]
        if course.deal_day[place] < 0:
            return []
        opened = max(self._calendar.evening(int(course.deal_day[place])), lead.created_ms + 2000)
        closed = max(self._calendar.evening(int(course.close_day[place])), opened) + 500
        won = bool(course.won[place])
        stages = [(opened, "open")] + ([(closed, "won" if won else "lost")] if closed <= self._now else [])
        amount = str(int(np.exp(self._rng.normal(9.2, 0.7))))
        self.told.deals.append(Deal(place, f"Deal {place + 1}", opened, tuple(stages), amount))
        changes = [Change("stage", "opportunity", opened), Change("lead_status", "open_deal", opened)]
        if not won:
            return [*changes, Change("lead_status", "unqualified", closed)]
        booked = iso(closed + 3 * DAY_MS)[:10]
        return [
            *changes,
            Change("stage", "customer", closed),
            Change("onboarding_call_booked", booked, closed + 2 * HOUR_MS),
        ]

    def _idle_changes(self, lead: Lead, mailing: Mailing) -> list[Change]:
        changes = []
        if self._rng.random() < 0.08:
            at = lead.created_ms + int(self._rng.random() * (self._now - lead.created_ms))
            changes.append(Change("current_tool", "none" if lead.values["current_tool"] != "none" else "in_house", at))
        if mailing.bounces:
            changes.append(Change("bounced", "true", lead.created_ms + 6 * 60_000))
        elif mailing.opted_out_ms is not None:
            changes.append(Change("opted_out", "true", mailing.opted_out_ms))
        return changes
