"""Batch queues: what is taken together, what runs together, and what each task has of it."""

import signal

import pytest

from queue_core import Worker
from queue_core.payload import hashed_id
from queue_core.worker import batches
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
TOGETHER = {"batch_queues": {"orders": 10}}


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "log")


def processes(path) -> set[str]:
    with open(path) as file:
        return {line.split()[1] for line in file}


# -- sizes --


def test_the_longest_prefix_says_the_size():
    sizes = {"a": 2, "a.b": 5}
    assert [batches.size_for(queue, sizes) for queue in ("a", "a.c", "a.b", "a.b.c", "b")] == [2, 2, 5, 5, None]


@BOTH
def test_no_more_than_the_size_run_together(raw, run_once, executor, log):
    for number in range(5):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    run_once(executor, settings={"batch_queues": {"orders": 2}})
    assert lines(log) == ["0,1", "2,3", "4"] and not members(raw, "active")


def test_a_size_that_would_hold_up_redis_is_refused(raw, make_engine, capsys):
    queue_task(raw, functions.nothing)
    engine = make_engine()
    engine.config["BATCH_QUEUES"] = {"orders": 4500}
    Worker(engine, executor="sync").run(once=True)
    assert "batch size refused" in capsys.readouterr().out and not members(raw, "queued")


def test_a_batch_as_large_as_can_be_is_run_whole(raw, run_once, log):
    with raw.pipeline() as pipeline:
        for number in range(3000):
            queue_task(pipeline, functions.batch_note, log, "x", score=number + 1)
        pipeline.execute()
    settings = {"batch_queues": {"orders": 1000}, "lease_seconds": 60.0}
    run_once("sync", settings=settings, queues=["orders"])
    assert [len(line.split(",")) for line in lines(log)] == [1000] * 3
    assert not raw.keys("t:task:*")


# -- functions that want a batch --


@BOTH
def test_functions_run_in_the_order_in_which_they_come_first(raw, run_once, executor, log):
    for score, (function, text) in enumerate(
        [(functions.batch_note, "a"), (functions.note, "b"), (functions.batch_note, "c"), (functions.note, "d")]
    ):
        queue_task(raw, function, log, text, score=score + 1)
    run_once(executor, settings=TOGETHER)
    assert lines(log) == ["a,c", "b", "d"]


@BOTH
def test_a_batch_of_one_is_a_list_too_also_in_another_queue(raw, run_once, executor, log):
    queue_task(raw, functions.batch_note, log, "alone", queue="mail")
    run_once(executor)
    assert lines(log) == ["alone"]


@BOTH
def test_all_tasks_of_a_batch_have_the_same_outcome(raw, run_once, executor):
    ids = [queue_task(raw, functions.batch_fail, score=number + 1) for number in range(3)]
    run_once(executor, settings=TOGETHER)
    assert set(members(raw, "error")) == set(ids)
    entries = [executions(raw, task_id) for task_id in ids]
    assert all(entry == entries[0] for entry in entries) and "3 calls" in entries[0][0]["traceback"]


def test_a_batch_that_dies_is_one_run_of_each_of_its_tasks(raw, run_once, log):
    ids = [queue_task(raw, functions.batch_die, log, score=number + 1) for number in range(3)]
    run_once("fork", settings=TOGETHER)
    assert lines(log) == ["3"] and set(members(raw, "error")) == set(ids)
    assert {executions(raw, task_id)[0]["x"]["signal"] for task_id in ids} == {9}


@BOTH
def test_a_batch_knows_its_tasks(raw, run_once, executor):
    for _ in range(2):
        queue_task(raw, functions.batch_check_current)
    run_once(executor, settings=TOGETHER, queues=["orders"])
    assert not raw.keys("t:task:*")


def test_the_largest_timeout_of_its_tasks_is_that_of_the_batch(raw, run_once):
    short = queue_task(raw, functions.batch_last, 0.4, hard_timeout=0.1, score=1)
    long = queue_task(raw, functions.batch_last, 0.4, hard_timeout=20, score=2)
    run_once("fork", settings=TOGETHER)
    assert not executions(raw, short) and not executions(raw, long) and not members(raw, "error")


