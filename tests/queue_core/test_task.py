import datetime
import json
import time

import pytest
import redis

from queue_core import Engine, QueueFullException, Task, exponential
from queue_core.errors import (
    EnqueueUncertain,
    JobTimeoutException,
    StoreFull,
    StoreUnavailable,
)
from tests.builders import full_memory

DAY = datetime.timedelta(days=1)


def work(*args, **kwargs):
    return args, kwargs


def add(*numbers, b=0):
    return sum(numbers) + b


add.__module__ = "mytasks"


def stored(world, task) -> dict:
    return json.loads(world.dump()[f"t:task:{task.id}"])


# -- before it is enqueued --


def test_a_new_task_says_what_it_was_given(engine):
    task = Task(engine, work, (1,), {"b": 2}, queue="orders", lock_key=["b"], hard_timeout=3, max_queue_size=9)
    assert (task.serialized_func, task.func, task.args, task.kwargs) == (f"{__name__}:work", work, (1,), {"b": 2})
    assert (task.queue, task.lock, task.lock_key, task.unique, task.hard_timeout) == ("orders", True, ["b"], False, 3)
    assert task.data["max_queue_size"] == 9
    assert (task.state, task.ts, task.time_last_queued, task.scheduled_at, task.executions) == (None,) * 4 + ([],)


def test_what_was_not_given_is_empty_or_none(engine):
    task = Task(engine, work)
    assert (task.args, task.kwargs, task.queue) == ([], {}, "default")
    assert (task.lock, task.unique) == (False, False)
    names = "lock_key unique_key hard_timeout retry_method retry_on max_stored_executions serialized_runner_class"
    assert [getattr(task, name) for name in names.split()] == [None] * 7


def test_a_task_needs_a_function(engine):
    with pytest.raises(AssertionError):
        Task(engine)


def test_its_queue_is_that_of_the_function(engine):
    def slow():
        """Nobody runs it."""

    assert Task.queue_from_function(slow, engine) == "default"
    slow._task_queue = "slow"
    assert Task.queue_from_function(slow, engine) == "slow"


# -- on the wire --


def test_the_worked_payload_of_the_wire(engine, world):
    task = engine.delay(
        add, args=(1,), kwargs={"b": 2}, queue="q.sub", hard_timeout=9.5, lock=True,
        retry_method=exponential(1, 2, 3), retry_on=[JobTimeoutException, ValueError], max_stored_executions=5,
    )  # fmt: skip
    fields = stored(world, task)
    moment = fields["time_last_queued"]
    assert world.dump()[f"t:task:{task.id}"] == (
        f'{{"id": "{task.id}", "func": "mytasks:add", "lock": true, "args": [1], "kwargs": {{"b": 2}}, '
        '"hard_timeout": 9.5, "retry_method": ["tasktiger.retry:_exponential", [1, 2, 3]], '
        '"retry_on": ["tasktiger.exceptions:JobTimeoutException", "builtins:ValueError"], '
        f'"max_stored_executions": 5, "time_last_queued": {moment!r}, "scheduled_at": {moment!r}}}'
    )
    assert task.retry_method == ("tasktiger.retry:_exponential", [1, 2, 3])


def uniq(*args, **kwargs):
    """Nobody runs it."""


def ukey(*args, **kwargs):
    """Nobody runs it."""


def cron():
    """Nobody runs it."""


for _function in (uniq, ukey, cron):
    _function.__module__ = "mytasks"


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "options", "digest"),
    [
        (uniq, (1,), {"b": "é"}, {"unique": True}, "b04d7f42456a74f1fa28560feffe5c6aff22e1510a632a990ea655e02e92692c"),
        (
            ukey, (), {"a": 7, "b": "x"}, {"unique_key": ("a",)},
            "c206b08b9b5eec400afee266d059cc21de8972c5f3fdcc9e066943703492a604",
        ),
        (cron, (), {}, {"unique": True}, "b211d066b161d6348172761cf7a90b1b4a3570f56cf886c77af893a470726ead"),
    ],
)  # fmt: skip
def test_ids_of_unique_tasks_are_those_of_the_wire(engine, function, args, kwargs, options, digest):
    assert Task(engine, function, args, kwargs, **options).id == digest


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "options", "digest"),
    [
        (
            ukey, (), {"a": 7, "b": "x"}, {"lock_key": ("b",)},
            "2a1a3865fdc19e57b70413f4102ba6a789762048b6e5dcb64cd4d577b9badcf7",
        ),
        (add, (1,), {"b": 2}, {"lock": True}, "c5d6765755581798d3f23cbb36bb0fe8dca4f32e25c1b26272b6e9fa91cb28c6"),
    ],
)  # fmt: skip
def test_ids_of_locks_are_those_of_the_wire(engine, function, args, kwargs, options, digest):
    assert Task(engine, function, args, kwargs, **options).payload.lock_id == digest


# -- enqueued --


