import pytest

from tests.checker import assert_sound


def test_one_holds_a_lock_and_another_waits(world, engine):
    assert engine.locks.acquire("l", "me", 60)
    assert not engine.locks.acquire("l", "other", 60)
    assert not engine.locks.acquire("l", "me", 60), "as on the wire, a lock is not taken twice"
    assert world.dump() == {"t:lockv2:l": "me"}
    assert_sound(world.raw)


def test_a_lock_ends_by_itself(world, engine):
    engine.locks.acquire("l", "me", 60.5)
    assert 60_000 < world.raw.pttl("t:lockv2:l") <= 60_500


def test_only_its_owner_renews_and_releases(world, engine):
    engine.locks.acquire("l", "me", 1)
    assert not engine.locks.renew("l", "other", 60) and not engine.locks.release("l", "other")
    assert engine.locks.renew("l", "me", 60) and world.raw.ttl("t:lockv2:l") > 50
    assert engine.locks.release("l", "me")
    assert world.dump() == {}


def test_what_is_gone_is_not_ours(engine):
    assert not engine.locks.renew("l", "me", 60)
    assert not engine.locks.release("l", "me")


@pytest.mark.parametrize("token", ["", "me\r\n", "\udcff"])
def test_tokens_are_compared_as_bytes(engine, token):
    assert engine.locks.acquire("l", token.encode("utf-8", "surrogateescape"), 60)
    assert engine.locks.renew("l", token, 60)
    assert engine.locks.release("l", token)


def test_only_so_many_workers_enter_a_queue(world, engine):
    entered = [engine.locks.semaphore_acquire("orders", name, 2, 60) for name in ("a", "b", "c")]
    assert entered == [True, True, False]
    engine.locks.semaphore_release("orders", "a")
    assert engine.locks.semaphore_acquire("orders", "c", 2, 60)
    assert sorted(world.dump()["t:qslock:orders"]) == ["b", "c"]
    assert_sound(world.raw)


def test_who_enters_learns_how_many_are_inside(engine):
    assert engine.locks.semaphore_enter("orders", "a", 1, 60) == (True, 1)
    assert engine.locks.semaphore_enter("orders", "b", 1, 60) == (False, 1)
    engine.locks.lock_queue("orders", 60)
    assert engine.locks.semaphore_enter("orders", "a", 1, 60) == (False, -1)
