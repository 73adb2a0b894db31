import pytest
import redis

from queue_core.compat.tasktiger.redis_semaphore import Semaphore

KEY = "t:qslock:orders"


@pytest.fixture
def client(redis_url):
    """As an application of TaskTiger makes it."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def holder(client):
    """Somebody who may want to hold the semaphore."""
    return lambda name, max_locks=1, timeout=5.0: Semaphore(client, KEY, name, timeout, max_locks)


def now(client) -> float:
    seconds, microseconds = client.time()
    return seconds + microseconds / 1e6


def test_one_holder_keeps_another_one_out_until_it_lets_go(holder):
    first, second = holder("first"), holder("second")
    assert first.acquire() == (True, 1)
    assert second.acquire() == (False, 1)
    assert first.acquire() == first.renew() == (True, 1)
    first.release()
    assert second.acquire() == (True, 1)


def test_as_many_hold_it_as_may(holder):
    assert [holder(name, max_locks=2).acquire() for name in "abc"] == [(True, 1), (True, 2), (False, 2)]
    assert holder("d", max_locks=3).acquire() == (True, 3), "the limit is the one of who asks"


def test_a_hold_ends_by_itself(holder, client):
    holder("dead").acquire()
    client.zadd(KEY, {"dead": now(client) - 0.001})
    assert holder("next").renew() == (True, 1)
    assert client.zrange(KEY, 0, -1) == ["next"]


def test_a_hold_is_as_long_as_said_and_the_key_ends_after_it(holder, client):
    holder("first", timeout=5.5).acquire()
    assert client.zscore(KEY, "first") == pytest.approx(now(client) + 5.5, abs=1)
    assert 9 <= client.ttl(KEY) <= 11


def test_nobody_acquires_while_the_system_locks(holder, client):
    holding = holder("holding", max_locks=9)
    holding.acquire()
    Semaphore.set_system_lock(client, KEY, 30)
    assert holding.renew() == (False, -1)
    assert holder("another", max_locks=9).acquire() == (False, -1)
    client.zrem(KEY, "SYSTEM_LOCK")
    assert holding.renew() == (True, 1)


def test_a_system_lock_of_a_fraction_of_a_second_is_written_whole(client):
    Semaphore.set_system_lock(client, KEY, 0.25)
    assert Semaphore.get_system_lock(client, KEY) == pytest.approx(now(client) + 0.25, abs=0.25)
    assert client.ttl(KEY) == 11


def test_there_is_no_system_lock_before_one_is_set(client):
    assert Semaphore.get_system_lock(client, KEY) is None


def test_a_system_lock_that_is_over_is_none(holder, client):
    Semaphore.set_system_lock(client, KEY, -0.5)
    assert Semaphore.get_system_lock(client, KEY) is None
    assert holder("first").acquire() == (True, 1)


def test_workers_of_the_engine_keep_to_the_same_semaphore(engine, holder, client):
    assert engine.locks.semaphore_acquire("orders", "worker", limit=1, seconds=5)
    assert holder("first").acquire() == (False, 1)
    Semaphore.set_system_lock(client, KEY, 30)
    assert not engine.locks.semaphore_acquire("orders", "worker", limit=1, seconds=5)


@pytest.mark.parametrize("decode", [True, False])
def test_any_client_will_do(engine, redis_url, decode):
    with redis.Redis.from_url(redis_url, decode_responses=decode) as client:
        for one in (client, engine.store.client):
            assert Semaphore(one, KEY, "first", 5).acquire() == (True, 1)
            Semaphore.set_system_lock(one, KEY, 10)
            assert Semaphore.get_system_lock(one, KEY) > 0
            one.delete(KEY)
