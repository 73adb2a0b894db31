"""The worker from outside: tasks in, states out; and what it survives."""

import os
import signal
import subprocess
import threading
import time

import pytest

from queue_core import Actor, Engine, Settings, Worker
from queue_core.errors import InvalidRequest
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task, wait_gone
from tests.waiting import wait_until

ANNA = Actor("anna", "command line")
BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])


# -- how runs end --


@BOTH
def test_a_finished_task_leaves_nothing_behind(raw, run_once, executor, tmp_path):
    for _ in range(3):
        queue_task(raw, functions.note, str(tmp_path / "log"))
    run_once(executor, queues=["orders"])
    assert lines(tmp_path / "log") == ["ran"] * 3
    assert not [key for key in raw.keys("*") if b":x:" not in key]
    assert not raw.exists("t:x:claims:orders")


@BOTH
def test_a_failed_task_goes_to_error_with_its_traceback(raw, run_once, executor):
    task_id = queue_task(raw, functions.fail_chained)
    run_once(executor)
    assert members(raw, "error") == [task_id]
    (entry,) = executions(raw, task_id)
    assert entry["exception_name"] == "builtins:ValueError" and "sku-1" in entry["traceback"]
    assert raw.get(f"t:task:{task_id}:executions_count") == b"1"


@BOTH
def test_a_failed_task_waits_for_its_retry_and_stops_when_none_is_left(raw, run_once, executor):
    task_id = queue_task(raw, functions.fail, retry_method=["tasktiger.retry:_fixed", [60, 1]])
    run_once(executor)
    assert 55 < raw.zscore("t:scheduled:orders", task_id) - time.time() < 61
    raw.zadd("t:queued:orders", {task_id: 1})
    raw.sadd("t:queued", "orders")
    raw.zrem("t:scheduled:orders", task_id)
    run_once(executor)
    assert members(raw, "error") == [task_id] and len(executions(raw, task_id)) == 2


def test_a_wish_for_a_retry_without_log_error_ends_in_nothing_when_none_is_left(raw, run_once):
    task_id = queue_task(raw, functions.ask_for_retry)
    raw.set(f"t:task:{task_id}:executions_count", 2)
    run_once()
    assert not raw.exists(f"t:task:{task_id}") and not members(raw, "error")


def test_a_child_that_is_killed_counts_as_a_run_and_its_retries_have_an_end(raw, run_once):
    retry = {"retry_method": ["tasktiger.retry:_fixed", [0, 1]]}
    task_id = queue_task(raw, functions.die, **retry)
    run_once("fork", settings={"promote_seconds": 0.05})
    wait_until(lambda: run_once("fork") and members(raw, "error") == [task_id], why="promoted, run again, given up")
    entries = executions(raw, task_id)
    assert [entry["x"] for entry in entries] == [{"reason": "killed", "signal": 9, "exit_status": None}] * 2


@BOTH
def test_only_names_that_are_allowed_are_run(raw, run_once, executor):
    task_id = queue_task(raw, "os:getpid")
    run_once(executor)
    assert members(raw, "scheduled") == [task_id]
    assert not executions(raw, task_id)


def test_a_name_that_nobody_takes_goes_to_error_when_patience_ends(raw, redis_url):
    task_id = queue_task(raw, "os:getpid")
    with seeds.worker_process(redis_url, name_patience_seconds=0.5):
        wait_until(lambda: members(raw, "error") == [task_id])
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:TaskImportError"


def test_a_queue_full_of_foreign_names_is_left_alone(raw, make_engine):
    for _ in range(30):
        queue_task(raw, "os:getpid")
    engine = make_engine()
    Worker(engine, executor="sync").run(once=True)
    assert len(members(raw, "queued")) == 10 and len(members(raw, "scheduled")) == 20


def test_a_function_that_is_not_there_is_a_failed_run(raw, run_once):
    task_id = queue_task(raw, f"{MODULE}:gone", retry_method=["tasktiger.retry:_fixed", [60, 3]])
    run_once("fork")
    assert members(raw, "scheduled") == [task_id]
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:TaskImportError"


@pytest.mark.parametrize("name", ["touchy", "touchy.work", "\ud800"])
def test_a_name_that_leads_to_something_odd_is_a_failed_run_and_the_worker_goes_on(raw, run_once, name, tmp_path):
    odd = queue_task(raw, f"{MODULE}:{name}", score=1)
    queue_task(raw, functions.note, str(tmp_path / "notes"))
    run_once("sync")
    assert members(raw, "error") == [odd] and members(raw, "queued") == []
    assert (tmp_path / "notes").exists()