@BOTH
def test_a_lock_that_is_not_free_takes_only_its_own_task_out(raw, make_engine, run_once, executor, log):
    locked = queue_task(raw, functions.batch_note, log, "locked", lock=True, score=1)
    queue_task(raw, functions.batch_note, log, "a", lock=True, score=2)
    queue_task(raw, functions.batch_note, log, "a", lock=True, score=3)
    make_engine().locks.acquire(hashed_id(f"{MODULE}:batch_note", [log, "locked"], {}), "another", 30)
    run_once(executor, settings=TOGETHER)
    assert lines(log) == ["a,a"] and members(raw, "scheduled") == [locked]
    assert len([key for key in raw.keys("t:lockv2:*") if b"queue_" not in key]) == 1


@BOTH
def test_a_payload_that_cannot_be_read_leaves_the_batch(raw, run_once, executor, log):
    bad = queue_task(raw, functions.batch_note, log, "bad", score=1)
    raw.set(f"t:task:{bad}", b"{")
    queue_task(raw, functions.batch_note, log, "good", score=2)
    run_once(executor, settings=TOGETHER)
    assert lines(log) == ["good"] and members(raw, "error") == [bad]


@BOTH
@pytest.mark.parametrize("name", [f"{MODULE}:gone", "os:getpid"])
def test_a_function_that_is_not_to_be_had_concerns_its_own_tasks_only(raw, run_once, executor, name, log):
    for number in range(2):
        queue_task(raw, name, score=number + 1)
    queue_task(raw, functions.batch_note, log, "good", score=3)
    run_once(executor, settings=TOGETHER)
    assert lines(log) == ["good"] and not members(raw, "active")
    assert len(members(raw, "error") + members(raw, "scheduled")) == 2


# -- other functions: one after another --


@BOTH
def test_each_task_has_an_outcome_of_its_own(raw, run_once, executor, log):
    queue_task(raw, functions.note_and_maybe, log, "first", score=1)
    failed = queue_task(raw, functions.note_and_maybe, log, "second", "fail", score=2)
    queue_task(raw, functions.note_and_maybe, log, "third", score=3)
    run_once(executor, settings=TOGETHER, queues=["orders"])
    assert lines(log) == ["first", "second", "third"] and members(raw, "error") == [failed]
    assert len(processes(log)) == 1 and all(failed.encode() in key for key in raw.keys("t:task:*"))


def test_when_a_child_dies_only_the_task_that_ran_counts_and_a_new_one_goes_on(raw, run_once, log):
    queue_task(raw, functions.note_and_maybe, log, "first", score=1)
    killed = queue_task(raw, functions.note_and_maybe, log, "second", "die", score=2)
    for number in (3, 4):
        queue_task(raw, functions.note_and_maybe, log, f"no-{number}", score=number)
    run_once("fork", settings=TOGETHER)
    assert lines(log) == ["first", "second", "no-3", "no-4"] and len(processes(log)) == 2
    assert members(raw, "error") == [killed]
    assert [entry["x"]["reason"] for entry in executions(raw, killed)] == ["killed"]


def test_a_child_that_dies_at_any_time_costs_no_task_and_repeats_none(raw, run_once, log):
    for number in range(20):
        queue_task(raw, functions.leave_a_thread_that_kills, log, score=number + 1)
    run_once("fork", settings=TOGETHER)
    killed = members(raw, "error")
    assert not raw.exists("t:queued", "t:active") and 20 - len(killed) <= len(lines(log)) <= 20
    assert {executions(raw, task_id)[0]["x"]["reason"] for task_id in killed} <= {"killed"}


def test_a_timeout_ends_its_own_task_and_the_child(raw, run_once, log):
    overran = queue_task(raw, functions.note_and_maybe, log, "first", "last", 30, hard_timeout=0.2, score=1)
    queue_task(raw, functions.note_and_maybe, log, "second", score=2)
    run_once("fork", settings=TOGETHER)
    assert lines(log) == ["first", "second"] and len(processes(log)) == 2
    assert members(raw, "error") == [overran]


