"""A worker as applications of TaskTiger use it."""

import hashlib

import pytest

from queue_core import Task, Worker
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, executions, queue_task


@pytest.fixture
def engine(engine):
    engine.allow_list.modules.add(MODULE)
    return engine


def test_it_says_what_it_serves_and_with_what(engine):
    worker = Worker(engine, queues=["b", "a"], exclude_queues=["c"])
    assert worker.only_queues == {"a", "b"} and worker.exclude_queues == {"c"}
    assert worker.config is engine.config and worker.connection is engine.connection
    assert worker.worker_group_name == hashlib.sha256(b'[["a", "b"], ["c"]]').hexdigest()


def test_queues_come_from_the_settings_where_none_are_given(engine):
    engine.config.update(ONLY_QUEUES=["a"], EXCLUDE_QUEUES=["a.b"], SINGLE_WORKER_QUEUES=["s"])
    worker = Worker(engine, exclude_queues=["x"])
    assert worker.only_queues == {"a"} and worker.exclude_queues == {"x"} and worker.single_worker_queues == {"s"}
    worker = Worker(engine, queues=["b"], single_worker_queues=[])
    assert worker.only_queues == {"b"} and worker.exclude_queues == {"a.b"} and worker.single_worker_queues == set()


@pytest.mark.parametrize("name", ["queues", "exclude_queues", "single_worker_queues"])
def test_a_text_in_place_of_a_list_is_refused(engine, name):
    with pytest.raises(AssertionError):
        Worker(engine, **{name: "default"})


def test_timeouts_are_one_for_each_task_and_one_for_a_batch(engine):
    worker = Worker(engine)
    tasks = [Task(engine, functions.note, hard_timeout=seconds) for seconds in (3, None, 7)]
    assert worker.get_hard_timeouts(functions.note, tasks) == [3, 300, 7]
    assert worker.get_hard_timeouts(functions.batch_note, tasks) == [7]


def test_a_failed_run_is_kept_with_a_task_that_is_there(raw, engine):
    task_id = queue_task(raw, functions.nothing, max_stored_executions=2)
    there = Task.from_id(engine, "orders", "queued", task_id)
    gone = Task(engine, functions.nothing)
    for number in range(3):
        Worker(engine).store_task_execution([there, gone], {"number": number})
    assert executions(raw, task_id) == [{"number": 1}, {"number": 2}]
    assert raw.get(f"t:task:{task_id}:executions_count") == b"3" and not raw.keys(f"t:task:{gone.id}*")


def test_a_heartbeat_renews_what_is_held(raw, engine):
    worker = Worker(engine)
    task_id = queue_task(raw, functions.nothing)
    worker._session.claim("orders")
    before = raw.zscore("t:active:orders", task_id)
    worker.heartbeat("orders", [task_id])
    assert raw.zscore("t:active:orders", task_id) > before
