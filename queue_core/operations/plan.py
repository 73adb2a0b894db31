"""Where an operation leads tasks: into which queue, or to which moment.  What was asked is checked; pure."""

import math
from dataclasses import dataclass

from queue_core import states
from queue_core.errors import InvalidQueueName, InvalidRequest
from queue_core.hold import ASIDE_AT
from queue_core.payload import checked_queue

MOST_SECONDS = 10 * 365 * 86_400.0
"""A shift or a spread is no longer."""

LATEST_DUE = ASIDE_AT - 1.0
"""Scores above, of the year 2514 and later, are those of tasks that stand aside for a hold; they keep their place."""


@dataclass(frozen=True)
class Plan:
    """to_queue: of a move.  shift_seconds: of a reschedule, so much later, or earlier when below 0.  due_at: or at that
    moment, Unix seconds.  spread_seconds: over so long from `due_at` on, evenly, in the order of their scores.
    not_before: tasks with a lower score are left alone."""

    to_queue: str = ""
    shift_seconds: float | None = None
    due_at: float | None = None
    spread_seconds: float | None = None
    not_before: float | None = None

    def checked(self, verb: str, queue: str, state: str) -> "Plan":
        """Itself, if it is one for that verb.  Raises InvalidRequest, InvalidQueueName, UnknownState."""
        if verb == "move":
            self._check_move(queue, state)
        elif self.to_queue:
            raise InvalidRequest("Only a move has a queue to go to.")
        if verb == "reschedule":
            self._check_reschedule(state)
        elif self._times or self.not_before is not None:
            raise InvalidRequest("Only a reschedule has another time.")
        return self

    @property
    def is_spread_without_begin(self) -> bool:
        return self.spread_seconds is not None and self.due_at is None

    @property
    def _times(self):
        asked = (self.shift_seconds, self.due_at, self.spread_seconds)
        return [one for one in asked if one is not None]

    def _check_move(self, queue, state):
        states.allowed_from("move", state)
        if checked_queue(self.to_queue) == queue:
            raise InvalidQueueName(
                "The tasks are in that queue already; name another one to move them to.", queue=self.to_queue
            )

    def _check_reschedule(self, state):
        states.allowed_from("reschedule", state)
        if not self._times or (self.shift_seconds is not None and len(self._times) > 1):
            raise InvalidRequest("Say by how much to shift them, or when they become due, or over how long; one of it.")
        if not all(math.isfinite(one) for one in (*self._times, self.not_before or 0.0)):
            raise InvalidRequest("Times are numbers of seconds.")
        if self.shift_seconds is not None:
            self._check_shift(state)
        if self.due_at is not None and not 0 < self.due_at < LATEST_DUE:
            raise InvalidRequest("A task becomes due at a moment after 1970 and before the year 2514.")
        if self.spread_seconds is not None and not 0 < self.spread_seconds <= MOST_SECONDS:
            raise InvalidRequest("Tasks are spread over more than no time, and at most ten years.")

    def _check_shift(self, state):
        if state != states.SCHEDULED:
            raise InvalidRequest(
                "Only scheduled tasks have a time to shift; say when these become due, or over how long."
            )
        if not 0 < abs(self.shift_seconds) <= MOST_SECONDS:
            raise InvalidRequest("A shift is later or earlier by more than nothing, and at most by ten years.")


def new_due_at(plan: Plan, score: float, place: int, of: int, now: float) -> float:
    """When a task becomes due that has the `place`-th lowest score, from 0, `of` so many; what has passed means now."""
    if plan.shift_seconds is not None:
        wanted = score + plan.shift_seconds
    else:
        wanted = plan.due_at + (plan.spread_seconds or 0.0) * place / max(of, 1)
    return min(max(wanted, now), LATEST_DUE)
