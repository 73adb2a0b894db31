"""What the rules of every role share: one Redis, the model beside it, and the comparison after each step."""

import json

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from queue_core import Engine, Settings
from queue_core.clock import ManualClock
from queue_core.errors import BY_CODE_WORD, QueueFullException, SignalboxError
from tests.checker import faults
from tests.model import picture
from tests.model.model import Model, Refused

QUEUES = st.sampled_from(["orders", "orders.eu"])
WORKERS = st.sampled_from(["w1", "w2"])
TIMEOUT = "tasktiger.exceptions:JobTimeoutException"
FIELDS = {
    "a": {"max_stored_executions": 2},
    "b": {"retry_on": [TIMEOUT], "kwargs": {"long": "x" * 300}},
    "c": {"kwargs": {"long": "x" * 300}},
    "u": {"unique": True, "retry_on": ["builtins:BaseException"]},
    "v": {"unique": True, "retry_on": ["builtins:ValueError"], "max_stored_executions": 1},
}
IDS = st.sampled_from(list(FIELDS))
BEGINNING_AT = 2_000_000_000.25
"""The clock that is moved by hand.  It is ahead of the server's, so that no pause ends by itself."""

_PAYLOAD_BUDGET_BYTES = 400
"""Less than two of the long ones, so that claims are cut short."""

_SENTINEL = b"-seen-"


class Place:
    """One Redis and those who use it.  impatient: an engine for which every lease is over at once.

    Nothing goes to the trash, which the protocol knows nothing of; that is tried in tests/queue_core/test_trash.py."""

    def __init__(self, url):
        self.raw = redis.Redis.from_url(url)
        self.engine = Engine(url, Settings(operation_chunk=2, trash_seconds=0))
        at_once = Settings(
            operation_chunk=2, trash_seconds=0, lease_seconds=1e-6, heartbeat_seconds=1e-7, recover_batch=1
        )
        self.impatient = Engine(url, at_once)
        self.listener = self.raw.pubsub()
        self.listener.subscribe("t:activity")
        self.listener.get_message(timeout=10)  # that it listens now

    def empty(self) -> ManualClock:
        """Nothing is there any more; the clock that everybody has from now on."""
        self.raw.flushall()
        self.heard()
        clock = ManualClock(BEGINNING_AT)
        for engine in (self.engine, self.impatient):
            engine.clock = engine.store.clock = clock
        return clock

    def heard(self) -> list:
        """The queue names that were published since the last look."""
        self.raw.publish("t:activity", _SENTINEL)
        names = []
        while (message := self.listener.get_message(timeout=10))["data"] != _SENTINEL:
            names.append(message["data"].decode())
        return names

    def close(self):
        self.listener.close()
        self.engine.close()
        self.impatient.close()
        self.raw.close()


class Stage(RuleBasedStateMachine):
    """held: {worker: {(queue, id): (claimed, lease that the worker knows)}}."""

    place, steps = None, 0

    def __init__(self):
        super().__init__()
        self.raw, self.engine = self.place.raw, self.place.engine
        self.clock = self.place.empty()
        settings = self.engine.settings
        self.model = Model(settings.max_recoveries, settings.lock_retry_seconds, _PAYLOAD_BUDGET_BYTES)
        self.sessions = {name: self.engine.leases.session(name) for name in ("w1", "w2")}
        self.held = {name: {} for name in self.sessions}
        self.damaged = set()  # ids whose payload was deleted by somebody who does not know of twins
        self.written = 0
        self.hold_id = "nothing held"  # what the next task is set aside for
        self.hold_ends_at = {}

    @initialize()
    def nothing(self):
        """So that the empty Redis is compared too."""

    def teardown(self):
        for session in self.sessions.values():
            session.close()
        wrong = [one for one in faults(self.raw) if not any(repr(task_id) in one for task_id in self.damaged)]
        assert not wrong, wrong

    # -- doing it in both worlds --

    def both(self, act, specified):
        """What `act` gave in Redis.  The model, asked afterwards with that as its argument, refuses the same things.

        specified: takes what `act` gave, None when it refused; what it gives must be equal."""
        found, refusal = _outcome(act)
        try:
            wanted = specified(found)
        except Refused as refused:
            wanted = BY_CODE_WORD[refused.word]
            if type(refusal) is not wanted:
                raise AssertionError(f"{refused.word} was expected, not {refusal!r}") from refusal
            return None
        assert refusal is None, refusal
        assert wanted is None or wanted == found, (wanted, found)
        return found

    def server_moment(self, act):
        """(what `act` gave, {"from", "to"}: what the server's clock said before and after)."""
        before = seconds_of(self.raw.time())
        found = act()
        return found, (before, seconds_of(self.raw.time()))

    def text_of(self, task_id, due_at) -> str:
        """The payload that an enqueue now writes."""
        now = self.clock.now()
        due_at = due_at if due_at is not None and due_at > now else now
        return json.dumps(self.fields_of(task_id) | {"time_last_queued": now, "scheduled_at": due_at})

    def fields_of(self, task_id) -> dict:
        arguments = [self.written, [], {}, 2**60 + 1, 0.1, "\x00é\n"]
        return {"id": task_id, "func": "app:work", "args": arguments, **FIELDS[task_id]}

    # -- what holds after every step --

    @invariant()
    def compare(self):
        """The whole of Redis is what the model says, and who listens has heard of all that became runnable."""
        type(self).steps += 1
        (found, expiring), (wanted, wanted_expiring) = picture.real(self.raw), picture.specified(self.model)
        assert found == wanted, picture.difference(found, wanted)
        assert expiring == wanted_expiring, expiring ^ wanted_expiring
        assert self.place.heard() == self.model.heard
        self.model.heard = []


def _outcome(act):
    try:
        return act(), None
    except (SignalboxError, QueueFullException) as refusal:
        return None, refusal


def seconds_of(time) -> float:
    return time[0] + time[1] / 1e6
