"""One bad row stops nobody: whatever stands in Redis, the worker goes on, and the row is explained."""

import json
import time

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["sync", "fork"])
NOTHING = f"{MODULE}:nothing"
DEEP = "[" * 100_000 + "]" * 100_000

BAD_PAYLOADS = {
    "no JSON": b"{",
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "no object": b"[]",
    "a number": b"7",
    "nested without end": DEEP.encode(),
    "the id of another": json.dumps({"id": "another", "func": NOTHING}).encode(),
    "a function that is none": b'{"func": 7}',
    "no function": b"{}",
    "arguments that are none": json.dumps({"func": NOTHING, "args": 5}).encode(),
    "named arguments that are none": json.dumps({"func": NOTHING, "kwargs": [1]}).encode(),
    "names that are no names": json.dumps({"func": NOTHING, "kwargs": {"a b": 1, "": 2}}).encode(),
    "a time limit that is none": json.dumps({"func": NOTHING, "hard_timeout": "soon"}).encode(),
    "a retry method that is none": json.dumps({"func": f"{MODULE}:fail", "retry_method": {"a": 1}}).encode(),
    "a retry method without end": json.dumps({"func": f"{MODULE}:fail", "retry_method": ["x", ["y"] * 3]}).encode(),
    "exceptions that are none": json.dumps({"func": f"{MODULE}:fail", "retry_on": 5}).encode(),
    "a module that is not there": json.dumps({"func": f"{MODULE}.unheard:of"}).encode(),
    "a name that is not there": json.dumps({"func": f"{MODULE}:unheard_of"}).encode(),
    "a lock key that is none": json.dumps({"func": NOTHING, "lock": True, "lock_key": 3}).encode(),
    "a runner that is none": json.dumps({"func": NOTHING, "runner_class": [1]}).encode(),
}
WRONG_TYPES = ["", ":executions", ":executions_count"]
HOSTILE = "q\r\n+OK *[a]?:x"


def put_row(raw, task_id, payload, state, score):
    raw.zadd(f"t:{state}:orders", {task_id: score})
    raw.sadd(f"t:{state}", "orders")
    if payload is not None:
        raw.set(f"t:task:{task_id}", _with_id(payload, task_id))


def _with_id(payload, task_id):
    try:
        fields = json.loads(payload)
        return json.dumps({"id": task_id} | fields) if isinstance(fields, dict) else payload
    except (ValueError, RecursionError):
        return payload


@BOTH
@pytest.mark.parametrize("state", ["queued", "scheduled", "active"])
def test_rows_of_every_bad_kind_are_put_aside_and_the_good_ones_run(raw, redis_url, executor, state, tmp_path):
    log, score = str(tmp_path / "log"), time.time() - 100
    bad = {kind: f"{number:064x}" for number, kind in enumerate([*BAD_PAYLOADS, "no payload"])}
    for kind, task_id in bad.items():
        put_row(raw, task_id, BAD_PAYLOADS.get(kind), state, score)
    put_row(raw, b"\xff\x80 no text", b"{", state, score)
    _put_wrong_types(raw, state, score)
    good = [queue_task(raw, functions.note, log, "good") for _ in range(3)]
    good += [queue_task(raw, functions.note, log, "good", queue=HOSTILE)]
    with seeds.worker_process(redis_url, executor, lock_retry_seconds=0.1) as process:
        wait_until(lambda: not raw.exists(*(f"t:task:{one}" for one in good)), 40, "the good ones should have run")
        wait_until(lambda: not raw.exists("t:active", "t:queued", "t:scheduled:orders"), 40, "all should be settled")
        assert process.poll() is None
    assert lines(log) == ["good"] * 4
    unexplained = {kind: task_id for kind, task_id in bad.items() if not _is_explained(raw, task_id)}
    assert not {kind for kind in unexplained if raw.zscore("t:error:orders", unexplained[kind]) is None} - HARMLESS
    assert raw.zscore("t:error:orders", b"\xff\x80 no text") is not None


HARMLESS = {"a lock key that is none", "a runner that is none", "a time limit that is none"}
"""A worker may also run these: TaskTiger looks at such a field only where it needs it."""


def _put_wrong_types(raw, state, score):
    for number, suffix in enumerate(WRONG_TYPES):
        task_id = f"wrong{number}"
        put_row(raw, task_id, json.dumps({"func": f"{MODULE}:fail"}).encode(), state, score)
        raw.delete(f"t:task:{task_id}{suffix}")
        raw.hset(f"t:task:{task_id}{suffix}", "some", "thing")


def _is_explained(raw, task_id) -> bool:
    kept = executions(raw, task_id)
    return bool(kept) and bool(kept[-1]["traceback"])


@BOTH
@pytest.mark.parametrize("key", ["queued", "active", "scheduled", "error", "x:claims", "qslock"])
def test_a_foreign_key_in_the_place_of_one_queue_keeps_no_other_from_its_work(raw, redis_url, executor, key, tmp_path):
    log, place = str(tmp_path / "log"), f"t:{key}:broken"
    queue_task(raw, functions.note, log, "blocked", queue="broken")
    raw.delete(place)
    raw.set(place, "nobody knows why")
    raw.sadd("t:active", "broken")
    raw.sadd("t:scheduled", "broken")
    with seeds.worker_process(redis_url, executor) as process:
        seeds.wait_gone(raw, queue_task(raw, functions.note, log, "good"))
        put_row(raw, "due", json.dumps({"func": f"{MODULE}:note", "args": [log, "due"]}).encode(), "scheduled", 1)
        seeds.wait_gone(raw, "due")
        assert process.poll() is None
    assert raw.get(place) == b"nobody knows why"


def test_a_name_set_of_a_wrong_type_ends_no_worker(raw, redis_url, tmp_path):
    log = str(tmp_path / "log")
    raw.set("t:active", "nobody knows why")
    with seeds.worker_process(redis_url) as process:
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1], 15)
        queue_task(raw, functions.note, log, "good")
        wait_until(lambda: raw.exists("t:x:workers"), 15)
        assert process.poll() is None
        raw.delete("t:active")
        wait_until(lambda: lines(log) == ["good"], 15)
    assert not members(raw, "error")


@BOTH
def test_broken_keys_of_our_own_keep_no_worker_from_its_work(raw, redis_url, executor, tmp_path):
    log = str(tmp_path / "log")
    for key in ("recoveries", "paused", "pauses", "twins", "workers", "lease:sweeper", "operations:running"):
        raw.xadd(f"t:x:{key}", {"foreign": 1})
    with seeds.worker_process(redis_url, executor) as process:
        seeds.wait_gone(raw, queue_task(raw, functions.note, log, "good"))
        put_row(raw, "due", json.dumps({"func": f"{MODULE}:note", "args": [log, "due"]}).encode(), "scheduled", 1)
        seeds.wait_gone(raw, "due")
        assert process.poll() is None