def test_an_enqueued_task_knows_where_it_is(engine, world):
    task = Task(engine, work, queue="orders")
    assert task.delay() is None
    assert task.state == "queued" and task.states() == ["queued"]
    fields = stored(world, task)
    assert fields == task.data
    moment = datetime.datetime.fromtimestamp(fields["scheduled_at"], datetime.UTC).replace(tzinfo=None)
    assert task.ts == task.time_last_queued == task.scheduled_at == moment


@pytest.mark.parametrize(
    "when",
    [
        datetime.datetime(2090, 1, 1),
        datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2090, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        3786912000,
    ],
)
def test_naive_times_are_utc_and_aware_ones_are_converted(engine, world, when):
    task = Task(engine, work)
    task.delay(when)
    assert task.state == "scheduled" and world.scores("scheduled", "default") == {task.id: 3786912000.0}
    assert task.scheduled_at == task.ts == datetime.datetime(2090, 1, 1)


@pytest.mark.parametrize(
    "when", [-DAY, datetime.timedelta(0), datetime.datetime(1, 1, 1), datetime.datetime(1969, 1, 1), 0]
)
def test_what_has_passed_means_now(engine, world, when):
    before = time.time()
    task = Task(engine, work)
    task.delay(when)
    assert task.state == "queued" and before <= task.data["scheduled_at"] <= time.time()


@pytest.mark.parametrize("when", [datetime.timedelta.max, float("nan"), float("inf"), 1e20, "tomorrow", True, [5]])
def test_a_time_that_cannot_be_is_refused(engine, world, when):
    with pytest.raises(ValueError):
        Task(engine, work).delay(when)
    assert world.dump() == {}


def test_the_last_moment_of_the_calendar_can_be_asked_for_and_read(engine):
    task = Task(engine, work)
    task.delay(datetime.datetime.max)
    assert task.state == "scheduled" and task.ts.year == task.scheduled_at.year == 9999


def test_time_stands_still_for_an_application_that_froze_it(engine, world, monkeypatch):
    class Frozen(datetime.datetime):
        """What the libraries that freeze time put in place of the class."""

    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    monkeypatch.setattr(datetime, "datetime", Frozen)
    now, later = Task(engine, work), Task(engine, work)
    now.delay()
    later.delay(datetime.datetime(2001, 9, 9, 1, 46, 50))
    assert world.scores("queued", "default") == {now.id: 1e9}
    assert world.scores("scheduled", "default") == {later.id: 1e9 + 10}
    assert later.ts == Frozen(2001, 9, 9, 1, 46, 50)


@pytest.mark.parametrize("limit", [{"constructor": 1}, {"call": 1}, {"constructor": 9, "call": 1}])
def test_a_full_queue_refuses(engine, world, limit):
    engine.delay(work, queue="orders")
    task = Task(engine, work, queue="orders", max_queue_size=limit.get("constructor"))
    before = world.dump()
    with pytest.raises(QueueFullException):
        task.delay(max_queue_size=limit.get("call"))
    assert world.dump() == before and task.state is None


# -- Redis out of reach --


def test_applications_may_catch_the_errors_of_the_library(engine, world):
    task = Task(Engine("unix:///nowhere/redis.sock"), work)
    for verb in (task.delay, task.retry, task.cancel, task.delete):
        with pytest.raises(StoreUnavailable) as caught:
            verb()
        assert isinstance(caught.value, redis.ConnectionError) and caught.value.nothing_written
    engine.delay(work)
    with full_memory(world.raw), pytest.raises(StoreFull) as caught:
        engine.delay(work)
    assert isinstance(caught.value, redis.OutOfMemoryError)


@pytest.mark.parametrize(
    "look",
    [
        lambda engine: Task.from_id(engine, "orders", "error", "a"),
        lambda engine: Task.tasks_from_queue(engine, "orders", "error"),
        lambda engine: Task(engine, work).n_executions(),
        lambda engine: Task(engine, work).states(),
        lambda engine: engine.get_queue_stats(),
        lambda engine: engine.get_queue_sizes("orders"),
        lambda engine: engine.get_total_queue_size("orders"),
        lambda engine: engine.get_sizes_for_queues_and_states([("orders", "error")]),
        lambda engine: engine.set_queue_system_lock("orders", 5),
        lambda engine: engine.get_queue_system_lock("orders"),
        lambda engine: engine.purge_errored_tasks(),
    ],
)
def test_applications_that_look_may_catch_the_errors_of_the_library_too(look):
    with pytest.raises(StoreUnavailable) as caught:
        look(Engine("unix:///nowhere/redis.sock"))
    assert isinstance(caught.value, redis.ConnectionError) and caught.value.nothing_written


def test_a_lost_reply_is_uncertain_and_an_error_of_the_library_too(proxy, engine_behind_proxy):
    engine_behind_proxy.delay(work)
    proxy.cut_after(0)
    with pytest.raises(EnqueueUncertain) as caught:
        engine_behind_proxy.delay(work, task_id="chosen")
    assert isinstance(caught.value, redis.ConnectionError) and caught.value.task_id == "chosen"
