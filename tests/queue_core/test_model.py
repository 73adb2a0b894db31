"""Any order of acts by producers, workers, the sweeper and operators, against a plain model of the states."""

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from queue_core import Engine, Settings
from queue_core.clock import ManualClock
from queue_core.errors import LeaseLost, MovedOn
from queue_core.payload import Payload
from tests.builders import ANNA
from tests.checker import assert_sound

QUEUES = st.sampled_from(["orders", "orders.eu"])
IDS = st.sampled_from(["a", "b", "c", "d"])
WORKERS = st.sampled_from(["w1", "w2"])
VERBS = st.sampled_from(["retry", "delete", "cancel", "reschedule", "move"])
PLACES = {"queued", "active", "scheduled", "error"}
TIMEOUT = "tasktiger.exceptions:JobTimeoutException"


class Tasks(RuleBasedStateMachine):
    """model: {(queue, id): state}.  Each id lives in one queue, as tasks that are not unique do."""

    url = None

    def __init__(self):
        super().__init__()
        self.raw = redis.Redis.from_url(self.url)
        self.raw.flushall()
        self.engine = Engine(self.url, Settings(operation_chunk=2))
        self.clock = self.engine.store.clock = ManualClock(1_000.0)
        self.sessions = {}
        self.held = {}  # (queue, id) -> (worker, claimed, started)
        self.model = {}
        self.repeatable = {}

    @initialize()
    def workers(self):
        self.sessions = {name: self.engine.leases.session(name) for name in ("w1", "w2")}

    def teardown(self):
        for session in self.sessions.values():
            session.close()
        self.engine.close()
        self.raw.close()

    def _where(self, task_id):
        return next((place for place in self.model if place[1] == task_id), None)

    # -- producers --

    @rule(queue=QUEUES, task_id=IDS, later=st.booleans(), repeatable=st.booleans())
    def enqueue(self, queue, task_id, later, repeatable):
        known = self._where(task_id)
        fields = {"id": task_id, "func": "app:work"} | ({"retry_on": [TIMEOUT]} if repeatable else {})
        due_at = self.clock.now() + 50 if later else None
        self.engine.enqueue.put(Payload(fields), queue, due_at=due_at, once=True)
        if known is None:
            self.model[queue, task_id] = "scheduled" if later else "queued"
            self.repeatable[task_id] = repeatable

    @rule(seconds=st.sampled_from([1.0, 60.0]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    # -- workers --

    @rule(queue=QUEUES, worker=WORKERS, limit=st.integers(1, 3))
    def claim(self, queue, worker, limit):
        claimed = self.sessions[worker].claim(queue, limit)
        waiting = {task_id for (q, task_id), state in self.model.items() if q == queue and state == "queued"}
        assert len(claimed) <= min(limit, len(waiting)) and (claimed or not waiting)
        for one in claimed:
            assert one.id in waiting
            self.model[queue, one.id] = "active"
            self.held[queue, one.id] = (worker, one, False)

    @rule(worker=WORKERS)
    def heartbeat(self, worker):
        assert not self.sessions[worker].heartbeat()

    @rule(task_id=IDS)
    def start(self, task_id):
        place = self._where(task_id)
        if place in self.held:
            worker, claimed, _ = self.held[place]
            self.sessions[worker].start(claimed)
            assert self.sessions[worker].drain()[-1].error is None
            self.held[place] = (worker, claimed, True)

    @rule(task_id=IDS, end=st.sampled_from(["finish", "retry_later", "give_up", "defer", "release"]))
    def settle(self, task_id, end):
        place = self._where(task_id)
        if place not in self.held:
            return
        worker, claimed, _ = self.held.pop(place)
        session, due_at = self.sessions[worker], self.clock.now() + 50
        {
            "finish": lambda: session.finish(claimed),
            "retry_later": lambda: session.retry_later(claimed, due_at, b"{}"),
            "give_up": lambda: session.give_up(claimed, b"{}"),
            "defer": lambda: session.defer(claimed, due_at),
            "release": lambda: session.release(claimed),
        }[end]()
        assert session.drain()[-1].error is None
        goes_to = {"retry_later": "scheduled", "defer": "scheduled", "give_up": "error", "release": "queued"}.get(end)
        if goes_to:
            self.model[place] = goes_to
        else:
            del self.model[place]

    @rule(task_id=IDS)
    def fall_silent(self, task_id):
        """A worker is lost with this task; the sweeper finds out."""
        place = self._where(task_id)
        if place not in self.held:
            return
        queue = place[0]
        worker, claimed, started = self.held.pop(place)
        self._age(queue, task_id)
        (recovered,) = self.engine.leases.recover_expired(queue)
        assert recovered.id == task_id
        allowed = {"requeued", "quarantined"} if self.repeatable[task_id] else {"failed", "quarantined"}
        assert recovered.verb in (allowed if started else {"released"})
        self.model[place] = "queued" if recovered.verb in ("released", "requeued") else "error"
        self.sessions[worker].finish(claimed)  # its late answer
        assert isinstance(self.sessions[worker].drain()[-1].error, LeaseLost)

    def _age(self, queue, task_id):
        old = b"1.000001"
        record = self.raw.hget(f"t:x:claims:{queue}", task_id)
        self.raw.zadd(f"t:active:{queue}", {task_id: old})
        self.raw.hset(f"t:x:claims:{queue}", task_id, b" ".join([old, *record.split(b" ", 4)[1:]]))

    @rule(queue=QUEUES)
    def promote(self, queue):
        due = set(self.raw.zrangebyscore(f"t:scheduled:{queue}", "-inf", self.clock.now()))
        moved, _ = self.engine.leases.promote(queue)
        assert moved == len(due)
        for task_id in due:
            self.model[queue, task_id.decode()] = "queued"

    # -- operators --

    @rule(task_id=IDS, verb=VERBS, state=st.sampled_from(["queued", "scheduled", "error"]))
    def act(self, task_id, verb, state):
        place = self._where(task_id)
        queue = place[0] if place else "orders"
        control = self.engine.control
        other = "orders" if queue == "orders.eu" else "orders.eu"
        sources = {"retry": {"error"}, "cancel": {"queued", "scheduled"}, "reschedule": {"scheduled", "error"}}
        if state not in sources.get(verb, PLACES):
            return
        act = {
            "retry": lambda: control.retry(queue, task_id, actor=ANNA),
            "delete": lambda: control.delete(queue, state, task_id, actor=ANNA),
            "cancel": lambda: control.cancel(queue, state, task_id, actor=ANNA),
            "reschedule": lambda: control.reschedule(queue, state, task_id, due_at=self.clock.now() + 9, actor=ANNA),
            "move": lambda: control.move(queue, state, task_id, to_queue=other, actor=ANNA),
        }[verb]
        if self.model.get(place) != state:
            with pytest.raises(MovedOn):
                act()
            return
        act()
        del self.model[place]
        if verb in ("retry", "reschedule", "move"):
            goes_to = {"retry": "queued", "reschedule": "scheduled", "move": state}[verb]
            self.model[other if verb == "move" else queue, task_id] = goes_to

    @rule(queue=QUEUES, verb=st.sampled_from(["retry", "purge"]))
    def operate(self, queue, verb):
        matched = [place for place, state in self.model.items() if place[0] == queue and state == "error"]
        # by the clock of the server, which recovery uses, all of them failed before this moment
        operation = self.engine.operations.start(verb, queue, "error", actor=ANNA, not_after=1e12)
        while not operation.ended:
            operation = self.engine.operations.step(operation.id)
        assert (operation.done, operation.skipped) == (len(matched), 0)
        for place in matched:
            if verb == "retry":
                self.model[place] = "queued"
            else:
                del self.model[place]

    # -- what always holds --

    @invariant()
    def redis_agrees_with_the_model(self):
        found = {
            (queue, task_id.decode()): state
            for state in PLACES
            for queue in ("orders", "orders.eu")
            for task_id in self.raw.zrange(f"t:{state}:{queue}", 0, -1)
        }
        assert found == self.model

    @invariant()
    def every_key_obeys_the_protocol(self):
        assert_sound(self.raw)


def test_any_order_of_acts_keeps_redis_sound(redis_url):
    machine = type("TasksHere", (Tasks,), {"url": redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