def test_a_worker_that_is_killed_leaves_exact_knowledge(raw, redis_url, log):
    """Those before are done, one has begun, those after it go back to their places uncounted."""
    ids = [f"{number:064d}" for number in range(6)]
    with raw.pipeline(transaction=True) as together:
        for number, task_id in enumerate(ids):
            extra = ("last", 30) if number == 2 else ()
            queue_task(together, functions.note_and_maybe, log, "ran", *extra, task_id=task_id, score=number + 1)
        together.execute()
    with seeds.worker_process(redis_url, "fork", batch_queues={"orders": 10}) as process:
        wait_until(lambda: lines(log) == ["ran"] * 3)
        process.kill()
    with seeds.worker_process(redis_url, kind="sweeper"):
        wait_until(lambda: not members(raw, "active"), 10)
    assert members(raw, "error") == [ids[2]] and executions(raw, ids[2])[0]["x"]["reason"] == "worker_lost"
    assert raw.zrange("t:queued:orders", 0, -1, withscores=True) == [
        (task_id.encode(), number + 1) for number, task_id in enumerate(ids) if number > 2
    ]


def test_a_stop_request_gives_back_what_has_not_begun(raw, redis_url, log):
    for number in range(3):
        queue_task(raw, functions.last_noted, log, 1.0, score=number + 1)
    with seeds.worker_process(redis_url, "fork", batch_queues={"orders": 10}) as process:
        wait_until(lambda: lines(log)[:1] == ["begin"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert lines(log) == ["begin", "end"] and len(members(raw, "queued")) == 2


@pytest.mark.slow
def test_a_task_that_takes_down_its_worker_in_a_batch_is_found_out_and_the_others_are_done(raw, redis_url, log):
    """In a batch all have begun; afterwards those that came back are claimed alone, so the one is known."""
    may_repeat = {"retry_on": ["tasktiger.exceptions:JobTimeoutException"]}
    ids = [f"{number:064d}" for number in range(4)]
    with raw.pipeline(transaction=True) as together:
        for number, task_id in enumerate(ids):
            text = "die" if number == 2 else "ran"
            function = functions.batch_note_or_die
            queue_task(together, function, log, text, task_id=task_id, score=number + 1, **may_repeat)
        together.execute()
    with seeds.worker_process(redis_url, kind="sweeper"):
        while not members(raw, "error"):
            with seeds.worker_process(redis_url, "sync", batch_queues={"orders": 10}) as process:
                wait_until(lambda p=process: p.poll() is not None or members(raw, "error"), 30)
        with seeds.worker_process(redis_url, "sync", batch_queues={"orders": 10}):
            wait_until(lambda: not raw.exists("t:queued", "t:active"), 20)
    assert members(raw, "error") == [ids[2]] and executions(raw, ids[2])[0]["x"]["reason"] == "quarantined"
    assert lines(log) == ["ran"] * 3


def test_a_worker_that_was_stopped_past_its_lease_overwrites_nothing_of_a_batch(raw, redis_url, log):
    may_repeat = {"retry_on": ["tasktiger.exceptions:JobTimeoutException"]}
    with raw.pipeline(transaction=True) as together:
        for number in range(3):
            queue_task(together, functions.last_noted, log, 3, score=number + 1, **may_repeat)
        together.execute()
    with seeds.worker_process(redis_url, "fork", batch_queues={"orders": 10}) as stopped:
        wait_until(lambda: lines(log) == ["begin"])
        stopped.send_signal(signal.SIGSTOP)
        with seeds.worker_process(redis_url, "fork", batch_queues={"orders": 10}):
            wait_until(lambda: lines(log).count("begin") == 2, 20, "the second worker takes over")
            stopped.send_signal(signal.SIGCONT)
            wait_until(lambda: lines(log).count("end") == 3 and not raw.exists("t:queued", "t:active"), 30)
    assert sorted(lines(log)) == ["begin"] * 4 + ["end"] * 3
