import pytest

from queue_core import Engine, Settings
from queue_core.errors import InvalidRequest, StoreFull, WorkerNotFound
from tests.builders import ANNA, HOSTILE_ID, full_memory
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


# -- orders --


def test_an_order_waits_for_its_worker_and_is_taken_once(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.order("quiet", "w1", actor=ANNA, reason="a deploy")
    (order,) = engine.workers.orders(["w1", "w2"])["w1"]
    assert (order.verb, order.by, order.door, order.reason) == ("quiet", "anna", "command line", "a deploy")
    assert 0 < world.raw.ttl("t:x:orders:w1") <= 300
    assert_sound(world.raw)
    assert [one.verb for one in engine.workers.beat("w1", FACTS)] == ["quiet"]
    assert engine.workers.beat("w1", FACTS) == [] and engine.workers.orders(["w1"]) == {}


def test_an_order_stands_in_the_audit_trail(world, engine):
    engine.workers.register("w1", FACTS | {"pid": 7})
    engine.workers.order("kill", "w1", actor=ANNA, reason="hangs", queue="mail", task_id="a")
    (entry,) = engine.audit.page().entries
    assert (entry.verb, entry.actor, entry.reason, entry.queue, entry.task_id) == (
        "kill_worker", "anna", "hangs", "mail", "a",
    )  # fmt: skip
    assert entry.facts == {"worker": "w1", "host": "h", "pid": 7}


def test_the_newest_word_counts(engine):
    engine.workers.register("w1", FACTS)
    for verb in ("quiet", "wake", "stop"):
        engine.workers.order(verb, "w1", actor=ANNA)
    assert [one.verb for one in engine.workers.beat("w1", FACTS)] == ["wake", "stop"]


def test_who_is_not_alive_takes_no_orders(world, engine):
    engine.workers.register("w1", FACTS)
    world.raw.zadd("t:x:workers", {"w1": engine.store.now() - 61})
    before = world.dump()
    for name in ("w1", "nobody"):
        with pytest.raises(WorkerNotFound):
            engine.workers.order("stop", name, actor=ANNA)
    assert world.dump() == before


@pytest.mark.parametrize(
    "order", [{"verb": "dance"}, {"verb": "kill", "task_id": "a"}, {"verb": "kill", "reason": "why not"}]
)
def test_an_order_that_cannot_be_is_refused(world, engine, order):
    engine.workers.register("w1", FACTS)
    before = world.dump()
    with pytest.raises(InvalidRequest):
        engine.workers.order(worker_id="w1", actor=ANNA, **order)
    assert world.dump() == before


def test_a_sweeper_takes_no_orders(engine):
    engine.workers.register("s", {"kind": "sweeper"})
    with pytest.raises(InvalidRequest, match="Only workers"):
        engine.workers.order("stop", "s", actor=ANNA)


def test_a_full_redis_takes_no_order_and_loses_none(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.order("stop", "w1", actor=ANNA)
    before = world.dump()
    with full_memory(world.raw):
        with pytest.raises(StoreFull):
            engine.workers.order("quiet", "w1", actor=ANNA)
        with pytest.raises(StoreFull):
            engine.workers.beat("w1", FACTS)
    assert world.dump() == before
    assert [one.verb for one in engine.workers.beat("w1", FACTS)] == ["stop"]


def test_who_leaves_takes_its_orders_along(world, engine):
    engine.workers.register("w1", FACTS)
    engine.workers.order("stop", "w1", actor=ANNA)
    engine.workers.leave("w1")
    assert not world.raw.exists("t:x:orders:w1")


# -- what others hold --


def test_what_no_worker_of_ours_has_claimed_is_held_by_others(world, engine):
    world.put_claimed(task_id="ours")
    world.put("active", task_id="theirs", score=50.0)
    world.put("active", "mail", task_id="b", score=70.0)
    (held,) = engine.workers.held_by_others(["orders"])
    assert (held.active, held.looked_at, held.tasks) == (2, 2, (("theirs", 50.0),))
    assert [one.queue for one in engine.workers.held_by_others(["orders", "nothing", "mail"])] == ["orders", "mail"]
    assert engine.workers.held_by_others([]) == []


def test_a_claim_that_another_worker_has_taken_over_does_not_count(world, engine):
    world.put_claimed(task_id="a")
    world.raw.zadd("t:active:orders", {"a": 12.0})
    assert engine.workers.held_by_others(["orders"])[0].tasks == (("a", 12.0),)


def test_keys_of_another_type_are_passed_over(world, engine):
    world.put("active", "broken", task_id="a")
    world.put("active", task_id="b")
    world.raw.set("t:x:claims:broken", "x")
    world.raw.set("t:active:string", "x")
    assert [one.queue for one in engine.workers.held_by_others(["string", "broken", "orders"])] == ["orders"]
