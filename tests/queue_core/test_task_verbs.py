"""What can be done with a task, and asked of it."""

import datetime
import json
import time

import pytest

from queue_core import Engine, Task, TaskNotFound, fixed
from queue_core.errors import JobTimeoutException
from tests.checker import assert_sound

DAY = datetime.timedelta(days=1)


def work(*args, **kwargs):
    """Nobody runs it."""


def stored(world, task) -> dict:
    return json.loads(world.dump()[f"t:task:{task.id}"])


@pytest.fixture
def failed(engine):
    """A task that has failed."""
    task = Task(engine, work, [1], {"b": 2}, queue="orders")
    task.delay()
    task._move(from_state="queued", to_state="error")
    return task


def test_a_failed_task_is_retried_or_deleted(engine, world, failed):
    other = failed.clone()
    failed.retry()
    assert failed.state == "queued" and failed.states() == ["queued"]
    for verb in (other.retry, other.delete):
        with pytest.raises(TaskNotFound, match=f'{failed.id} not found in queue "orders" in state "error"'):
            verb()
    failed._move(from_state="queued", to_state="error")
    failed.delete()
    assert failed.state is None and world.tasks() == {}
    assert [(act["verb"], act["actor"]) for act in world.acts()[1:]] == [
        ("retry", "application"), ("shift", "application"), ("delete", "application"),
    ]  # fmt: skip


def test_a_scheduled_task_is_cancelled_or_gets_another_time(engine, world):
    task = Task(engine, work, [[], 2**60 + 1], queue="orders")
    task.delay(DAY)
    with pytest.raises(TaskNotFound):
        Task(engine, work).update_scheduled_time(DAY)
    task.update_scheduled_time(datetime.datetime(2090, 1, 1))
    assert task.ts == task.scheduled_at == datetime.datetime(2090, 1, 1) and task.data == stored(world, task)
    assert stored(world, task)["args"] == [[], 2**60 + 1]
    task.update_scheduled_time(datetime.datetime(1960, 1, 1))
    assert 0 < world.scores("scheduled")[task.id] <= time.time()
    with pytest.raises(AssertionError):
        task.update_scheduled_time(None)
    task.cancel()
    assert task.state is None and world.tasks() == {}
    with pytest.raises(TaskNotFound):
        task.cancel()


def test_a_failed_task_with_nothing_left_to_run_is_not_found(engine, world, failed):
    world.raw.delete(f"t:task:{failed.id}")
    with pytest.raises(TaskNotFound):
        failed.retry()


def test_a_task_can_be_moved_into_any_state_by_hand(engine, world):
    task = Task(engine, work, queue="orders")
    task.delay()
    task._move(to_state="active")
    task._move(from_state="active", to_state="scheduled", when=500.5)
    assert world.scores("scheduled") == {task.id: 500.5}
    with pytest.raises(TaskNotFound):
        task._move(from_state="queued", to_state="error")
    task._move()
    assert task.state is None and world.tasks() == {}
    assert_sound(world.raw)


def look(*args, **kwargs):
    inside = Engine.current_instance
    tasks = inside.current_tasks if inside.current_task_is_batch else [inside.current_task]
    return inside, tasks, inside.current_serialized_func, args, kwargs


def test_a_task_is_executed_in_place(engine):
    task = Task(engine, look, [1], {"b": 2})
    assert task.execute() == (engine, [task], f"{__name__}:look", (1,), {"b": 2})


def test_a_batch_function_gets_a_list_of_one_when_it_is_executed_in_place(engine, monkeypatch):
    monkeypatch.setattr(look, "_task_batch", True, raising=False)
    task = Task(engine, look, [1], {"b": 2})
    assert task.execute() == (engine, [task], f"{__name__}:look", ([{"args": [1], "kwargs": {"b": 2}}],), {})


def test_which_exceptions_are_retried(engine):
    task = Task(engine, work, retry_on=[LookupError, JobTimeoutException], retry_method=fixed(1, 1))
    assert task.retry_on == ["builtins:LookupError", "tasktiger.exceptions:JobTimeoutException"]
    assert task.should_retry_on(KeyError) and task.should_retry_on(JobTimeoutException)
    assert not task.should_retry_on(ValueError) and not Task(engine, work).should_retry_on(ValueError)


def test_an_exception_that_cannot_be_found_is_told(redis_url):
    class Log(list):
        def error(self, event, **facts):
            self.append((event, facts))

    log, engine = Log(), Engine(redis_url, strict=False)
    task = Task(engine, work, _data={"id": "a", "func": "f", "retry_on": ["no.such:Error", "builtins:OSError"]})
    assert task.should_retry_on(FileNotFoundError, log)
    assert log == [("should_retry_on could not import class", {"exception_name": "no.such:Error"})]
    engine.close()
