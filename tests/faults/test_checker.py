"""The checker must be able to find whatever the protocol does not allow."""

import pytest

from queue_core import Engine
from tests.builders import World
from tests.checker import EXPIRING, faults

BROKEN = {
    "is not under the prefix": lambda raw: raw.set("other", 1),
    "is no key of the protocol": lambda raw: raw.set("t:x:unheard_of", 1),
    "is a string, not a zset": lambda raw: raw.set("t:queued:lost", 1),
    "is a list, not a string": lambda raw: raw.lpush("t:lockv2:one", 1),
    "'t:task:a:executions' is a string": lambda raw: raw.set("t:task:a:executions", 1),
    "'t:lockv2:one' has no expiry": lambda raw: raw.set("t:lockv2:one", 1),
    "'t:qslock:orders' has no expiry": lambda raw: raw.zadd("t:qslock:orders", {"w": 1}),
    "'t:x:remembered:a' has no expiry": lambda raw: raw.set("t:x:remembered:a", 1),
    "'t:x:claims:orders' has no expiry": lambda raw: raw.persist("t:x:claims:orders"),
    "'t:x:recoveries' has no expiry": lambda raw: raw.hset("t:x:recoveries", "a", 1),
    "'t:x:lease:sweeper' has no expiry": lambda raw: raw.set("t:x:lease:sweeper", "me"),
    "'t:lockv2:one' is locked for": lambda raw: raw.set("t:lockv2:one", 1, ex=1_000_000),
    "queued: 'gone' is listed and not the other": lambda raw: raw.sadd("t:queued", "gone"),
    "queued: 'orders' is there and not the other": lambda raw: raw.srem("t:queued", "orders"),
    "'a' is queued at inf": lambda raw: raw.zadd("t:queued:orders", {"a": "+inf"}),
    "'a' is queued at -1": lambda raw: raw.zadd("t:queued:orders", {"a": -1}),
    "'a' is in a state and has no payload": lambda raw: raw.delete("t:task:a"),
    "'b' is in no state and has ['payload']": lambda raw: raw.set("t:task:b", "{}"),
    "'b' is in no state and has ['list']": lambda raw: raw.lpush("t:task:b:executions", "{}"),
    "'b' is in no state and has ['count']": lambda raw: raw.set("t:task:b:executions_count", 1),
    "'a' is in 2 places and is not unique": lambda raw: raw.zadd("t:error:orders", {"a": 1}),
    "'a' counts b'many' failed runs": lambda raw: _record(raw, "many"),
    "'a' is claimed and not active": lambda raw: raw.hset("t:x:claims:orders", "a", "1 1 0 0 w"),
    "'held' is claimed by nobody": lambda raw: raw.hset("t:x:claims:orders", "held", "1 1"),
    "'b' has recoveries and will not run": lambda raw: raw.hset("t:x:recoveries", "b", 1),
    "'a' has b'-2' recoveries": lambda raw: raw.hset("t:x:recoveries", "a", -2),
    "'a' is not unique and has a twin": lambda raw: raw.zadd("t:x:twins", {"a": 1}),
    "b'orders' is paused without a record": lambda raw: raw.zadd("t:x:paused", {"orders": 1}),
    "b'orders' is paused for our workers only": lambda raw: (
        raw.zadd("t:x:paused", {"orders": 1}),
        raw.hset("t:x:pauses", "orders", "{}"),
    ),
    "process 'w' is not listed": lambda raw: raw.set("t:x:worker:w", "{}", ex=9),
    "operation 'o' is not listed": lambda raw: raw.hset("t:x:operation:o", "status", "done"),
    "operation 'o' has ended and keeps its selection": lambda raw: raw.lpush("t:x:operation:o:ids", "a"),
    "operation 'o' has ended and what it moved": lambda raw: raw.zadd("t:x:operation:o:moved", {"a": 1}),
    "operation 'o' has another status": lambda raw: raw.hset("t:x:operation:o", "status", "running"),
    "operation 'o' has ended and does not expire": lambda raw: raw.hset("t:x:operation:o", "status", "done"),
    "of the audit trail tells no act": lambda raw: raw.xadd("t:x:audit", {"act": "{}"}),
}


@pytest.fixture
def world(raw, redis_url):
    """A sound Redis with a task `a` that waits and another that is held."""
    engine = Engine(redis_url)
    world = World(raw, engine.store)
    world.put_claimed(task_id="held")
    world.put("queued", task_id="a")
    yield world
    engine.close()


def test_a_sound_redis_has_no_faults(world, raw):
    assert not list(faults(raw))


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(world, raw, what):
    BROKEN[what](raw)
    found = list(faults(raw))
    assert any(what in one for one in found), found


def test_what_belongs_to_others_is_left_alone_where_they_may_be(world, raw):
    raw.set("other", 1)
    assert not list(faults(raw, alone=False))


def test_the_document_of_the_keys_says_what_must_expire():
    assert {"lockv2:", "x:worker:", "x:claims:", "x:snapshot"} <= {
        one.removesuffix(".*") for one in EXPIRING.split("|")
    }


def _record(raw, count):
    raw.lpush("t:task:a:executions", "{}")
    raw.set("t:task:a:executions_count", count)