@pytest.mark.parametrize("executor", ["sync", "fork"])
def test_an_async_function_is_a_failed_run_since_nothing_of_it_has_run(raw, run_once, executor):
    task_id = queue_task(raw, functions.never_awaited)
    run_once(executor)
    assert members(raw, "error") == [task_id]
    assert "asyncio.run()" in executions(raw, task_id)[0]["traceback"]


@pytest.mark.parametrize("payload", [b"{", b"\xff\xfe", b"[]", b'{"id": "other", "func": "a:b"}', b'{"func": 7}'])
def test_a_payload_that_cannot_be_read_is_put_aside_and_the_worker_goes_on(raw, run_once, payload, tmp_path):
    bad = queue_task(raw, functions.nothing, score=1)
    raw.set(f"t:task:{bad}", payload)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    run_once()
    assert lines(tmp_path / "log") == ["ran"]
    assert members(raw, "error") == [bad]
    assert executions(raw, bad)[0]["x"] == {"reason": "quarantined"}


def test_an_id_without_payload_is_put_aside_with_the_reason(raw, run_once):
    task_id = queue_task(raw, functions.nothing)
    raw.delete(f"t:task:{task_id}")
    run_once()
    assert members(raw, "error") == [task_id] and not members(raw, "active")
    assert executions(raw, task_id)[0]["x"]["reason"] == "payload_missing"


def test_a_unique_task_in_two_queues_does_not_vanish_unseen(raw, run_once, tmp_path):
    for queue in ("orders", "mail"):
        queue_task(raw, functions.note, str(tmp_path / "log"), queue=queue, task_id="same", unique=True)
    run_once()
    assert lines(tmp_path / "log") == ["ran"]
    assert members(raw, "error", "orders") + members(raw, "error", "mail") == ["same"]


@pytest.mark.parametrize("key", ["", ":executions", ":executions_count"])
def test_a_task_with_a_key_of_a_wrong_type_leaves_active_and_can_be_deleted(raw, run_once, key):
    task_id = queue_task(raw, functions.fail)
    raw.delete(f"t:task:{task_id}{key}")
    raw.hset(f"t:task:{task_id}{key}", "some", "thing")
    engine = run_once(queues=["orders"])
    assert members(raw, "error") == [task_id] and not members(raw, "active")
    engine.control.delete("orders", "error", task_id, actor=ANNA)
    assert not raw.keys("t:task:*") and not members(raw, "error")


# -- locks, limits, pauses --


def test_a_task_whose_lock_is_taken_waits_uncounted(raw, run_once):
    task_id = queue_task(raw, functions.nothing, lock=True)
    engine = run_once(queues=["elsewhere"])
    from queue_core.payload import hashed_id

    lock_id = hashed_id(f"{MODULE}:nothing", [], {})
    assert engine.locks.acquire(lock_id, "another", 30)
    run_once()
    assert members(raw, "scheduled") == [task_id] and not executions(raw, task_id)


def test_a_lock_is_free_again_after_the_run(raw, run_once):
    queue_task(raw, functions.nothing, lock=True)
    run_once()
    assert not [key for key in raw.keys("t:lockv2:*") if b"queue_" not in key]


@pytest.mark.parametrize("limit", [None, 1])
def test_a_system_lock_stops_every_worker(raw, run_once, limit):
    task_id = queue_task(raw, functions.nothing)
    raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() + 60})
    run_once(max_workers_per_queue=limit)
    assert members(raw, "queued") == [task_id]


def test_a_pause_stops_a_worker_between_two_tasks_and_a_resume_wakes_it(raw, redis_url, make_engine, tmp_path):
    engine, actor = make_engine(), Actor("anna", "command line")
    for number in range(3):
        queue_task(raw, functions.last_noted, str(tmp_path / "log"), 0.5, score=number + 1)
    with seeds.worker_process(redis_url, "sync"):
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        engine.control.pause("orders", actor=actor, reason="a fix ships")
        wait_until(lambda: not raw.exists("t:active"))
        assert lines(tmp_path / "log") == ["begin", "end"] and len(members(raw, "queued")) == 2
        engine.control.resume("orders", actor=actor)
        wait_until(lambda: lines(tmp_path / "log") == ["begin", "end"] * 3)


