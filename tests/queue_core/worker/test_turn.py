"""One turn at a queue."""

import contextlib
import json
import time

import pytest

from queue_core import Worker
from queue_core.errors import StoreUnavailable
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.turn import MOST_AT_ONCE
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, lines, members, queue_task


@pytest.fixture
def worker(engine):
    engine.allow_list.modules.add(MODULE)
    return Worker(engine, executor="fork")


class BrokenExecutor(ForkExecutor):
    def run(self, call, pulse, started):
        raise RuntimeError("no idea how far it came")

    def kept(self, calls):
        return contextlib.nullcontext(self.run)


def test_a_task_whose_run_broke_off_is_not_given_back_as_if_it_were_untouched(raw, worker):
    task_id = queue_task(raw, functions.nothing)
    worker._runs.executor = BrokenExecutor(worker)
    with pytest.raises(RuntimeError):
        worker.run(once=True)
    assert members(raw, "active") == [task_id] and not members(raw, "queued")
    _, _, started_at, *_ = raw.hget("t:x:claims:orders", task_id).split()
    assert float(started_at) > 0


@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_arguments_that_are_nested_as_deep_as_python_can_read_them_end_no_worker(raw, engine, executor):
    engine.allow_list.modules.add(MODULE)
    for depth in range(850, 990, 2):
        args, task_id = "[" * depth + "]" * depth, f"nested-{depth}"
        queue_task(raw, functions.nothing, task_id=task_id, score=depth, lock=depth % 4 == 0)
        payload = raw.get(f"t:task:{task_id}").replace(b'"args": []', f'"args": [{args}]'.encode())
        raw.set(f"t:task:{task_id}", payload)
    Worker(engine, executor=executor).run(once=True)
    assert not members(raw, "queued") and not members(raw, "active")


def test_a_failing_task_with_deeply_nested_arguments_is_settled(raw, worker):
    depth = 900
    task_id = queue_task(raw, functions.fail)
    payload = json.loads(raw.get(f"t:task:{task_id}"))
    del payload["args"]
    raw.set(f"t:task:{task_id}", json.dumps(payload)[:-1] + ', "args": [' + "[" * depth + "]" * depth + "]}")
    worker.run(once=True)
    assert members(raw, "error") == [task_id]


def batch_worker(raw, engine, size):
    engine.allow_list.modules.add(MODULE)
    engine.config["BATCH_QUEUES"] = {"orders": size}
    return Worker(engine, executor="sync")


def test_a_large_batch_is_claimed_in_steps_and_runs_in_one_go(raw, engine, tmp_path):
    log, size = str(tmp_path / "log"), 2 * MOST_AT_ONCE + 3
    for number in range(size):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    batch_worker(raw, engine, size).run(once=True)
    (line,) = lines(log)
    assert line == ",".join(map(str, range(size)))


def test_a_task_that_took_down_a_worker_is_not_taken_into_the_rest_of_a_batch(raw, engine, tmp_path):
    log = str(tmp_path / "log")
    ids = [queue_task(raw, functions.batch_note, log, number, score=number + 1) for number in range(MOST_AT_ONCE + 2)]
    raw.hset("t:x:recoveries", ids[MOST_AT_ONCE], 1)
    batch_worker(raw, engine, MOST_AT_ONCE + 10).run(once=True)
    assert [line.count(",") + 1 for line in lines(log)] == [MOST_AT_ONCE, 1, 1]


def test_what_was_claimed_runs_although_the_queue_is_paused_before_the_rest(raw, engine, tmp_path, monkeypatch):
    log, claims = str(tmp_path / "log"), []
    for number in range(MOST_AT_ONCE + 2):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    worker = batch_worker(raw, engine, MOST_AT_ONCE + 10)
    claim = worker._session.claim

    def claim_and_pause(*args, **values):
        claimed = claim(*args, **values)
        claims.append(len(claimed))
        raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() + 60})
        return claimed

    monkeypatch.setattr(worker._session, "claim", claim_and_pause)
    worker.run(force_once=True)
    assert claims == [MOST_AT_ONCE] and len(members(raw, "queued")) == 2
    assert not members(raw, "active") and len(lines(log)) == 1


def test_a_batch_that_redis_leaves_before_its_call_is_given_back_whole(raw, engine, monkeypatch):
    engine.allow_list.modules.add(MODULE)
    engine.config["BATCH_QUEUES"] = {"orders": 10}
    ids = [queue_task(raw, functions.batch_fail, number, lock=True, score=number + 1) for number in range(3)]
    worker, acquire = Worker(engine, executor="sync"), engine.locks.acquire
    answers = iter([acquire, acquire])

    def go_away(*args):
        try:
            return next(answers)(*args)
        except StopIteration:
            worker.stop()
            raise StoreUnavailable from None

    monkeypatch.setattr(engine.locks, "acquire", go_away)
    worker.run(once=True)
    assert raw.zrange("t:queued:orders", 0, -1, withscores=True) == [
        (task_id.encode(), number + 1) for number, task_id in enumerate(ids)
    ]
    assert not raw.exists("t:active", "t:error") and not raw.keys("t:task:*:executions")


def test_a_task_that_is_lost_while_its_batch_begins_does_not_run_with_it(raw, engine, monkeypatch, tmp_path):
    engine.allow_list.modules.add(MODULE)
    engine.config["BATCH_QUEUES"] = {"orders": 10}
    path = str(tmp_path / "log")
    lost, kept = (queue_task(raw, functions.batch_note, path, text, lock=True, score=1) for text in ("lost", "kept"))
    first, *_ = members(raw, "queued")
    worker, acquire, taken = Worker(engine, executor="sync"), engine.locks.acquire, []

    def steal_the_first(*args):
        taken.append(args)
        if len(taken) == 2:
            raw.zadd("t:active:orders", {first: time.time() + 50})
            worker._pulse.beat()
        return acquire(*args)

    monkeypatch.setattr(engine.locks, "acquire", steal_the_first)
    worker.run(once=True)
    assert lines(path) == ["kept" if first == lost else "lost"]
    assert members(raw, "active") == [first] and {lost, kept} >= {first}
