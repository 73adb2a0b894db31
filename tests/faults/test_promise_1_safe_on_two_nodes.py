"""Accepted is kept: with durability `safe` also when the node that accepted it is lost."""

import contextlib

import pytest
import redis

from queue_core import Engine, Settings
from queue_core.errors import EnqueueUncertain, QueueFullException
from queue_core.payload import plain_id
from tests.faults.crash_tasks import again
from tests.faults.replicas import Pair
from tests.queue_core.worker.seeds import members


@pytest.fixture
def pair(tmp_path):
    with Pair(tmp_path) as pair:
        yield pair


@pytest.fixture
def engine(pair):
    with contextlib.closing(Engine(pair.master.url, Settings(durability="safe", redis_timeout_seconds=1.0))) as engine:
        yield engine


def test_what_was_accepted_is_there_when_the_master_is_lost(pair, engine):
    accepted = {engine.delay(again, queue="orders").id for _ in range(200)}
    assert accepted == _queued(pair.fail_over())


def test_what_no_replica_has_confirmed_is_uncertain_and_can_be_repeated(pair, engine):
    task_id = plain_id()
    pair.freeze_replica()
    for _ in range(2):  # that the master knows it is not enough the second time either
        with pytest.raises(EnqueueUncertain) as caught:
            engine.delay(again, queue="orders", task_id=task_id)
        assert caught.value.task_id == task_id
    pair.thaw_replica()
    engine.delay(again, queue="orders", task_id=task_id)
    assert _queued(pair.fail_over()) == {task_id}


def test_what_was_accepted_is_accepted_also_after_scripts_were_forgotten(pair, engine):
    engine.store.client.script_flush()
    assert {engine.delay(again, queue="orders").id} == _queued(pair.fail_over())


def test_refusals_stay_refusals(pair, engine):
    engine.delay(again, queue="orders", max_queue_size=1)
    with pytest.raises(QueueFullException):
        engine.delay(again, queue="orders", max_queue_size=1)


def test_without_a_replica_nothing_is_accepted(redis_url):
    settings = Settings(durability="safe", redis_timeout_seconds=0.5)
    with contextlib.closing(Engine(redis_url, settings)) as engine, pytest.raises(EnqueueUncertain):
        engine.delay(again, queue="orders")


def _queued(url) -> set:
    with redis.Redis.from_url(url) as raw:
        return set(members(raw, "queued"))