def test_at_most_so_many_workers_are_at_one_queue(raw, run_once):
    task_id = queue_task(raw, functions.nothing)
    raw.zadd("t:qslock:orders", {"another worker": time.time() + 60})
    run_once(max_workers_per_queue=1)
    assert members(raw, "queued") == [task_id]
    run_once(max_workers_per_queue=2)
    assert not members(raw, "queued")
    assert raw.zrange("t:qslock:orders", 0, -1) == [b"another worker"]


def test_a_worker_says_what_it_runs(raw, redis_url, make_engine, tmp_path):
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30)
    with seeds.worker_process(redis_url) as process:
        running = wait_until(lambda: [one.facts for one in make_engine().workers.alive() if one.facts["running"]])
        assert running[0]["pid"] == process.pid and running[0]["executor"] == "fork"
        assert running[0]["running"][0]["id"] == task_id


def test_only_the_queues_asked_for_are_served(raw, run_once):
    ours = queue_task(raw, functions.nothing, queue="orders.eu")
    other = queue_task(raw, functions.nothing, queue="mail")
    run_once(queues=["orders"])
    assert not raw.exists(f"t:task:{ours}") and members(raw, "queued", "mail") == [other]


def test_a_task_can_see_which_one_it_is(raw, run_once):
    queue_task(raw, functions.check_current_task)
    run_once("fork")
    assert not members(raw, "error")


def test_recurring_work_of_the_allowed_modules_is_started_once(raw, run_once):
    run_once()
    run_once()
    ((task_id, due_at),) = raw.zrange("t:scheduled:reports", 0, -1, withscores=True)
    assert 0 < due_at - time.time() <= 3600 and due_at % 3600 == 0
    assert raw.exists(b"t:task:" + task_id)


def test_the_next_occurrence_waits_before_the_present_one_runs(raw, run_once):
    run_once()
    task_id = members(raw, "scheduled", "reports")[0]
    raw.zadd("t:scheduled:reports", {task_id: 1})
    run_once()
    wait_until(lambda: run_once() and not members(raw, "queued", "reports"))
    assert raw.zscore("t:scheduled:reports", task_id) > time.time() and not members(raw, "error", "reports")


def test_a_run_of_recurring_work_is_noted(raw, run_once):
    run_once()
    task_id = members(raw, "scheduled", "reports")[0]
    raw.zadd("t:scheduled:reports", {task_id: 1})
    name = f"{functions.__name__}:every_hour"
    occurrence = wait_until(
        lambda: (one := run_once().periodic.occurrences([(name, "reports", task_id)])[0]).runs and one
    )
    assert [run.outcome for run in occurrence.runs] == ["done"] and occurrence.state == "scheduled"


def test_recurring_work_of_queues_that_are_not_served_is_not_started(raw, run_once):
    run_once(queues=["orders"])
    assert not members(raw, "scheduled", "reports")


# -- what makes no worker --


def test_a_worker_that_may_run_nothing_is_refused(redis_url):
    with pytest.raises(InvalidRequest, match="name its modules"):
        Worker(Engine(redis_url, Settings()))


def test_an_unknown_executor_is_refused(make_engine):
    with pytest.raises(InvalidRequest, match="There is no executor"):
        Worker(make_engine(), executor="thread")


def test_the_sync_executor_is_refused_outside_the_main_thread(make_engine):
    worker, refused = Worker(make_engine(), executor="sync"), []

    def run():
        try:
            worker.run(once=True)
        except InvalidRequest as error:
            refused.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert refused


def test_a_lone_worker_sweeps_while_its_child_runs(raw, redis_url, tmp_path):
    queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30)
    with seeds.worker_process(redis_url):
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        due = queue_task(raw, functions.nothing, queue="mail")
        raw.zrem("t:queued:mail", due)
        raw.zadd("t:scheduled:mail", {due: 1})
        raw.sadd("t:scheduled", "mail")
        wait_until(lambda: members(raw, "queued", "mail") == [due])


# -- stopping --


@BOTH
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_request_lets_the_task_end_and_gives_the_rest_back(raw, redis_url, executor, number, tmp_path):
    first = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 1.0, score=1)
    second = queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    with seeds.worker_process(redis_url, executor) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        process.send_signal(number)
        assert process.wait(10) == 0
    assert lines(tmp_path / "log") == ["begin", "end"]
    assert not raw.exists(f"t:task:{first}") and members(raw, "queued") == [second]


def test_an_idle_worker_stops_at_once(raw, redis_url):
    with seeds.worker_process(redis_url) as process:
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


# -- accidents --


