"""`always_eager`: what would be queued runs at once, in the process that enqueues it (wire §18)."""

import datetime

import pytest

from queue_core import Engine, QueueFullException, Task
from queue_core.errors import NotSerialisable
from queue_core.worker.runner import BaseRunner

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def eager(redis_url):
    engine = Engine(redis_url, {"ALWAYS_EAGER": True})
    yield engine
    engine.close()


def double(number, times=2):
    return number * times


def say_who(*_):
    engine = Engine.current_instance
    tasks = engine.current_tasks if engine.current_task_is_batch else [engine.current_task]
    return [engine, *tasks]


def fail():
    raise LookupError("on purpose")


class Loud(BaseRunner):
    def run_eager_task(self, task):
        return "LOUD", self.tiger, task


def test_a_task_runs_in_place_and_nothing_is_written(eager, world):
    assert Task(eager, double, [4], {"times": 3}).delay() == 12
    assert world.dump() == {}


@pytest.mark.parametrize("when", [-HOUR, datetime.datetime(2001, 1, 1), None])
def test_what_is_due_runs_at_once(eager, world, when):
    task = Task(eager, double, [4])
    assert task.delay(when) == 8 and world.dump() == {}
    assert task.state is None and task.time_last_queued is not None


def test_what_is_not_due_is_scheduled_as_ever(eager, world):
    task = Task(eager, fail)
    assert task.delay(HOUR) is None
    assert task.state == "scheduled" and task.states() == ["scheduled"]


def test_an_engine_and_a_function_give_the_task(eager, world):
    decorated = eager.task(double)
    for task in (eager.delay(double, [4]), decorated.delay(4)):
        assert isinstance(task, Task) and task.args in ([4], (4,))
    assert world.dump() == {}


def test_the_task_is_the_current_one_while_it_runs(eager):
    task = Task(eager, say_who)
    assert task.delay() == [eager, task]
    with pytest.raises(RuntimeError):
        eager.current_task  # noqa: B018


def test_a_task_may_run_another_in_place_and_is_the_current_one_again(eager):
    def outer():
        inner = Task(eager, say_who)
        return inner.delay() == [eager, inner], eager.current_task

    outer.__qualname__ = "outer"
    task = Task(eager, outer)
    assert task.delay() == (True, task)


def test_a_batch_function_gets_a_list_of_one(eager, monkeypatch):
    monkeypatch.setattr(say_who, "_task_batch", True, raising=False)
    task = Task(eager, say_who, [1])
    assert task.delay() == [eager, task]


def test_what_the_function_raises_comes_through(eager, world):
    with pytest.raises(LookupError, match="on purpose"):
        eager.delay(fail, retry=True)
    assert world.dump() == {}


def test_arguments_must_be_such_as_a_queue_can_carry(eager):
    with pytest.raises(NotSerialisable) as caught:
        eager.delay(double, [object()])
    assert isinstance(caught.value, TypeError)


def test_the_size_limit_holds(eager):
    eager.delay(fail, queue="orders", when=HOUR)
    with pytest.raises(QueueFullException):
        eager.delay(double, [1], queue="orders", max_queue_size=1)
    assert Task(eager, double, [1], queue="orders", max_queue_size=2).delay() == 2


def test_a_runner_of_the_application_runs_it(eager):
    task = Task(eager, double, [4], runner_class=Loud)
    assert task.delay() == ("LOUD", eager, task)


def test_it_can_be_switched_at_any_time(eager, world):
    eager.config["ALWAYS_EAGER"] = False
    task = eager.delay(double, [4])
    assert task.states() == ["queued"]
