"""D7, D10, D15, D16, D25: the same task twice, very many tasks, and tasks for ever."""

import threading
import time

import pytest

from queue_core import Worker, fixed
from queue_core.duties import Duties
from queue_core.errors import QueueFullException
from tests.builders import ANNA
from tests.checker import assert_sound
from tests.defects import functions as own
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import executions, lines, members, queue_task

MANY = 5_000
VERY_MANY = 9_000


@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_d07_a_unique_task_in_two_queues_runs_in_both(raw, engine, run_once, executor, tmp_path):
    for queue in ("orders", "mail"):
        engine.delay(functions.note, [str(tmp_path / "log")], queue=queue, unique=True)
    run_once(executor)
    assert lines(tmp_path / "log") == ["ran", "ran"]
    list(Duties(engine).part_twins())
    assert not raw.keys("t:task:*") and not raw.exists("t:x:twins")
    assert_sound(raw)


def test_d07_it_runs_again_in_one_while_it_waits_for_its_retry_in_the_other(raw, engine, run_once, tmp_path):
    later = {"unique": True, "retry_method": fixed(3600, 3)}
    path = str(tmp_path / "gate")
    first = engine.delay(own.fail_without, [path], queue="orders", **later)
    run_once()
    engine.delay(own.fail_without, [path], queue="mail", **later)
    (tmp_path / "gate").touch()
    run_once()
    assert members(raw, "scheduled") == [first.id] and not members(raw, "queued", "mail")
    raw.zadd("t:scheduled:orders", {first.id: 1})
    list(Duties(engine).promote())
    run_once()
    list(Duties(engine).part_twins())
    assert not raw.keys("t:task:*")


@pytest.mark.interop
def test_d07_in_tasktiger_it_runs_in_one_and_is_dropped_from_the_other(raw, tasktiger):
    program = """
import os
for queue in ("orders", "mail"):
    tiger.delay(os.getpid, queue=queue, unique=True)
Worker(tiger, queues=["orders"]).run(once=True)
tell([connection.zcard("t:queued:mail"), connection.exists(*connection.keys("t:task:*") or ["none"])])
Worker(tiger).run(once=True)
"""
    _, told = tasktiger(program)
    assert told == [1, 0], "it waits in `mail`, and there is nothing left to run"
    assert not members(raw, "queued", "mail") and not members(raw, "error", "mail")


@pytest.mark.parametrize("batch", [1000, MANY])
def test_d10_thousands_of_due_tasks_are_promoted_and_none_is_lost(raw, make_engine, batch):
    ids = _fill(raw, "scheduled")
    engine = make_engine()
    engine.config["SCHEDULED_TASK_BATCH_SIZE"] = batch
    list(Duties(engine).promote())
    promoted = raw.zrange("t:queued:orders", 0, -1, withscores=True)
    assert {one.decode(): score for one, score in promoted} == ids


def test_d10_thousands_of_tasks_are_taken_at_once_and_none_is_lost(raw, engine):
    ids = _fill(raw, "queued", VERY_MANY)
    session = engine.leases.session("worker-1")
    assert {one.id for one in session.claim("orders", VERY_MANY)} == set(ids)
    assert raw.zcard("t:active:orders") == VERY_MANY
    session.close()


@pytest.mark.interop
def test_d10_in_tasktiger_all_of_them_are_lost(raw, tasktiger):
    _fill(raw, "scheduled")
    status, _ = tasktiger(
        "Worker(tiger).run(once=True, force_once=True)", {"SCHEDULED_TASK_BATCH_SIZE": MANY, "SELECT_TIMEOUT": 0}
    )
    assert status != 0
    assert raw.zcard("t:scheduled:orders") == raw.zcard("t:queued:orders") == 0


def test_d15_no_number_of_producers_exceeds_a_size_limit(raw, engine):
    full = []

    def produce():
        for _ in range(20):
            try:
                engine.delay(functions.nothing, queue="orders", max_queue_size=30)
            except QueueFullException:
                full.append(1)

    producers = [threading.Thread(target=produce) for _ in range(4)]
    for one in producers:
        one.start()
    for one in producers:
        one.join()
    assert raw.zcard("t:queued:orders") == 30 and len(full) == 50


def test_d15_a_full_queue_takes_a_unique_task_that_is_queued_in_it_already(raw, engine):
    for _ in range(2):
        engine.delay(functions.nothing, queue="orders", unique=True, max_queue_size=1)
    assert raw.zcard("t:queued:orders") == 1


PURGED = 12_000


def test_d16_a_purge_removes_all_that_it_should(raw, engine):
    _fill(raw, "error", PURGED)
    assert engine.purge_errored_tasks(limit=None) == PURGED
    assert not raw.exists("t:error:orders", "t:error")


def test_d16_a_purge_that_others_help_with_goes_on(raw, make_engine):
    _fill(raw, "error", 10)
    steps = make_engine(operation_chunk=2).control.purging("orders", "error", actor=ANNA)
    next(steps)
    raw.zpopmin("t:error:orders", 3)
    assert sum(steps) == 5 and not raw.exists("t:error:orders")


@pytest.mark.interop
def test_d16_in_tasktiger_it_leaves_thousands(raw, tasktiger):
    pipeline = raw.pipeline()
    for task_id in _fill(raw, "error", PURGED):
        pipeline.set(f"t:task:{task_id}", f'{{"id": "{task_id}", "func": "os:getpid"}}')
    pipeline.execute()
    tasktiger("tiger.purge_errored_tasks(limit=None)")
    assert raw.zcard("t:error:orders") == 5000


def test_d25_failed_tasks_are_kept_no_longer_than_the_settings_say(raw, make_engine):
    engine = make_engine(retain_error_seconds=3600.0, retain_error_tasks=3)
    ids = _fill(raw, "error", 5)
    raw.zadd("t:error:orders", dict.fromkeys(list(ids)[:4], time.time()), xx=True)
    list(Duties(engine).retain())
    assert raw.zcard("t:error:orders") == 3


def test_d25_failed_runs_are_kept_no_more_than_the_settings_say(raw, make_engine):
    Worker(make_engine(), executor="sync").run(once=True)
    task_id = queue_task(raw, functions.fail)
    raw.rpush(f"t:task:{task_id}:executions", *[b"{}"] * 5)
    Worker(make_engine(max_stored_executions=2), executor="sync").run(once=True)
    assert len(executions(raw, task_id)) == 2


def test_d25_a_task_that_says_so_keeps_all_of_its_failed_runs(raw, make_engine):
    task_id = queue_task(raw, functions.fail, max_stored_executions=0)
    raw.rpush(f"t:task:{task_id}:executions", *[b"{}"] * 5)
    Worker(make_engine(max_stored_executions=2), executor="sync").run(once=True)
    assert len(executions(raw, task_id)) == 6


def _fill(raw, state, count=MANY) -> dict[str, float]:
    ids = {f"{number:05}": float(number) for number in range(count)}
    raw.zadd(f"t:{state}:orders", ids)
    raw.sadd(f"t:{state}", "orders")
    return ids
