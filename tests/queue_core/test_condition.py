"""The condition of the store."""

import redis

from queue_core import Engine
from tests.builders import ANNA


def test_the_server_tells_how_it_is(engine):
    server = engine.condition.server()
    assert server.version.count(".") == 2 and server.latency_seconds > 0
    assert server.used_memory_bytes > 100_000 and server.max_memory_bytes == 0
    assert (server.append_only, server.eviction, server.replica, server.keys) == (False, "noeviction", False, 0)


def test_keys_that_are_there_have_their_size_the_largest_first(world, engine):
    world.put("error", task_id="a")
    for number in range(30):
        engine.audit.record("look", actor=ANNA, reason="x" * 500, outcome="done", number=number)
    engine.control.pause("orders", actor=ANNA, reason="a fix")
    engine.snapshot.take()
    sizes = engine.condition.sizes()
    assert sizes[0].name == "audit" and sizes[0].key == "t:x:audit" and sizes[0].count == 31
    assert sizes[0].bytes > 5_000
    assert {"snapshot": None, "paused": 1}.items() <= {one.name: one.count for one in sizes}.items()
    assert "trash" not in {one.name for one in sizes}


def test_an_empty_redis_has_no_sizes(engine):
    assert engine.condition.sizes() == []


def test_a_key_of_another_type_is_sized_all_the_same(world, engine):
    world.raw.set("t:x:audit", "no stream")
    (one,) = engine.condition.sizes()
    assert one.count is None and one.bytes > 0


def test_what_redis_does_not_let_be_asked_is_unknown(world):
    world.raw.set("t:x:snapshot", "{}")
    world.raw.acl_setuser("narrow", enabled=True, passwords=["+x"], keys=["*"], commands=["+@all", "-memory"])
    place = world.raw.connection_pool.connection_kwargs["path"]
    narrow = Engine(redis.Redis(unix_socket_path=place, username="narrow", password="x"))
    try:
        (one,) = narrow.condition.sizes()
    finally:
        narrow.close()
        world.raw.acl_deluser("narrow")
    assert one.bytes is None


def test_a_client_tells_its_watcher_of_every_trip(engine):
    seen = []
    engine.store.client.watch(lambda commands, seconds: seen.append((commands, seconds >= 0)))
    engine.store.client.ping()
    pipeline = engine.store.client.pipeline()
    pipeline.ping()
    pipeline.ping()
    pipeline.execute()
    assert seen == [(1, True), (2, True)]
