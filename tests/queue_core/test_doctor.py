import time

import pytest

from queue_core import Engine
from queue_core.checkups import ADVICE, FINE, TROUBLE
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE


def examine(engine):
    return [finding for finding in engine.examine() if finding is not None]


def said(engine, level):
    return [finding.what for finding in examine(engine) if finding.level == level]


def the_one(engine, level, part):
    (finding,) = [one for one in examine(engine) if one.level == level and part in one.what]
    assert finding.advice or level == FINE
    return finding


@pytest.fixture
def persistent(raw):
    """The append-only file of the shared server, on for this test."""
    raw.config_set("appendonly", "yes")
    yield
    raw.config_set("appendonly", "no")


def test_a_sound_redis_gives_no_trouble(world, engine, persistent):
    engine.workers.hold("sweeper", "me", 30)
    engine.workers.register("w1", {"kind": "worker"})
    world.put("queued")
    assert said(engine, TROUBLE) == []
    assert "A sweeper is at work." in said(engine, FINE) and "1 worker of ours is alive." in said(engine, FINE)


def test_a_redis_that_does_not_answer_is_the_only_finding():
    (finding,) = examine(Engine("unix:///nowhere/redis.sock"))
    assert finding.level == TROUBLE and "REDIS_URL" in finding.advice


def test_lost_persistence_is_trouble(engine):
    assert "appendonly yes" in the_one(engine, TROUBLE, "append-only").advice


def test_an_eviction_policy_is_trouble(world, engine):
    world.raw.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "noeviction" in the_one(engine, TROUBLE, "allkeys-lru").advice
    finally:
        world.raw.config_set("maxmemory-policy", "noeviction")


def test_memory_that_is_nearly_full_is_trouble(world, engine):
    world.raw.config_set("maxmemory", int(world.raw.info("memory")["used_memory"] * 1.05))
    try:
        the_one(engine, TROUBLE, "MB of memory")
    finally:
        world.raw.config_set("maxmemory", 0)


def test_a_process_whose_clock_differs_is_named(engine):
    engine.workers.register("w1", {"kind": "worker", "host": "w3", "clock_behind_seconds": -120.0})
    the_one(engine, ADVICE, "The clock of w3 is 120 s ahead of Redis'")


def test_overdue_tasks_are_trouble(world, engine):
    world.put("active", score=time.time() - 10_000)
    assert "sweeper" in the_one(engine, TROUBLE, "1 task is active").advice


def test_a_queue_listed_without_a_task_is_named(world, engine):
    world.raw.sadd("t:queued", "ghost")
    the_one(engine, ADVICE, "'ghost' is listed without a task")


def test_a_foreign_key_in_the_place_of_a_queue_is_named(world, engine):
    world.raw.set("t:error:bad", "foreign")
    world.raw.sadd("t:error", "bad")
    the_one(engine, TROUBLE, "'bad' is not a sorted set")


def test_a_queue_that_holds_tasks_and_is_not_listed_is_named(world, engine):
    world.put("active", "lost")
    world.raw.delete("t:active")
    assert "SIGNALBOX_REPAIR_ORPHANS" in the_one(engine, TROUBLE, "'active: lost' is not listed").advice


def test_unique_tasks_in_two_queues_are_counted(world, engine):
    world.put("queued", "orders", unique=True)
    world.put("queued", "mail", unique=True)
    world.raw.zadd("t:x:twins", {"a": 1})
    the_one(engine, ADVICE, "1 unique task stands in two queues")


def test_a_key_of_ours_that_something_else_has_written_is_named_with_what_to_do(world, engine):
    world.raw.hset("t:x:snapshot", "foreign", "1")
    world.raw.set("t:x:deploys", "foreign")
    assert "`DEL t:x:snapshot`" in the_one(engine, TROUBLE, "t:x:snapshot is of the type hash, not string").advice
    kept = the_one(engine, TROUBLE, "t:x:deploys is of the type string, not list").advice
    assert "RENAME" in kept and "deploys: when, by whom" in kept


def test_holds_that_cannot_be_read_are_named_with_what_to_do(world, engine):
    world.raw.set("t:x:holds", "rubbish")
    found = the_one(engine, TROUBLE, "t:x:holds is no hash")
    assert "t:x:holds:aside" in found.advice
    world.raw.delete("t:x:holds")
    world.raw.hset("t:x:holds", "h1", "{")
    the_one(engine, ADVICE, "1 holds cannot be read")
    world.raw.delete("t:x:holds")
    assert not [what for what in said(engine, TROUBLE) if "held" in what]


def test_tasks_without_a_payload_are_named(world, engine):
    for number in range(5):
        world.put("error", task_id=str(number))
        world.raw.delete(f"t:task:{number}")
    the_one(engine, TROUBLE, "'0', '1', '2' and 2 more are without a payload")


def test_hostile_names_do_not_break_it(world, engine):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    world.raw.flushdb()
    world.raw.sadd("t:error", HOSTILE_QUEUE.encode("utf-8", "surrogateescape"))
    for finding in examine(engine):
        finding.what.encode()
        assert "\n" not in finding.what


def test_foreign_name_sets_end_no_look_but_their_own(world, engine):
    world.raw.set("t:active", "foreign")
    findings = examine(engine)
    assert any(finding.level == TROUBLE and "another type" in finding.what for finding in findings)
    assert any("sweeper" in finding.what for finding in findings)


def test_it_says_when_nobody_works(engine):
    assert "No sweeper is at work." in said(engine, ADVICE) and "No worker of ours is alive." in said(engine, ADVICE)


def test_it_shows_no_password(engine, monkeypatch):
    monkeypatch.setitem(engine.store.client.connection_pool.connection_kwargs, "password", "secret")
    assert not any("secret" in finding.what for finding in examine(engine))


def test_it_writes_nothing(world, engine):
    world.put("queued")
    engine.control.pause("orders", actor=ANNA, reason="x")
    before = world.dump()
    examine(engine)
    assert world.dump() == before


@pytest.mark.parametrize(
    ("when", "words"), [("everysec", "can lose about the last second"), ("always", "before every")]
)
def test_it_says_what_a_crash_of_redis_can_cost(engine, raw, persistent, when, words):
    before = raw.config_get("appendfsync")["appendfsync"]
    raw.config_set("appendfsync", when)
    try:
        assert words in the_one(engine, FINE, "append-only file is on").what
    finally:
        raw.config_set("appendfsync", before)
