import json

import pytest

from queue_core import Engine
from queue_core.errors import (
    EnqueueUncertain,
    InvalidQueueName,
    InvalidRequest,
    InvalidTask,
    StoreFull,
    StoreUnavailable,
)
from queue_core.errors import QueueFullException as QueueFull
from queue_core.payload import Payload
from tests.builders import full_memory
from tests.checker import assert_sound


def payload(task_id="a", **fields):
    return Payload({"id": task_id, "func": "app.tasks:work", **fields})


def put(engine, queue="orders", task_id="a", args=(1,), **more):
    return engine.enqueue.put(payload(task_id, args=list(args)), queue, **more)


def test_a_task_that_is_due_now_is_queued(world, engine):
    assert put(engine) == "queued"
    fields = json.loads(world.dump()["t:task:a"])
    assert world.scores("queued") == {"a": fields["time_last_queued"]} == {"a": fields["scheduled_at"]}
    assert list(fields) == ["id", "func", "args", "time_last_queued", "scheduled_at"]
    assert_sound(world.raw)


def test_a_task_that_is_due_later_is_scheduled(world, engine):
    due_at = engine.store.now() + 60
    assert put(engine, due_at=due_at) == "scheduled"
    assert world.scores("scheduled") == {"a": due_at}
    fields = json.loads(world.dump()["t:task:a"])
    assert fields["scheduled_at"] == due_at and fields["time_last_queued"] < due_at
    assert_sound(world.raw)


def test_a_time_that_has_passed_means_now(world, engine):
    assert put(engine, due_at=engine.store.now() - 60) == "queued"


def test_the_bytes_of_a_payload_are_those_of_the_wire(world, engine):
    put(engine, args=["é", 9007199254740993, [], None])
    assert world.dump()["t:task:a"].startswith(
        '{"id": "a", "func": "app.tasks:work", "args": ["\\u00e9", 9007199254740993, [], null], "time_last_queued": '
    )


@pytest.mark.parametrize("queue", ["", "a\r\nb", "q" * 201])
def test_a_queue_that_cannot_be_is_refused(world, engine, queue):
    with pytest.raises(InvalidQueueName):
        put(engine, queue)
    assert world.dump() == {}


def test_arguments_over_the_limit_are_refused(world, engine):
    with pytest.raises(InvalidTask):
        put(engine, args=["x" * 1_000_000])
    assert world.dump() == {}


def test_a_full_queue_refuses_and_nothing_is_written(world, engine):
    put(engine)
    before = world.dump()
    with pytest.raises(QueueFull):
        put(engine, task_id="b", max_queue_size=1)
    assert world.dump() == before


def test_a_full_redis_refuses_and_nothing_is_written(world, engine):
    put(engine)
    before = world.dump()
    with full_memory(world.raw), pytest.raises(StoreFull):
        put(engine, task_id="b")
    assert world.dump() == before


def test_a_redis_out_of_reach_has_written_nothing():
    engine = Engine("unix:///nowhere/redis.sock")
    with pytest.raises(StoreUnavailable) as caught:
        put(engine)
    assert not isinstance(caught.value, EnqueueUncertain)


def test_a_redis_that_refuses_by_itself_has_written_nothing(world, engine):
    world.raw.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(StoreUnavailable) as caught:
            put(engine)
        assert not isinstance(caught.value, EnqueueUncertain)
    finally:
        world.raw.replicaof("NO", "ONE")
    assert world.dump() == {}


@pytest.mark.parametrize("remember_seconds", [None, 60])
def test_after_a_lost_reply_it_is_uncertain_and_repeating_it_is_safe(
    world, proxy, engine_behind_proxy, remember_seconds
):
    put(engine_behind_proxy, task_id="warm up")
    proxy.cut_after(0)
    with pytest.raises(EnqueueUncertain) as caught:
        put(engine_behind_proxy, once=True, remember_seconds=remember_seconds)
    assert caught.value.task_id == "a"
    before = world.dump()
    assert "t:task:a" in before, "it had arrived"
    assert put(engine_behind_proxy, once=True, remember_seconds=remember_seconds) == "queued"
    assert world.dump() == before
    assert_sound(world.raw)


def test_an_enqueue_that_never_arrived_happens_when_it_is_repeated(world, proxy, engine_behind_proxy, server):
    put(engine_behind_proxy, task_id="warm up")
    proxy.cut()
    assert put(engine_behind_proxy, once=True) == "queued"
    assert "a" in world.scores("queued")


def test_a_part_of_a_second_is_remembered_for_a_second(world, engine):
    put(engine, once=True, remember_seconds=0.2)
    assert 0 < world.raw.pttl("t:x:remembered:a") <= 1000


@pytest.mark.parametrize("remember_seconds", [-1, "long", float("nan"), float("inf")])
def test_what_is_no_time_to_remember_is_refused(world, engine, remember_seconds):
    with pytest.raises(InvalidRequest, match="remember_seconds"):
        put(engine, once=True, remember_seconds=remember_seconds)
    assert world.dump() == {}


def test_a_task_that_has_run_is_not_enqueued_again_while_it_is_remembered(world, engine):
    put(engine, once=True, remember_seconds=60)
    session = engine.leases.session("w")
    session.finish(*session.claim("orders"))
    session.drain()
    session.close()
    put(engine, once=True, remember_seconds=60)
    assert list(world.dump()) == ["t:x:remembered:a"]


# -- through the engine --


def work(*args, **kwargs):
    """Nobody runs it."""


def test_a_call_is_repeated_with_its_id(engine, world):
    first = engine.delay(work, args=[1], task_id="chosen", queue="orders")
    again = engine.delay(work, args=[1], task_id="chosen", queue="orders")
    assert first.id == again.id == "chosen" and list(world.scores("queued")) == ["chosen"]


def test_unique_calls_make_one_task(engine, world):
    ids = {engine.delay(work, args=[1], unique=True, queue="orders").id for _ in range(3)}
    assert list(world.scores("queued")) == list(ids)
    assert_sound(world.raw)