def test_a_killed_worker_takes_its_child_along_and_the_sweeper_recovers_the_task(raw, redis_url, tmp_path):
    retry = {"retry_method": ["tasktiger.retry:_fixed", [60, 1]], "retry_on": ["builtins:BaseException"]}
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30, **retry)
    with seeds.worker_process(redis_url) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        child = int((tmp_path / "log").read_text().split()[1])
        process.kill()
        process.wait()
        wait_until(lambda: not _is_alive(child), why="the child dies with its parent")
    with seeds.worker_process(redis_url, kind="sweeper"):
        wait_until(lambda: members(raw, "queued") == [task_id], 10, "recovered")
    assert raw.hget("t:x:recoveries", task_id) == b"1"


def test_a_task_that_may_not_be_repeated_ends_in_error_when_its_worker_is_lost(raw, redis_url, tmp_path):
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30)
    with seeds.worker_process(redis_url) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        process.kill()
    with seeds.worker_process(redis_url, kind="sweeper"):
        wait_until(lambda: members(raw, "error") == [task_id], 10, "recovered")
    assert executions(raw, task_id)[0]["x"]["reason"] == "worker_lost"


def test_a_task_that_takes_down_its_workers_is_put_aside(raw, redis_url):
    retry = {"retry_method": ["tasktiger.retry:_fixed", [0, 100]], "retry_on": ["builtins:BaseException"]}
    task_id = queue_task(raw, functions.die, **retry)
    with seeds.worker_process(redis_url, kind="sweeper"):
        for _ in range(3):
            with seeds.worker_process(redis_url, "sync") as process:
                assert process.wait(15) == -signal.SIGKILL
        wait_until(lambda: members(raw, "error") == [task_id], 15)
    assert executions(raw, task_id)[0]["x"]["reason"] == "quarantined"


@BOTH
def test_a_worker_that_was_stopped_past_its_lease_overwrites_nothing(raw, redis_url, executor, tmp_path):
    retry = {"retry_on": ["builtins:BaseException"], "retry_method": ["tasktiger.retry:_fixed", [60, 1]]}
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 6, **retry)
    with seeds.worker_process(redis_url, executor) as stopped:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        stopped.send_signal(signal.SIGSTOP)
        with seeds.worker_process(redis_url, executor):
            wait_until(lambda: lines(tmp_path / "log") == ["begin", "begin"], 10, "the second worker takes over")
            stopped.send_signal(signal.SIGCONT)
            wait_gone(raw, task_id)
    # the first run never came to its end, so the two did not overlap
    assert lines(tmp_path / "log") == ["begin", "begin", "end"]
    assert not members(raw, "error") and not executions(raw, task_id)


def test_the_sync_executor_leaves_after_a_hard_timeout_with_the_task_settled(raw, redis_url):
    task_id = queue_task(raw, functions.last, 30, hard_timeout=0.3)
    with seeds.worker_process(redis_url, "sync") as process:
        assert process.wait(10) == 1
    assert members(raw, "error") == [task_id]
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:JobTimeoutException"


def test_a_hard_timeout_in_a_child_costs_only_the_child(raw, redis_url, tmp_path):
    task_id = queue_task(raw, functions.last, 30, hard_timeout=0.3, score=1)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    with seeds.worker_process(redis_url):
        wait_until(lambda: lines(tmp_path / "log") == ["ran"])
    assert members(raw, "error") == [task_id]


def test_a_crash_in_a_batch_settles_what_came_before_and_leaves_what_comes_after(raw, redis_url, tmp_path):
    log = str(tmp_path / "log")
    with seeds.worker_process(redis_url, "sync", claim_batch_seconds=1.0) as process:
        for _ in range(3):
            queue_task(raw, functions.note_or_die, log, "warm")
        wait_until(lambda: len(lines(log)) == 3, why="measured")
        wait_until(lambda: not raw.exists("t:active"))
        batch = [f"{number:064d}" for number in range(20)]
        with raw.pipeline(transaction=True) as together:
            for number, task_id in enumerate(batch):
                text = "die" if number == 4 else "ran"
                queue_task(together, functions.note_or_die, log, text, score=number + 1, task_id=task_id)
            together.execute()
        process.wait(10)
    assert lines(log)[3:] == ["ran"] * 4
    assert members(raw, "active") == batch[4:]
    with seeds.worker_process(redis_url, kind="sweeper"):
        wait_until(lambda: not members(raw, "active"), 10)
    assert members(raw, "error") == batch[4:5]
    assert raw.zrange("t:queued:orders", 0, -1, withscores=True) == [
        (task_id.encode(), number + 1) for number, task_id in enumerate(batch) if number > 4
    ]


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return not state.startswith("Z")
