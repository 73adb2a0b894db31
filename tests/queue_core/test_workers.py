import pytest

from queue_core import Engine, Settings
from tests.builders import HOSTILE_ID, full_memory
from tests.checker import assert_sound

FACTS = {"kind": "worker", "host": "h", "queues": ["é"]}


def test_a_worker_that_beats_is_alive_with_its_facts(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.beat("w1", FACTS | {"running": [{"id": "a"}]})
    (info,) = engine.workers.alive()
    assert info.id == "w1" and info.facts == FACTS | {"running": [{"id": "a"}]}
    assert abs(info.seen_at - engine.store.now()) < 5
    assert_sound(world.raw)


def test_the_newest_sign_of_life_comes_first(world, engine):
    for name in ("w1", "w2", "w3"):
        engine.workers.register(name, FACTS)
    now = engine.store.now()
    world.raw.zadd("t:x:workers", {"w1": now + 3, "w2": now + 1, "w3": now + 2})
    assert [info.id for info in engine.workers.alive()] == ["w1", "w3", "w2"]


def test_who_leaves_leaves_nothing(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.leave("w1")
    assert engine.workers.alive() == [] and world.dump() == {}


def test_who_is_silent_is_not_listed_and_is_pruned(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.register("w2", FACTS)
    world.raw.zadd("t:x:workers", {"w1": engine.store.now() - 61})
    assert [info.id for info in engine.workers.alive()] == ["w2"]
    assert engine.workers.prune() == 1 and engine.workers.prune() == 0
    assert not world.raw.exists("t:x:worker:w1") and world.raw.exists("t:x:worker:w2")


def test_its_facts_do_not_outlive_it_for_long(world, engine):
    engine.workers.register("w1", FACTS)
    assert 0 < world.raw.ttl("t:x:worker:w1") <= 120


def test_a_short_silence_is_a_setting_that_works(redis_url, raw):
    engine = Engine(redis_url, Settings(worker_silence_seconds=0.4))
    engine.workers.register("w1", FACTS)
    assert raw.ttl("t:x:worker:w1") >= 1
    engine.close()


@pytest.mark.parametrize("found", [b"", b"\xff", b"[1]", b"null", b"{"])
def test_facts_that_cannot_be_read_are_none(world, engine, found):
    engine.workers.register(HOSTILE_ID, FACTS)
    world.raw.set(engine.store.keys.worker(HOSTILE_ID), found)
    (info,) = engine.workers.alive()
    assert info.facts == {} and info.id == HOSTILE_ID


def test_one_process_has_a_duty(engine):
    assert engine.workers.hold("sweeper", "me", 30)
    assert not engine.workers.hold("sweeper", "other", 30)
    assert engine.workers.holder("sweeper") == "me" and engine.workers.holder("observer") is None
    engine.workers.drop("sweeper", "other")
    assert engine.workers.hold("sweeper", "me", 30)
    engine.workers.drop("sweeper", "me")
    assert engine.workers.hold("sweeper", "other", 30)


def test_a_duty_can_be_taken_and_renewed_while_redis_is_full(world, engine):
    with full_memory(world.raw):
        assert engine.workers.hold("sweeper", "me", 30) and engine.workers.hold("sweeper", "me", 30)
    assert_sound(world.raw)


def test_a_clock_that_differs_from_that_of_redis_is_told(engine):
    engine.workers.beat("w1", FACTS)
    assert engine.workers.alive()[0].facts == FACTS
    engine.clock.offset_seconds = -120.04
    engine.workers.beat("w1", FACTS)
    info = engine.workers.alive()[0]
    assert info.facts["clock_behind_seconds"] == -120.0


def test_who_serves_a_queue_is_told_by_the_filters_of_those_alive(world, engine):
    engine.workers.register("all", FACTS | {"queues": []})
    engine.workers.register("pay", FACTS | {"queues": ["pay"], "exclude": ["pay.eu"]})
    engine.workers.register("odd", FACTS | {"queues": [7, None], "exclude": "pay"})
    engine.workers.register("sweeper", {"kind": "sweeper"})
    assert engine.workers.serving(["pay.us", "pay.eu", "mail"]) == {"pay.us": 3, "pay.eu": 2, "mail": 2}
    assert engine.workers.serving([]) == {}
