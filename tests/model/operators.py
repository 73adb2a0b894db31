"""The rules of operators: acts on one task, on a queue, and in bulk."""

import math

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from queue_core.control import OPEN_END_SECONDS
from tests.builders import ANNA
from tests.model.model import Refused
from tests.model.stage import IDS, QUEUES, Stage

INACTIVE = st.sampled_from(["queued", "scheduled", "error"])
BULK = st.sampled_from(
    [("retry", "error"), ("retry", "error"), ("purge", "error"), ("delete", "queued"), ("clear", "scheduled")]
)


SOURCES = {
    "retry": ["error"],
    "reschedule": ["scheduled", "error"],
    "move": ["queued", "scheduled", "error"],
    "cancel": ["queued", "scheduled"],
    "delete": ["queued", "scheduled", "error"],
}
VERBS = st.sampled_from(["retry", "retry", "reschedule", "move", "move", "cancel", "delete"])
SECONDS = st.sampled_from([-30.0, 0.125, 90.0])


class Operators(Stage):
    # -- one task --

    @precondition(lambda self: self.model.payloads)
    @rule(verb=VERBS, pick=st.integers(0, 9), seconds=SECONDS, fresh_budget=st.booleans())
    def act(self, verb, pick, seconds, fresh_budget):
        """On one that is where the verb takes it from."""
        here = [
            (state, queue, task_id)
            for state in SOURCES[verb]
            for queue, tasks in sorted(self.model.states[state].items())
            for task_id in sorted(tasks)
        ]
        if here:
            self._one(verb, *here[pick % len(here)], seconds, fresh_budget)

    @rule(verb=VERBS, state=st.integers(0, 2), queue=QUEUES, task_id=IDS)
    def act_on_anything(self, verb, state, queue, task_id):
        """Mostly on one that is elsewhere."""
        self._one(verb, SOURCES[verb][state % len(SOURCES[verb])], queue, task_id, 7.0, False)

    def _one(self, verb, state, queue, task_id, seconds, fresh_budget):
        control, model, now, by = self.engine.control, self.model, self.clock.now(), {"actor": ANNA}
        other, due_at = {"orders": "orders.eu", "orders.eu": "orders"}[queue], self.clock.now() + seconds
        act, specified = {
            "retry": (
                lambda: control.retry(queue, task_id, fresh_budget=fresh_budget, **by),
                lambda: model.retry(queue, task_id, now, fresh_budget),
            ),
            "reschedule": (
                lambda: control.reschedule(queue, state, task_id, due_at=due_at, **by),
                lambda: model.reschedule(queue, state, task_id, due_at),
            ),
            "move": (
                lambda: control.move(queue, state, task_id, to_queue=other, **by),
                lambda: model.move(queue, state, task_id, other, now),
            ),
            "cancel": (
                lambda: control.cancel(queue, state, task_id, **by),
                lambda: model.cancel(queue, state, task_id),
            ),
            "delete": (
                lambda: control.delete(queue, state, task_id, **by),
                lambda: model.delete(queue, state, task_id),
            ),
        }[verb]
        self._noted(verb, task_id, act, specified)

    # -- one queue --

    @rule(queue=QUEUES, seconds=st.sampled_from([None, 30.0]), again=st.integers(0, 2))
    def pause_or_resume(self, queue, seconds, again):
        """Resumes what is paused, and what is not; sometimes pauses a paused queue again."""
        if (queue in self.model.pauses and again < 2) or again == 0:
            act = self.engine.control.resume
            self._noted("resume", queue, lambda: act(queue, actor=ANNA), lambda: self.model.resume(queue))
        else:
            self._pause(queue, seconds)

    def _pause(self, queue, seconds):
        now = self.clock.now()
        until = None if seconds is None else now + seconds
        ends_at, locked_until = (math.inf, now + OPEN_END_SECONDS) if until is None else (until, until)
        self._noted(
            "pause",
            queue,
            lambda: self.engine.control.pause(queue, actor=ANNA, reason="a fix ships", until=until),
            lambda: self.model.pause(queue, ends_at, locked_until),
        )

    @precondition(lambda self: self.model.pauses)
    @rule()
    def pauses_that_have_ended_lapse(self):
        over = [
            queue for queue, ends_at in sorted(self.model.pauses.items(), key=_by_end) if ends_at <= self.clock.now()
        ]
        assert self.engine.control.lapse_pauses() == over
        for queue in over:
            self.model.resume(queue)
            self.model.note_act("resume", queue)

    # -- many tasks --

    @rule(
        queue=QUEUES,
        state=INACTIVE,
        seconds=st.sampled_from([None, 0.0, -50.0]),
        limit=st.sampled_from([None, 1, 1]),
    )
    def purge(self, queue, state, seconds, limit):
        """The oldest of them."""
        not_after = None if seconds is None else self.clock.now() + seconds
        until = math.inf if not_after is None else not_after
        matched = sum(score <= until for score in self.model.states[state][queue].values())
        purge = self.engine.control.purge
        self.both(
            lambda: purge(queue, state, not_after=not_after, limit=limit, actor=ANNA),
            lambda _: self.model.purge(queue, state, until, limit),
        )
        if matched:
            self.model.note_act("purge", queue)

    @rule(
        queue=QUEUES,
        what=BULK,
        seconds=st.sampled_from([None, None, -50.0]),
        chosen=st.none() | st.lists(IDS, min_size=1, unique=True),
    )
    def operate(self, queue, what, seconds, chosen):
        """Everything that was there at a moment, or a choice of which some may be elsewhere."""
        verb, state = what
        now = self.clock.now()
        not_after = None if seconds is None or chosen else now + seconds
        until = self._until(queue, state, now) if not_after is None else not_after
        matched = chosen or [one for one, score in self.model.lowest(state, queue) if score <= until]
        operations = self.engine.operations
        operation = operations.start(verb, queue, state, actor=ANNA, task_ids=chosen, not_after=not_after)
        while not operation.ended:
            operation = operations.step(operation.id)
        self.model.note_act(verb, operation.id)
        done = sum(self._done_to_one(verb, queue, state, task_id, operation.id) for task_id in matched)
        counts = {"status": "done", "matched": len(matched), "done": done, "skipped": len(matched) - done}
        self.model.operations[operation.id].update(counts)

    @precondition(lambda self: self.model.followed)
    @rule()
    def look_what_became_of_what_was_retried(self):
        for operation, tasks in self.engine.operations.followed():
            self.engine.operations.settle(operation, tasks)
        self.model.settle_followed()

    def _until(self, queue, state, now):
        """All that is there now; what is scheduled has its score in the future."""
        return max([now, *self.model.states[state][queue].values()]) if state == "scheduled" else now

    def _done_to_one(self, verb, queue, state, task_id, operation_id) -> bool:
        try:
            if verb == "retry":
                self.model.retry(queue, task_id, self.clock.now(), operation_id=operation_id)
            else:
                self.model.delete(queue, state, task_id)
        except Refused:
            return False
        return True

    # -- shared --

    def _noted(self, verb, target, act, specified):
        """With an entry in the audit trail, unless it is refused."""

        def and_noted(_):
            specified()
            self.model.note_act(verb, target)

        self.both(act, and_noted)


def _by_end(pause):
    queue, ends_at = pause
    return ends_at, queue
