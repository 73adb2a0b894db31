"""The rules of producers, and the passing of time."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from queue_core.payload import Payload
from tests.model.stage import FIELDS, QUEUES, Stage

PLAIN = st.sampled_from([task_id for task_id, fields in FIELDS.items() if not fields.get("unique")])
UNIQUE = st.sampled_from([task_id for task_id, fields in FIELDS.items() if fields.get("unique")])
DELAYS = st.sampled_from([None, None, -5.0, 0.0, 30.0, 60.0])
LIMITS = st.sampled_from([0, 0, 0, 1, 3])


class Producers(Stage):
    @rule(queue=QUEUES, task_id=PLAIN, delay=DELAYS, limit=LIMITS, remember=st.booleans())
    def enqueue(self, queue, task_id, delay, limit, remember):
        """The id is random: it comes again only when its enqueue is repeated."""
        self._enqueue(queue, task_id, delay, limit, once=True, remember=remember)

    @rule(queue=QUEUES, task_id=UNIQUE, delay=DELAYS, limit=LIMITS, once=st.sampled_from([False, False, True]))
    def enqueue_unique(self, queue, task_id, delay, limit, once):
        self._enqueue(queue, task_id, delay, limit, once, remember=False)

    @rule(seconds=st.sampled_from([1.0, 60.0]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    def _enqueue(self, queue, task_id, delay, limit, once, remember):
        self.written += 1
        due_at = None if delay is None else self.clock.now() + delay
        text = self.text_of(task_id, due_at)
        self.both(
            lambda: self.engine.enqueue.put(
                Payload(self.fields_of(task_id)),
                queue,
                due_at=due_at,
                max_queue_size=limit,
                once=once,
                remember_seconds=3600 if remember else None,
            ),
            lambda _: self.model.enqueue(queue, task_id, text, self.clock.now(), due_at, limit, once, remember),
        )
