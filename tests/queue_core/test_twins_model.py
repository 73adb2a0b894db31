"""Any order of acts on unique tasks in several queues, with looks for twins under way in between."""

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from queue_core import Engine, Settings, states
from queue_core.clock import ManualClock
from queue_core.errors import MovedOn
from queue_core.payload import Payload
from queue_core.twins import Twins
from tests.builders import ANNA
from tests.checker import faults

NAMES = ["orders", "mail", "sms"]
QUEUES = st.sampled_from(NAMES)
IDS = st.just("a")


class Uniques(RuleBasedStateMachine):
    """Whatever happens: who stands in some queue has its payload, and who stands in none leaves nothing in the end."""

    url = None

    def __init__(self):
        super().__init__()
        self.raw = redis.Redis.from_url(self.url)
        self.raw.flushall()
        self.engine = Engine(self.url, Settings())
        self.clock = self.engine.store.clock = ManualClock(1_000.0)
        self.session = self.engine.leases.session("w")
        self.held = []
        self.looking = iter(())
        self.twins = Twins(self.engine.store)

    @rule(queue=QUEUES, task_id=IDS, later=st.booleans())
    def enqueue(self, queue, task_id, later):
        self.clock.advance(1.0)
        due_at = self.clock.now() + 5 if later else None
        self.engine.enqueue.put(Payload({"id": task_id, "func": "app:work", "unique": True}), queue, due_at=due_at)

    @rule(queue=QUEUES)
    def claim(self, queue):
        self.held += self.session.claim(queue)

    @rule(how=st.sampled_from(["finish", "retry_later", "give_up", "defer", "release"]))
    def settle(self, how):
        if self.held:
            claimed, due_at = self.held.pop(0), self.clock.now() + 5
            more = {"retry_later": (due_at, b"{}"), "give_up": (b"{}",), "defer": (due_at,)}.get(how, ())
            getattr(self.session, how)(claimed, *more)
            assert self.session.drain()[-1].error is None

    @rule(queue=QUEUES)
    def promote(self, queue):
        self.clock.advance(10.0)
        self.engine.leases.promote(queue)

    @rule(
        queue=QUEUES, to_queue=QUEUES, task_id=IDS, verb=st.sampled_from(["retry", "delete", "cancel", "move", "purge"])
    )
    def act(self, queue, to_queue, task_id, verb):
        control, self_moved = self.engine.control, verb == "move" and queue == to_queue
        self.clock.advance(1.0)
        for state in ("queued", "scheduled", "error"):
            try:
                if verb == "retry" and state == "error":
                    control.retry(queue, task_id, actor=ANNA)
                elif verb == "purge":
                    control.purge(queue, state, not_after=self.clock.now() - 3, actor=ANNA)
                elif verb == "delete":
                    control.delete(queue, state, task_id, actor=ANNA)
                elif verb == "cancel" and state != "error":
                    control.cancel(queue, state, task_id, actor=ANNA)
                elif verb == "move" and not self_moved:
                    control.move(queue, state, task_id, to_queue=to_queue, actor=ANNA)
            except MovedOn:
                continue

    @rule()
    def look(self):
        """A look for twins begins, or goes on a little."""
        if next(self.looking, self) is self:
            self.looking = self.twins.part()

    @rule(queue=QUEUES)
    def finish_one(self, queue):
        for claimed in self.session.claim(queue):
            self.session.finish(claimed)
            assert self.session.drain()[-1].error is None

    @invariant()
    def who_stands_in_a_queue_has_its_payload(self):
        for state in states.ALL:
            for queue in NAMES:
                for task_id in self.raw.zrange(f"t:{state}:{queue}", 0, -1):
                    assert self.raw.exists(b"t:task:" + task_id), f"{task_id} in {state} of {queue}"

    @invariant()
    def every_key_obeys_the_protocol(self):
        assert list(faults(self.raw)) == []

    def teardown(self):
        while self.held:
            self.settle("finish")
        for queue in NAMES:
            for state in ("queued", "scheduled", "error"):
                self.engine.control.purge(queue, state, actor=ANNA)
        for _ in range(2):
            list(self.twins.part())
        assert not self.raw.keys("t:task:*") and not self.raw.exists("t:x:twins")
        self.session.close()
        self.engine.close()
        self.raw.close()


@pytest.mark.slow
def test_no_order_of_acts_parts_a_task_from_its_payload(redis_url, monkeypatch):
    monkeypatch.setattr("queue_core.twins._QUEUES_AT_ONCE", 1)
    machine = type("UniquesHere", (Uniques,), {"url": redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate],
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
