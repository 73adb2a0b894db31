"""Tasks as they are found in Redis."""

import datetime
import json

import pytest

from queue_core import Task, TaskNotFound
from queue_core.errors import InvalidPayload, NameNotAllowed

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


def test_a_task_is_found_by_its_id_with_its_newest_executions(engine, world, failed):
    world.record_failures(failed.id, count=3)
    found = Task.from_id(engine, "orders", "error", failed.id, load_executions=2)
    assert found == failed and hash(found) == hash(failed)
    assert (found.args, found.kwargs, found.state, found.queue) == ([1], {"b": 2}, "error", "orders")
    assert found.executions == [{"n": 2}, {"n": 3}] and found.n_executions() == 3
    assert isinstance(found.ts, datetime.datetime)


def test_a_task_that_is_not_there_is_not_found(engine, failed):
    for queue, state, task_id in [("orders", "queued", failed.id), ("mail", "error", failed.id), ("q", "error", "no")]:
        with pytest.raises(TaskNotFound):
            Task.from_id(engine, queue, state, task_id)
    engine.connection.delete(f"t:task:{failed.id}")
    with pytest.raises(TaskNotFound):
        Task.from_id(engine, "orders", "error", failed.id)
    with pytest.raises(TaskNotFound):
        failed.n_executions()


def test_a_score_of_zero_is_a_score(engine, world):
    world.put("queued", score=0)
    assert Task.from_id(engine, "orders", "queued", "a").ts == datetime.datetime(1970, 1, 1)


def test_a_payload_that_is_no_object_is_said_to_be_so(engine, world):
    world.put("queued")
    for text in ("{bad", "[]"):
        world.raw.set("t:task:a", text)
        with pytest.raises(InvalidPayload):
            Task.from_id(engine, "orders", "queued", "a")


def test_the_id_in_the_state_counts(engine, world):
    world.put("queued")
    world.raw.set("t:task:a", '{"id": "other", "func": "app.tasks:work"}')
    assert Task.from_id(engine, "orders", "queued", "a").id == "a"


def test_a_queue_is_listed_in_order_the_newest_last(engine, world):
    for number in range(5):
        world.put("queued", task_id=str(number), score=number + 1)

    def listed(**pages):
        total, tasks = Task.tasks_from_queue(engine, "orders", "queued", **pages)
        return total, "".join(task.id for task in tasks)

    assert listed() == (5, "01234")
    assert listed(limit=2) == (5, "34")
    assert listed(skip=1, limit=2) == (5, "23")
    assert listed(skip=4, limit=9) == (5, "0")
    assert listed(skip=5) == (5, "") and listed(limit=0) == (5, "")
    assert Task.tasks_from_queue(engine, "none", "queued") == (0, [])


def test_listed_tasks_bring_their_newest_executions(engine, world):
    world.put("error")
    world.put("error", task_id="b", score=101)
    world.record_failures("b", count=3)
    _, tasks = Task.tasks_from_queue(engine, "orders", "error", load_executions=1)
    assert [task.executions for task in tasks] == [[], [{"n": 3}]]


def test_tasks_without_a_readable_payload_are_listed_on_demand_only(engine, world):
    for task_id in "abc":
        world.put("queued", task_id=task_id)
    world.raw.delete("t:task:a")
    world.raw.set("t:task:b", "{bad")
    assert [task.id for task in Task.tasks_from_queue(engine, "orders", "queued")[1]] == ["c"]
    _, tasks = Task.tasks_from_queue(engine, "orders", "queued", include_not_found=True)
    assert [task.data for task in tasks[:2]] == [{"id": "a"}, {"id": "b"}] and tasks[0].state == "queued"
    assert "a" in repr(tasks[0])


def test_a_function_is_found_by_its_name_and_not_for_printing(engine, world):
    world.put("queued", func="no.such.module:work")
    task = Task.from_id(engine, "orders", "queued", "a")
    assert repr(task) == "<Task no.such.module:work a in orders: queued>"
    with pytest.raises(NameNotAllowed):
        task.func  # noqa: B018
    engine.allow_list.modules.add("shutil")
    world.put("queued", func="shutil:which")
    assert Task.from_id(engine, "orders", "queued", "a").func.__name__ == "which"


def test_a_loaded_task_keeps_what_it_does_not_know(engine, world):
    world.put("queued", foo=1, x={"a": [2**60 + 1, {}]})
    task = Task.from_id(engine, "orders", "queued", "a")
    task.delay(DAY)
    fields = stored(world, task)
    assert fields["foo"] == 1 and fields["x"] == {"a": [2**60 + 1, {}]} and "time_last_queued" in fields
    assert world.scores("scheduled") == {"a": fields["scheduled_at"]}


def test_a_clone_is_the_same_task_in_another_object(engine, failed):
    clone = failed.clone()
    assert clone == failed and clone.data == failed.data and clone.data is not failed.data
    assert (clone.state, clone.queue, clone.ts) == ("error", "orders", failed.ts)
    assert failed != Task(engine, work) and failed != failed.id


def test_odd_executions_of_one_task_hide_no_other(engine, world):
    for task_id in ("a", "b"):
        world.put("error", task_id=task_id)
    world.record_failures("a")
    world.raw.set("t:task:b:executions", "no list")
    total, tasks = Task.tasks_from_queue(engine, "orders", "error", load_executions=1)
    assert total == 2 and {task.id: task.executions for task in tasks} == {"a": [{"n": 1}], "b": []}
    assert Task.from_id(engine, "orders", "error", "b", load_executions=1).executions == []


def test_a_payload_that_is_no_text_cannot_be_read(engine, world):
    world.put("error")
    world.raw.delete("t:task:a")
    world.raw.rpush("t:task:a", "no text")
    with pytest.raises(InvalidPayload, match="no text"):
        Task.from_id(engine, "orders", "error", "a")


def test_times_that_are_no_numbers_are_unknown(engine, world):
    world.put("error", time_last_queued="yesterday", scheduled_at=[1])
    task = Task.from_id(engine, "orders", "error", "a")
    assert task.time_last_queued is None and task.scheduled_at is None
