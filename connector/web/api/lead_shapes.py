"""What is told of a lead."""

from __future__ import annotations

from marshmallow import Schema, fields

from connector.web.api.shapes import NextShape, ScoreShape


class RecordShape(Schema):
    """A record in a CRM."""

    vendor = fields.String()
    account = fields.String()
    id = fields.String()


class LeadShape(Schema):
    """A lead, as its records tell."""

    lead = fields.Integer()
    name = fields.String(attribute="person.name")
    email = fields.String(attribute="person.email", allow_none=True)
    job_title = fields.String(attribute="person.job_title", allow_none=True)
    company = fields.String(attribute="person.company", allow_none=True)
    company_key = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    records = fields.List(fields.Nested(RecordShape))
    score = fields.Nested(ScoreShape, allow_none=True)


class FoundShape(NextShape):
    """A page of leads."""

    leads = fields.List(fields.Nested(LeadShape))


class PastShape(Schema):
    """A score that a lead had; the values are null where the person's data were erased."""

    entry = fields.Integer(metadata={"description": "Its number in the ledger."})
    lead = fields.Integer(
        metadata={"description": "The person's number then: another one where that lead joined this one since."}
    )
    at = fields.AwareDateTime()
    score = fields.Float(allow_none=True)
    probability = fields.Float(allow_none=True)
    tier = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    as_of = fields.AwareDateTime(allow_none=True)
    requester = fields.String(allow_none=True, metadata={"description": "What asked for it."})


class HistoryShape(NextShape):
    """A page of scores, the newest first."""

    lead = fields.Integer()
    history = fields.List(fields.Nested(PastShape))


class ContributionShape(Schema):
    """One part of a score."""

    sentence = fields.String()
    log_odds = fields.Float()
    evidence = fields.String(allow_none=True, metadata={"description": "The past cases behind it."})


class ReasonsShape(Schema):
    """A score that adds up."""

    lead = fields.Integer()
    score = fields.Float(attribute="card.score")
    probability = fields.Float(attribute="card.probability")
    low = fields.Float(attribute="card.details.low", allow_none=True)
    high = fields.Float(attribute="card.details.high", allow_none=True)
    little_known = fields.Boolean(attribute="card.details.little_known")
    tier = fields.String(attribute="card.tier")
    model = fields.String(attribute="card.model")
    scored_at = fields.AwareDateTime(attribute="card.scored_at")
    base = fields.Float(attribute="card.base", metadata={"description": "Log-odds of the average lead."})
    contributions = fields.List(fields.Nested(ContributionShape), attribute="card.contributions")
    other = fields.Float(attribute="card.other", metadata={"description": "All further inputs together."})
    total = fields.Float(attribute="card.total", metadata={"description": "Log-odds of the probability."})


class ConceptShape(Schema):
    """A concept whose contribution moved."""

    concept = fields.String()
    before = fields.Float()
    after = fields.Float()
    moved = fields.List(fields.String())


class ComparisonShape(Schema):
    """Two scores of a lead beside each other."""

    scores = fields.List(fields.Float())
    log_odds = fields.List(fields.Float())
    sentences = fields.List(fields.String())
    concepts = fields.List(fields.Nested(ConceptShape))
    model = fields.Float(metadata={"description": "What another model says otherwise of the same lead."})
    rest = fields.Float()


class ChangesShape(Schema):
    """What changed; without a comparison there is a reason why."""

    lead = fields.Integer(attribute="lead_id")
    at = fields.List(fields.AwareDateTime(allow_none=True), metadata={"description": "When both were made."})
    comparison = fields.Nested(ComparisonShape, allow_none=True)
    reason = fields.String(allow_none=True)


class SideShape(Schema):
    """A score as it is, or as it would be."""

    score = fields.Float()
    probability = fields.Float()
    tier = fields.String()


class SupposedShape(Schema):
    """Both scores, what lies between them, and what to doubt."""

    lead = fields.Integer()
    model = fields.String(attribute="supposed.model")
    before = fields.Nested(SideShape, attribute="supposed.before")
    after = fields.Nested(SideShape, attribute="supposed.after")
    sentences = fields.List(fields.String(), attribute="supposed.sentences")
    doubts = fields.List(fields.String(), attribute="supposed.doubts")
    caveat = fields.String(attribute="supposed.caveat")
