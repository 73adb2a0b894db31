"""What an engine refuses at the enqueue: a strict one all that would not work, another what TaskTiger refuses."""

import functools
import json

import pytest

from queue_core import Engine
from queue_core.errors import InvalidQueueName, InvalidTask, NotSerialisable
from queue_core.retry import exponential, fixed
from queue_core.worker.runner import BaseRunner


def work(*args, **kwargs):
    """Nobody runs it."""


def inner_function():
    def inner():
        """Nobody runs it."""

    return inner


def of_main():
    """As if it stood in a program."""


of_main.__module__ = "__main__"


class Shop:
    def method(self):
        """Nobody runs it."""

    @classmethod
    def of_the_class(cls):
        """Nobody runs it."""

    @staticmethod
    def static():
        """Nobody runs it."""


class InnerRunner:
    @staticmethod
    def make():
        class Runner(BaseRunner):
            """Nobody uses it."""

        return Runner


async def later():
    """Nobody awaits it."""


async def many_later():
    """Nobody awaits them."""
    yield 1


def many():
    """Nobody asks for the next."""
    yield 1


nameless = lambda *_: 1  # noqa: E731  (that is the point)
ODD_QUEUES = ["a\r\nb", "q" * 201, "a\tb"]


@pytest.fixture
def lenient(redis_url):
    engine = Engine(redis_url, strict=False)
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"func": nameless}, "lambda"),
        ({"func": inner_function()}, "inside a function"),
        ({"func": of_main}, "__main__"),
        ({"func": Shop().method}, "method of one object"),
        ({"func": functools.partial(work, 1)}, "no name"),
        ({"func": "app.tasks:work"}, "no name"),
        ({"func": later}, "async"),
        ({"func": many_later}, "async"),
        ({"func": many}, "generator"),
        ({"retry_method": nameless}, "retry method .* lambda"),
        ({"retry_method": (nameless, (1,))}, "retry method .* lambda"),
        ({"runner_class": InnerRunner.make()}, "runner class .* inside a function"),
        ({"retry_method": fixed}, r"call it, as in fixed\(60, 3\)"),
        ({"retry_method": (exponential, (1, 2, 3))}, "call it"),
        ({"retry_method": ()}, "a pair"),
        ({"unique_key": "order"}, "list of names"),
        ({"task_id": 5}, "task id"),
        ({"task_id": "\ud800"}, "task id"),
        ({"task_id": "a:executions"}, "task id"),
        ({"max_queue_size": "many"}, "max_queue_size is a number"),
        ({"max_queue_size": float("nan")}, "max_queue_size is a number"),
        ({"lock_key": [1]}, "list of names"),
        ({"retry_on": ValueError}, "list of exception classes"),
        ({"retry_on": ["builtins:ValueError"]}, "list of exception classes"),
        ({"hard_timeout": "5"}, "hard_timeout is a number"),
        ({"hard_timeout": float("nan")}, "hard_timeout is a number"),
        ({"max_stored_executions": -1}, "max_stored_executions is a number"),
        ({"args": [float("nan")]}, "JSON"),
        ({"args": [float("inf")]}, "JSON"),
        ({"args": [object()]}, "JSON"),
        ({"kwargs": {"data": b"bytes"}}, "JSON"),
        ({"args": ["x" * 1_000_001]}, "limit is 1000000"),
    ],
)
def test_a_strict_engine_says_what_would_not_work_and_writes_nothing(engine, world, options, said):
    with pytest.raises(InvalidTask, match=said):
        engine.delay(**{"func": work} | options)
    assert world.dump() == {}


@pytest.mark.parametrize("queue", ODD_QUEUES)
def test_a_strict_engine_makes_no_odd_queues(engine, world, queue):
    with pytest.raises(InvalidQueueName):
        engine.delay(work, queue=queue)
    assert world.dump() == {}


@pytest.mark.parametrize("func", [Shop.static, Shop.of_the_class, Shop, len])
def test_a_strict_engine_takes_whatever_has_a_name_in_a_module(engine, func):
    assert engine.delay(func).states() == ["queued"]


class Awaiting(BaseRunner):
    """Nobody uses it."""


@pytest.mark.parametrize("func", [later, many_later, many])
def test_a_runner_class_may_call_what_a_plain_call_would_not_run(engine, func):
    assert engine.delay(func, runner_class=Awaiting).state == "queued"


@pytest.mark.parametrize("queue", [5, b"orders"])
def test_a_queue_name_is_a_text(engine, world, queue):
    with pytest.raises(InvalidQueueName, match="is a text"):
        engine.delay(work, queue=queue)
    assert world.dump() == {}


class Unhashable:
    __hash__ = None


@pytest.mark.parametrize("thing", [functools.partial(work, 1), 5, Unhashable()])
@pytest.mark.parametrize("strict", [True, False])
def test_what_has_no_name_is_refused_by_decorator_and_call(redis_url, thing, strict):
    engine = Engine(redis_url, strict=strict)
    with pytest.raises(InvalidTask, match="no name"):
        engine.task(queue="orders")(thing)
    with pytest.raises(InvalidTask, match="no name"):
        engine.delay(thing)


def test_what_the_decorator_says_is_judged_as_what_the_call_says(engine):
    decorated = engine.task(retry_method=nameless)(work)
    try:
        with pytest.raises(InvalidTask):
            decorated.delay()
    finally:
        del work._task_retry_method


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        ({"func": nameless}, {"func": f"{__name__}:<lambda>"}),
        ({"func": inner_function()}, {"func": f"{__name__}:inner_function.<locals>.inner"}),
        ({"func": Shop().method}, {"func": f"{__name__}:Shop.method"}),
        ({"retry_method": nameless}, {"retry_method": [f"{__name__}:<lambda>", []]}),
        ({"hard_timeout": "5"}, {"hard_timeout": "5"}),
        ({"args": ["x" * 1_000_001]}, {"args": ["x" * 1_000_001]}),
        ({"unique_key": "ab"}, {"unique_key": ["a", "b"]}),
    ],
)
def test_an_engine_that_is_not_strict_takes_what_tasktiger_takes(lenient, world, options, stored):
    task = lenient.delay(**{"func": work} | options)
    fields = json.loads(world.dump()[f"t:task:{task.id}"])
    assert {name: fields[name] for name in stored} == stored


def test_an_engine_that_is_not_strict_writes_what_is_no_number(lenient, world):
    task = lenient.delay(work, [float("nan"), float("inf")])
    assert '"args": [NaN, Infinity]' in world.dump()[f"t:task:{task.id}"]


@pytest.mark.parametrize("queue", [*ODD_QUEUES, "a:b"])
def test_an_engine_that_is_not_strict_makes_any_queue(lenient, queue):
    task = lenient.delay(work, queue=queue)
    assert task.queue == queue and task.states() == ["queued"]


@pytest.mark.parametrize(("options", "kind"), [({"func": of_main}, ValueError), ({"args": [object()]}, TypeError)])
@pytest.mark.parametrize("unique", [True, False])
def test_what_tasktiger_refuses_is_refused_by_all(lenient, world, options, kind, unique):
    with pytest.raises(kind):
        lenient.delay(**{"func": work, "unique": unique} | options)
    assert world.dump() == {}


def test_arguments_that_are_not_serialisable_are_both_kinds_of_error():
    assert issubclass(NotSerialisable, ValueError) and issubclass(NotSerialisable, TypeError)
