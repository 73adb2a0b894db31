"""Both sides write the same task, byte for byte, apart from the moment and from an id made by chance."""

import re

import pytest

from queue_core import JobTimeoutException, exponential, fixed, linear
from tests.interop import errands

CALLS = {
    "plain": ({}, {}),
    "no arguments": ({"args": [], "kwargs": {}}, {}),
    "unique": ({"args": [1], "kwargs": {"text": "größer"}, "unique": True}, {}),
    "unique by a key": ({"kwargs": {"path": 7, "text": "x"}, "unique_key": ["path"]}, {}),
    "unique by a key that is not given": ({"kwargs": {"text": "x"}, "unique_key": ["path", "text"]}, {}),
    "unique with nested arguments": ({"args": [{"b": [1, {"z": None, "a": 2.5}], "a": {}}], "unique": True}, {}),
    "locked": ({"args": [1], "kwargs": {"text": "x"}, "lock": True}, {}),
    "locked by a key": ({"kwargs": {"path": 7, "text": "x"}, "lock_key": ["text"]}, {}),
    "large and odd numbers": ({"args": [2**60 + 1, 9007199254740993, 1e-9, -0.0, [[], {}]]}, {}),
    "hard timeout": ({"hard_timeout": 9.5}, {}),
    "retry": ({"retry": True}, {}),
    "retry on": ({"retry_on": ["JobTimeoutException", "ValueError"]}, {"retry_on": [JobTimeoutException, ValueError]}),
    "fixed": ({"retry_method": ["fixed", [60, 3]]}, {"retry_method": fixed(60, 3)}),
    "linear": ({"retry_method": ["linear", [5, 2.5, 3]]}, {"retry_method": linear(5, 2.5, 3)}),
    "exponential": ({"retry_method": ["exponential", [1, 2, 3]]}, {"retry_method": exponential(1, 2, 3)}),
    "stored executions": ({"max_stored_executions": 5}, {}),
    "no stored executions": ({"max_stored_executions": 0}, {}),
    "everything": (
        {
            "args": [1],
            "kwargs": {"b": 2},
            "hard_timeout": 9.5,
            "lock": True,
            "unique": True,
            "retry_method": ["exponential", [1, 2, 3]],
            "retry_on": ["JobTimeoutException", "ValueError"],
            "max_stored_executions": 5,
        },
        {"retry_method": exponential(1, 2, 3), "retry_on": [JobTimeoutException, ValueError]},
    ),
}

_MOMENT = re.compile(rb'"(time_last_queued|scheduled_at)": [0-9.]+')


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_both_sides_write_the_same_task(tiger, engine, raw, call):
    options, in_our_words = call
    theirs_id = tiger.act("delay", function=f"{errands.__name__}:note", options={**options, "queue": "orders"})
    theirs = raw.get(f"t:task:{theirs_id}")
    raw.flushall()
    ours_id = engine.delay(errands.note, queue="orders", **(options | in_our_words)).id
    ours = raw.get(f"t:task:{ours_id}")
    if options.get("unique") or "unique_key" in options:
        assert ours_id == theirs_id
    assert len(ours_id) == len(theirs_id) == 64
    assert _timeless(ours, ours_id) == _timeless(theirs, theirs_id)
    assert raw.zrange("t:queued:orders", 0, -1) == [ours_id.encode()] and raw.smembers("t:queued") == {b"orders"}


def _timeless(payload, task_id):
    return _MOMENT.sub(rb'"\1": 0', payload).replace(task_id.encode(), b"-")
