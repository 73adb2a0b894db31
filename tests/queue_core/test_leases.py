import json
import time

import pytest

from queue_core import Engine, Settings
from queue_core.errors import LeaseLost, QueuePaused, StoreCorrupt, StoreUnavailable, UnknownState
from queue_core.leases import PAYLOAD_BUDGET_BYTES
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, World, full_memory, missing_replica
from tests.checker import assert_sound

EXECUTION = b'{"x": 1}'


@pytest.fixture
def session(engine):
    session = engine.leases.session("worker-1")
    yield session
    session.close()


def settled(session):
    return [(step.verb, step.claimed.id, step.error, step.repeated) for step in session.drain()]


def test_a_task_whose_start_mark_is_refused_is_not_held(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    world.raw.set("t:x:claims:orders", "foreign")
    session.start(claimed)
    assert [verb for verb, _, error, _ in settled(session) if isinstance(error, StoreCorrupt)] == ["start"]
    assert not session.holds(claimed)


def test_a_task_does_not_begin_while_redis_takes_no_start_mark(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    session.start(claimed)
    with missing_replica(world.raw), pytest.raises(StoreUnavailable):
        session.drain()
    session.release(claimed)
    assert settled(session) == [("start", "a", None, True), ("release", "a", None, False)]
    assert world.scores("queued") == {"a": 100.0}


# -- claiming --


def test_a_claim_gives_what_a_worker_needs(world, session):
    text = world.put("queued", score=42.5)
    world.raw.hset("t:x:recoveries", "a", 1)
    (claimed,) = session.claim("orders")
    assert (claimed.queue, claimed.id, claimed.score_before, claimed.recoveries) == ("orders", "a", 42.5, 1)
    assert claimed.raw == text.encode()
    assert session.held == [claimed]


def test_an_empty_queue_gives_nothing(session):
    assert session.claim("orders", 10) == [] and session.held == []


def test_a_paused_queue_refuses(world, engine, session):
    world.put("queued")
    world.raw.zadd("t:x:paused", {"orders": "+inf"})
    with pytest.raises(QueuePaused):
        session.claim("orders")


def test_a_foreign_key_is_refused(world, session):
    world.raw.set("t:queued:orders", "foreign")
    with pytest.raises(StoreCorrupt):
        session.claim("orders")


def test_large_payloads_are_not_claimed_together(world, session):
    for number in range(3):
        world.put("queued", task_id=str(number), score=number, args=["x" * PAYLOAD_BUDGET_BYTES])
    assert [one.id for one in session.claim("orders", 3)] == ["0"]


def test_hostile_names_are_claimed_and_settled(world, session):
    world.put("queued", HOSTILE_QUEUE, HOSTILE_ID)
    (claimed,) = session.claim(HOSTILE_QUEUE)
    assert claimed.id == HOSTILE_ID
    session.start(claimed)
    assert session.heartbeat() == []
    session.finish(claimed)
    assert settled(session) == [("start", HOSTILE_ID, None, False), ("finish", HOSTILE_ID, None, False)]
    assert world.dump() == {}


# -- settling --


def test_steps_are_sent_together_and_answered_in_order(world, session):
    for number, name in enumerate("abcdef"):
        world.put("queued", task_id=name, score=number)
    a, b, c, d, e, f = session.claim("orders", 6)
    session.start(a)
    session.finish(a)
    session.start(b)
    session.retry_later(b, 500.5, EXECUTION)
    session.start(c)
    session.give_up(c, EXECUTION)
    session.defer(d, 600.5)
    session.release(e)
    assert world.scores("active").keys() == set("abcdef"), "nothing is sent before a flush"
    session.flush()
    assert all(error is None for _, _, error, _ in settled(session))
    assert [one.id for one in session.held] == ["f"]
    assert world.scores("scheduled") == {"b": 500.5, "d": 600.5}
    assert list(world.scores("error")) == ["c"] and world.scores("queued") == {"e": 4.0}
    assert list(world.scores("active")) == [f.id]
    assert_sound(world.raw)


def test_a_task_that_was_taken_away_ends_in_lease_lost(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    world.raw.zadd("t:active:orders", {"a": 5.0})
    session.finish(claimed)
    ((_, _, error, repeated),) = settled(session)
    assert isinstance(error, LeaseLost) and not repeated
    assert session.held == [] and world.scores("active") == {"a": 5.0}


def test_a_refused_start_drops_the_task(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    world.raw.zadd("t:active:orders", {"a": 5.0})
    session.start(claimed)
    session.drain()
    assert session.held == []
    session.finish(claimed)
    assert isinstance(settled(session)[0][2], LeaseLost)


def test_a_task_that_was_settled_cannot_be_settled_again(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    session.finish(claimed)
    session.drain()
    session.finish(claimed)
    assert isinstance(settled(session)[0][2], LeaseLost)


def test_an_abandoned_task_keeps_its_lease_until_it_is_over(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    session.abandon(claimed)
    assert session.held == [] and list(world.scores("active")) == ["a"]


def test_only_the_newest_executions_are_kept_when_asked(world, session):
    world.put("queued")
    world.record_failures(count=3)
    (claimed,) = session.claim("orders")
    assert session.failures(claimed) == 3
    session.retry_later(claimed, 1.0, EXECUTION, keep=2)
    session.drain()
    assert len(world.dump()["t:task:a:executions"]) == 2


@pytest.mark.parametrize("count", ["many", "", "1e3"])
def test_a_count_of_failures_that_is_no_number_is_none(world, session, count):
    world.put("queued")
    world.raw.set("t:task:a:executions_count", count)
    (claimed,) = session.claim("orders")
    assert session.failures(claimed) == 0


def test_a_full_redis_lets_work_go_on(world, session):
    for name in "abc":
        world.put("queued", task_id=name)
    with full_memory(world.raw):
        a, b, c = session.claim("orders", 3)
        assert session.heartbeat() == []
        session.start(a)
        session.finish(a)
        session.retry_later(b, 5.0, EXECUTION)
        session.give_up(c, EXECUTION)
        assert all(error is None for _, _, error, _ in settled(session))
    assert_sound(world.raw)


# -- renewing --


def test_heartbeats_renew_everything_that_is_held(world, session):
    for name in "abc":
        world.put("queued", task_id=name)
    world.put("queued", "mail", "d")
    session.claim("orders", 3)
    session.claim("mail")
    before = world.scores("active") | world.scores("active", "mail")
    assert session.heartbeat() == []
    after = world.scores("active") | world.scores("active", "mail")
    assert after.keys() == set("abcd") and all(after[one] > before[one] for one in after)
    assert 59 < session.lease_left_seconds() <= 60


def test_a_heartbeat_gives_what_was_lost(world, session):
    for name in "ab":
        world.put("queued", task_id=name)
    a, b = session.claim("orders", 2)
    world.raw.zrem("t:active:orders", "a")
    assert session.heartbeat() == [a]
    assert session.held == [b]
    assert list(world.scores("active")) == ["b"], "a heartbeat never creates a member"


def test_more_than_one_chunk_is_renewed(world, engine, session):
    for number in range(501):
        world.raw.zadd("t:queued:orders", {f"{number:03}": number})
    session.claim("orders", 501)
    world.raw.zrem("t:active:orders", "500")
    assert [one.id for one in session.heartbeat()] == ["500"]
    assert len(session.held) == 500


def test_a_task_is_settled_after_a_heartbeat(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    session.heartbeat()
    session.finish(claimed)
    assert settled(session) == [("finish", "a", None, False)]


# -- the connection --


@pytest.fixture
def session_behind_proxy(engine_behind_proxy):
    session = engine_behind_proxy.leases.session("worker-1")
    yield session
    session.close()


def drained(session):
    steps = []
    for _ in range(5):
        try:
            return steps + settled(session)
        except StoreUnavailable:
            continue
    raise AssertionError("never drained")


def test_a_heartbeat_whose_reply_was_lost_costs_no_lease(world, proxy, session_behind_proxy):
    world.put("queued")
    (claimed,) = session_behind_proxy.claim("orders")
    session_behind_proxy.start(claimed)
    session_behind_proxy.drain()
    for _ in range(2):
        proxy.cut_after(0)
        with pytest.raises(StoreUnavailable):
            session_behind_proxy.heartbeat()
    assert session_behind_proxy.heartbeat() == []
    proxy.cut_after(0)
    with pytest.raises(StoreUnavailable):
        session_behind_proxy.heartbeat()
    session_behind_proxy.finish(claimed)
    assert drained(session_behind_proxy) == [("finish", "a", None, False)]
    assert world.dump() == {}


def test_a_settlement_whose_reply_was_lost_is_known_to_be_repeated(world, proxy, session_behind_proxy):
    for number in range(5):
        world.put("queued", task_id=str(number))
    claims = session_behind_proxy.claim("orders", 5)
    for claimed in claims:
        session_behind_proxy.start(claimed)
        session_behind_proxy.finish(claimed)
    proxy.cut_after(12)
    steps = drained(session_behind_proxy)
    assert [(verb, task_id) for verb, task_id, _, _ in steps] == [
        (verb, one.id) for one in claims for verb in ("start", "finish")
    ]
    assert all(error is None or (isinstance(error, LeaseLost) and repeated) for _, _, error, repeated in steps)
    assert world.dump() == {} and session_behind_proxy.held == []


def test_a_claim_whose_reply_was_lost_comes_back_untouched(world, proxy, session_behind_proxy, engine):
    world.put("queued", score=42.5)
    session_behind_proxy.claim("elsewhere")
    proxy.cut_after(0)
    with pytest.raises(StoreUnavailable):
        session_behind_proxy.claim("orders")
    assert session_behind_proxy.held == [] and list(world.scores("active")) == ["a"]
    grow_old(world)
    assert [one.verb for one in engine.leases.recover_expired("orders")] == ["released"]
    assert world.scores("queued") == {"a": 42.5}


def grow_old(world, queue="orders"):
    """The leases of a queue end at once, and the claims know it."""
    for task_id, lease in world.scores("active", queue).items():
        old = f"{lease - 1000:.6f}"
        world.raw.zadd(f"t:active:{queue}", {task_id: old})
        record = world.raw.hget(f"t:x:claims:{queue}", task_id)
        if record:
            world.raw.hset(f"t:x:claims:{queue}", task_id, b" ".join([old.encode(), *record.split(b" ", 4)[1:]]))


# -- promotion and recovery --


def test_queues_are_listed_by_state(world, engine):
    world.put("queued", "orders")
    world.put("error", HOSTILE_QUEUE, "b")
    assert engine.leases.queues("queued") == ["orders"] and engine.leases.queues("error") == [HOSTILE_QUEUE]
    with pytest.raises(UnknownState):
        engine.leases.queues("done")


def test_promotion_goes_in_bounded_steps(world, redis_url):
    engine = Engine(redis_url, Settings(promote_batch=2))
    for number in range(5):
        world.put("scheduled", task_id=str(number), score=number)
    assert [engine.leases.promote("orders") for _ in range(3)] == [(2, True), (2, True), (1, False)]
    assert list(world.scores("queued")) == ["0", "1", "2", "3", "4"]
    engine.close()


def test_each_lost_task_meets_its_own_end(world, engine, session):
    world.put("queued", task_id="untouched", score=1)
    world.put("queued", task_id="started", score=2)
    world.put("queued", task_id="repeatable", score=3, retry_on=["tasktiger.exceptions:JobTimeoutException"])
    world.put("queued", task_id="poison", score=4, retry_on=["tasktiger.exceptions:JobTimeoutException"])
    claims = session.claim("orders", 4)
    world.raw.hset("t:x:recoveries", "poison", 2)
    for claimed in claims[1:]:
        session.start(claimed)
    session.drain()
    grow_old(world)
    verbs = {one.id: one.verb for one in engine.leases.recover_expired("orders")}
    assert verbs == {
        "untouched": "released", "started": "failed", "repeatable": "requeued", "poison": "quarantined",
    }  # fmt: skip
    execution = json.loads(world.dump()["t:task:started:executions"][0])
    assert execution["x"] == {"reason": "worker_lost"} and "60 seconds" in execution["traceback"]
    assert json.loads(world.dump()["t:task:poison:executions"][0])["x"] == {"reason": "quarantined"}
    assert_sound(world.raw)


def test_a_living_lease_is_left_alone(world, engine, session):
    world.put("queued")
    session.claim("orders")
    assert engine.leases.recover_expired("orders") == []


def test_who_lost_a_task_to_recovery_changes_nothing(world, engine, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    session.start(claimed)
    session.drain()
    grow_old(world)
    engine.leases.recover_expired("orders")
    before = world.dump()
    session.finish(claimed)
    assert isinstance(settled(session)[0][2], LeaseLost)
    assert world.dump() == before


def test_recovery_goes_in_steps_oldest_first(world, redis_url):
    engine = Engine(redis_url, Settings(recover_batch=2))
    for number in range(3):
        world.put("active", task_id=str(number), score=number + 1)
    assert [one.id for one in engine.leases.recover_expired("orders")] == ["0", "1"]
    assert [one.id for one in engine.leases.recover_expired("orders")] == ["2"]
    engine.close()


@pytest.mark.parametrize("found", [b"\xff{", b"[]", b'{"id": "other", "func": "f"}', b""])
def test_an_unreadable_lost_task_is_put_aside_in_error(world, engine, found):
    world.put("active", score=1.0)
    world.raw.set("t:task:a", found)
    assert [one.verb for one in engine.leases.recover_expired("orders")] == ["failed"]
    assert world.dump()["t:task:a"].encode("utf-8", "surrogateescape") == found


def test_a_lost_task_that_is_too_long_to_be_read_is_put_aside_unread(world, redis_url):
    engine = Engine(redis_url, Settings(max_payload_bytes=100))
    covering = {"retry_on": ["tasktiger.exceptions:JobTimeoutException"]}
    world.put("active", task_id="long", score=1.0, args=["x" * 1000], **covering)
    world.put("active", task_id="short", score=2.0, **covering)
    verbs = {one.id: one.verb for one in engine.leases.recover_expired("orders")}
    assert verbs == {"long": "failed", "short": "requeued"}
    engine.close()


@pytest.mark.parametrize("key", ["", ":executions", ":executions_count"])
def test_a_lost_task_with_foreign_keys_is_put_aside_and_holds_up_nobody(world, redis_url, key):
    engine = Engine(redis_url, Settings(recover_batch=1))
    world.put("active", task_id="bad", score=1.0)
    world.put("active", task_id="good", score=2.0)
    world.raw.delete(f"t:task:bad{key}")
    world.raw.hset(f"t:task:bad{key}", "some", "thing")
    assert [one.id for _ in range(2) for one in engine.leases.recover_expired("orders")] == ["bad", "good"]
    assert world.scores("error").keys() == {"bad", "good"}
    engine.close()


def test_a_worker_with_a_wrong_clock_steals_nothing(world, redis_url):
    ahead = Engine(redis_url, Settings())
    ahead.clock.offset_seconds = 120.0
    session = ahead.leases.session("w")
    world.put("queued")
    session.claim("orders")
    assert abs(world.scores("active")["a"] - time.time()) < 5
    assert ahead.leases.recover_expired("orders") == []
    session.close()
    ahead.close()


def test_a_restart_of_redis_costs_no_claimed_task(own_server):
    import redis

    engine = Engine(own_server.url)
    with redis.Redis.from_url(own_server.url) as raw:
        raw.config_set("appendfsync", "always")  # or a busy disk may delay the file behind the replies
        world = World(raw, engine.store)
        world.put("queued")
        session = engine.leases.session("w")
        (claimed,) = session.claim("orders")
        session.start(claimed)
        session.drain()
        own_server.kill()
        session.finish(claimed)
        with pytest.raises(StoreUnavailable):
            session.flush()
        own_server.start()
        assert [step[:3] for step in settled(session)] == [("finish", "a", None)]
        assert world.dump() == {}
    session.close()
    engine.close()


def test_recovery_reads_no_more_of_a_payload_than_it_looks_at(world, redis_url):
    engine = Engine(redis_url, Settings(max_payload_bytes=1000))
    world.put("active", score=1.0, args=["x" * 20_000_000])
    before = world.raw.info("stats")["total_net_output_bytes"]
    assert [one.verb for one in engine.leases.recover_expired("orders")] == ["failed"]
    assert world.raw.info("stats")["total_net_output_bytes"] - before < 1_000_000
    engine.close()
