"""Writing scores, with one answer for each record.

A member is changed by ``PATCH`` with nothing but the score in it: it makes no contact, touches no
status, and bears repeating. Its answer is the whole member, so that the tag is changed only where it
has to be. Few records are written one by one, within seconds; more go as batch jobs, which hold no
connection but may have to wait. Archived members are left alone: a write might bring them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.adapters.mailchimp import writes_in_jobs
from connector.adapters.mailchimp.archive import Result
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.errors import BAD_REQUEST, FORBIDDEN, NOT_FOUND, THROTTLED
from connector.adapters.mailchimp.wanted import Answers
from connector.adapters.mailchimp.writing import Stage, Step, Writing
from connector.errors import RetryLater
from connector.records import ScoreWrite, WriteResult

LARGEST_BATCH = 10 * OPERATIONS
"""Records of one write: so many that its tags, put together, are few jobs beside those of its scores."""
ONE_BY_ONE = 10
"""Up to so many, single answers come sooner than a job's end."""

NO_ANSWER = "Mailchimp gave no answer for this contact."


def write(audiences: Audiences, writes: Sequence[ScoreWrite]) -> list[WriteResult]:
    """Write ``writes`` and return a result for each, in their order; of doubles the last one counts.

    Raise ``RetryLater`` only if Mailchimp throttles before anything was written.
    """
    if len(writes) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(writes)}")
    answers = Answers(writes)
    writing = Writing(audiences, answers)
    try:
        writing.admit()
        if len(answers.wanted) <= ONE_BY_ONE:
            _one_by_one(audiences, writing, answers)
        else:
            writing.shut_out_archived()
            writes_in_jobs.run(audiences, writing, answers.left(), lambda steps: singly(audiences, writing, steps))
        answers.try_again(NO_ANSWER)
    except RetryLater as error:
        throttled = error.fault is None or error.fault.status in (THROTTLED, FORBIDDEN)
        if throttled and not answers.any_written:
            raise
        answers.try_again(str(error))
    return answers.of(item.record_id for item in writes)


def _one_by_one(audiences: Audiences, writing: Writing, answers: Answers) -> None:
    steps: list[Step] = [writing.read_first(item) for item in answers.left()]
    for stage in Stage:
        now = [step for step in steps if step.stage is stage]
        steps = [step for step in steps if step.stage is not stage] + singly(audiences, writing, now)


def singly(audiences: Audiences, writing: Writing, steps: Iterable[Step]) -> list[Step]:
    """Make calls one after another; return those that follow. Raise ``RetryLater`` at the first that stays in trouble.

    Whatever troubles that one troubles the next: they are not tried in vain.
    """
    following: list[Step] = []
    for step in (waiting := list(steps)):
        once = step.stage is Stage.JOURNEY
        try:
            answer = audiences.session.send(
                "member", step.call, accept=(BAD_REQUEST, NOT_FOUND), repeat=not once, writes=step.call.writes
            )
        except RetryLater:
            for left in (*waiting[waiting.index(step) :], *following):
                writing.unanswered(left)
            raise
        after = writing.answered(step, Result(step.item.record_id, answer.status, answer.body))
        if after is not None:
            following.append(after)
    return following
