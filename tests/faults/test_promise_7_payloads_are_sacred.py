"""Payloads are sacred: arguments come out of any number of moves byte for byte as they went in."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Actor
from queue_core.payload import Payload, plain_id
from tests.checker import faults

ANNA = Actor("anna", "command line")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([9007199254740993, 2**64, -(2**70), 1e22, 5e-324, 0.1, -0.0, 1e308])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["", "\x00", "\U0001f600", "é", "\\/", "</script>", "\r\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
MOVES = ("retry_later", "give_up", "release", "lose", "defer", "move", "reschedule", "promote", "retry")


@pytest.fixture
def fresh(raw, engine):
    def fresh():
        raw.flushall()
        return engine

    return fresh


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(args=st.lists(JSON, max_size=3), kwargs=st.dictionaries(st.text(max_size=5), JSON, max_size=3), data=st.data())
def test_no_move_touches_the_arguments(fresh, raw, args, kwargs, data):
    engine, task_id = fresh(), plain_id()
    fields = {"id": task_id, "func": "app.tasks:work", "args": args, "kwargs": kwargs, "unheard_of": {"n": 2**63}}
    fields |= {"retry_on": ["builtins:BaseException"], "retry_method": ["tasktiger.retry:_fixed", [0, 9]]}
    engine.enqueue.put(Payload(fields), "orders")
    key = f"t:task:{task_id}"
    before, rescheduled = raw.get(key), False
    for move in data.draw(st.lists(st.sampled_from(MOVES), min_size=1, max_size=8)):
        rescheduled |= _make(move, engine, raw, task_id)
        assert _without_time(raw.get(key)) == _without_time(before)
        if not rescheduled:
            assert raw.get(key) == before
    assert json.loads(raw.get(key))["args"] == args
    assert not list(faults(raw))


def _without_time(raw: bytes) -> bytes:
    """The one thing that a reschedule may change is the value of `scheduled_at`, which is the last."""
    start, found, end = raw.partition(b'"scheduled_at": ')
    assert found and end.endswith(b"}")
    return start


def _make(move, engine, raw, task_id) -> bool:
    """Makes the move where the task is; whether it changes the time in its payload."""
    state, queue = _place(raw, task_id)
    if move in ("retry_later", "give_up", "release", "lose", "defer"):
        _run(move, engine, raw, queue) if state == "queued" else None
    elif move == "move":
        to_queue = "others" if queue == "orders" else "orders"
        engine.control.move(queue, state, task_id, to_queue=to_queue, actor=ANNA)
    elif move == "promote":
        engine.leases.promote(queue)
    elif move == "retry" and state == "error":
        engine.control.retry(queue, task_id, actor=ANNA)
    elif move == "reschedule" and state in ("scheduled", "error"):
        engine.control.reschedule(queue, state, task_id, due_at=time.time() - 1, actor=ANNA)
        return True
    return False


def _run(move, engine, raw, queue):
    session = engine.leases.session("worker")
    (claimed,) = session.claim(queue)
    failed = b'{"exception_name": "x:Y", "success": false, "time_failed": 1, "time_started": 1}'
    if move == "lose":
        raw.zadd(f"t:active:{queue}", {claimed.id: 1})
        engine.leases.recover_expired(queue)
    elif move == "retry_later":
        session.retry_later(claimed, time.time() - 1, failed)
    elif move == "give_up":
        session.give_up(claimed, failed)
    elif move == "defer":
        session.defer(claimed, time.time() - 1)
    else:
        session.release(claimed)
    session.drain()
    session.close()


def _place(raw, task_id) -> tuple[str, str]:
    places = [
        (state, queue)
        for state in ("queued", "active", "scheduled", "error")
        for queue in ("orders", "others")
        if raw.zscore(f"t:{state}:{queue}", task_id) is not None
    ]
    (place,) = places
    return place
