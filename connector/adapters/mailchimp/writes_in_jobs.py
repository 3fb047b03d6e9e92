"""Many scores as batch jobs, so that Mailchimp never waits for us.

Mailchimp works on an account's jobs one after another. So the next jobs are handed in before the last one is
done, and tags are put together: those who may need theirs changed are scored first, and their tags go in one
job behind all scores. What turns up later follows at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.jobs import Jobs
from connector.adapters.mailchimp.wanted import Wanted
from connector.adapters.mailchimp.writing import Stage, Step, Writing
from connector.errors import RetryLater

FEW = 10
"""So few leftovers are done sooner one by one than by a job."""

Singly = Callable[[Sequence[Step]], list[Step]]


def run(audiences: Audiences, writing: Writing, items: Sequence[Wanted], singly: Singly) -> None:
    """Write ``items``; ``singly`` makes a few calls at once and returns those that follow.

    Records that got no answer are left without a result. Raises ``RetryLater`` where Mailchimp took no
    further job, or none came to its end, once the answers that were still to be had are taken.
    """
    _Run(audiences, writing, items, singly).run()


class _Run:
    def __init__(self, audiences: Audiences, writing: Writing, items: Sequence[Wanted], singly: Singly) -> None:
        self._writing = writing
        self._singly = singly
        self._jobs = Jobs(audiences)
        first = sorted(items, key=lambda item: not writing.may_change_tag(item))
        self._waiting: dict[Stage, deque[Step]] = {stage: deque() for stage in Stage}
        self._waiting[Stage.SCORE].extend(writing.score(item) for item in first)
        self._handed_in: deque[Sequence[Step]] = deque()
        self._early: set[Stage] = set()

    def run(self) -> None:
        error: RetryLater | None = None
        while True:
            try:
                if error is None:
                    self._hand_in()
            except RetryLater as refused:
                error = refused
            if self._jobs.empty:
                break
            self._take_answers()
        if error is not None:
            self._give_up()
            raise error

    def _hand_in(self) -> None:
        while self._jobs.room and (steps := self._next_steps()):
            once = steps[0].stage is Stage.JOURNEY
            if len(steps) <= FEW and steps[0].stage is not Stage.SCORE:
                self._follow(self._singly(steps))
                continue
            try:
                self._jobs.hand_in({step.item.record_id: step.call for step in steps}, repeat=not once)
            except RetryLater:
                self._unanswered(steps)
                raise
            self._handed_in.append(steps)

    def _next_steps(self) -> list[Step]:
        """Return what is to be handed in next, nothing where it is better to wait for answers."""
        for stage, waiting in self._waiting.items():
            if waiting and (stage is Stage.SCORE or len(waiting) >= OPERATIONS or self._complete(stage)):
                if self._handed_in:
                    self._early.add(stage)
                return [waiting.popleft() for _ in range(min(OPERATIONS, len(waiting)))]
        return []

    def _complete(self, stage: Stage) -> bool:
        """Tell whether no more calls of a stage are to be expected.

        Those that turn up all the same after some went early wait for the end of everything before them: a job
        takes its time however few calls are in it.
        """
        before = [step for steps in self._handed_in for step in steps if step.stage < stage]
        return not before or (stage not in self._early and not any(map(self._writing.may_lead_on, before)))

    def _take_answers(self) -> None:
        steps = self._handed_in[0]
        try:
            results = self._jobs.next_results()
        except RetryLater:
            for lost in self._handed_in:
                self._unanswered(lost)
            self._give_up()
            raise
        self._handed_in.popleft()
        for step in steps:
            result = results.get(step.item.record_id)
            if result is None:
                self._writing.unanswered(step)
            else:
                following = self._writing.answered(step, result)
                self._follow([] if following is None else [following])

    def _follow(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._waiting[step.stage].append(step)

    def _unanswered(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._writing.unanswered(step)

    def _give_up(self) -> None:
        for waiting in self._waiting.values():
            self._unanswered(waiting)
