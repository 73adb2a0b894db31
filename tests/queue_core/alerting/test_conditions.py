"""What is wrong, from what really lies in Redis: each condition opens one alert, and the end of it is told."""

import json
import math
import time

import pytest

from queue_core import alert, alert_conditions
from queue_core.alert_conditions import Facts, Limits, key_of, look
from queue_core.snapshot import QueueCounts
from queue_core.tally import Tally
from tests.builders import ANNA, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.queue_core.failures import fail

LONG_AGO = 8 * 86_400


@pytest.fixture(autouse=True)
def _settles_at_once(monkeypatch):
    monkeypatch.setattr(alert, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def told(teller, receiver):
    """A teller, and what it has told."""
    one = teller(receiver)
    one.step()  # from now on what is noticed is for this receiver
    return one


def fail_now(world, task_id, seconds_ago=0.0, **more):
    fail(world, task_id, at=time.time() - seconds_ago, **more)


def events(engine):
    rows = engine.store.client.xrange(engine.store.keys.alert_events())
    return [json.loads(fields[b"event"]) for _, fields in rows]


# -- errors --


def test_a_new_error_group_is_told_with_what_it_is(world, told):
    fail_now(world, "a")
    told.look()
    (event,) = events(told.engine)
    assert (event["event"], event["kind"], event["severity"]) == ("opened", "new_errors", "warning")
    assert event["title"].startswith("New errors: GatewayDown: refused order")
    assert "1 task in error" in event["details"] and "In orders." in event["details"]
    assert event["group_id"] == told.engine.error_groups.ids()[0]
    assert_sound(world.raw)


def test_a_group_that_rises_is_one_alert_that_becomes_worse(world, told):
    fail_now(world, "a")
    told.look()
    for number in range(12):
        fail_now(world, f"b{number}")
    told.look()
    assert [(one["event"], one["kind"]) for one in events(told.engine)] == [
        ("opened", "new_errors"), ("repeated", "rising_errors"),
    ]  # fmt: skip
    assert len({one["alert"] for one in events(told.engine)}) == 1


def test_a_group_that_came_with_the_deploy_is_told_as_such(world, told):
    told.engine.error_groups.mark_deploy("9f2c", actor=ANNA)
    fail_now(world, "a", -1.0)
    told.look()
    assert told.open.keys() == {"regressed_errors"}


def test_old_errors_that_nobody_retries_are_no_news(world, told):
    fail_now(world, "a", LONG_AGO)
    told.look()
    assert told.open == {} and events(told.engine) == []


def test_when_none_of_its_tasks_is_in_error_it_is_over(world, told):
    fail_now(world, "a")
    told.look()
    world.raw.zrem("t:error:orders", "a")
    world.raw.srem("t:error", "orders")
    told.look()
    assert [one["event"] for one in events(told.engine)] == ["opened", "resolved"]
    assert events(told.engine)[1]["details"] == "None of its tasks is in error any more."
    assert told.open == {}


def test_a_snoozed_group_is_silent_and_one_that_is_snoozed_meanwhile_is_over(world, told):
    fail_now(world, "a")
    told.look()
    (group,) = told.engine.error_groups.ids()
    told.engine.error_groups.snooze(group, time.time() + 3600, actor=ANNA)
    told.look()
    assert events(told.engine)[-1]["event"] == "resolved" and "snoozed until" in events(told.engine)[-1]["details"]
    told.look()
    assert len(events(told.engine)) == 2


@pytest.mark.parametrize("by", ["group", "function"])
def test_what_is_held_is_silent(world, told, by):
    fail_now(world, "a")
    told.look()
    group = told.engine.error_groups.get(told.engine.error_groups.ids()[0])
    if by == "group":
        told.engine.holds.hold_group(group, actor=ANNA, reason="known")
    else:
        told.engine.holds.hold_function("shop.tasks:charge", actor=ANNA, reason="known")
    told.look()
    assert told.open == {} and "held" in events(told.engine)[-1]["details"]


def test_messages_can_be_left_out(world, teller, receiver):
    told = teller(receiver, alert_messages=False)
    fail_now(world, "a", message="customer 4711 has no address")
    told.look()
    (event,) = events(told.engine)
    assert "customer" not in json.dumps(event) and "shop.errors" in event["title"]


def test_a_secret_in_a_message_or_a_name_never_leaves(world, told):
    fail_now(world, "a", message="login failed, password=hunter2", queue="token=sk_live_abcdefgh12345")
    world.put("queued", "api_key=sk_live_abcdefgh12345", "b", score=time.time() - 2000)
    told.look()
    said = json.dumps(events(told.engine)) + json.dumps([one.decode() for one in world.raw.hvals("t:x:alerts")])
    assert "hunter2" not in said and "sk_live" not in said
    assert said.count("[hidden]") >= 2


# -- queues --


def wait_in(world, queue="mail", seconds=2000, task_id="w", state="queued"):
    world.put(state, queue, task_id, score=time.time() - seconds)


def test_a_queue_whose_oldest_task_waits_long_is_told(world, told):
    wait_in(world)
    wait_in(world, "quick", 100, "q")
    told.look()
    (event,) = events(told.engine)
    assert (event["kind"], event["queue"], event["count"]) == ("waiting", "mail", 1)
    assert event["details"] == "1 task queued, the oldest for 33 min."
    world.raw.delete("t:queued:mail")
    world.raw.srem("t:queued", "mail")
    told.look()
    assert events(told.engine)[-1]["details"] == "Nothing waits in it any more."


def test_how_long_is_long_is_a_setting_and_0_is_never(world, teller, receiver):
    wait_in(world, seconds=100)
    told = teller(receiver, alert_waiting_seconds=50.0)
    told.look()
    assert told.open.keys() == {"waiting"}
    never = teller(receiver, alert_waiting_seconds=0.0)
    list(never.engine.recents.gather())
    never.look()
    assert never.open == {}


def test_a_paused_queue_is_silent(world, told):
    wait_in(world)
    told.engine.control.pause("mail", actor=ANNA, reason="deploy")
    told.look()
    assert told.open == {}
    told.engine.control.resume("mail", actor=ANNA)
    told.look()
    assert told.open.keys() == {"waiting"}
    told.engine.control.pause("mail", actor=ANNA, reason="deploy")
    told.look()
    assert events(told.engine)[-1]["details"] == "It is paused."


def ran(engine, queue="mail"):
    """A worker of ours has ended a run in that queue."""
    tally, at = Tally(), engine.store.now() - 300
    tally.start(queue, "app:work", at)
    tally.end(queue, "app:work", at, "succeeded")
    engine.stats.write(tally)
    list(engine.recents.gather())


def test_a_queue_of_ours_that_no_worker_serves_is_told_before_it_waits_long(world, told):
    wait_in(world, seconds=100)
    ran(told.engine)
    told.look()
    assert told.open["unserved"].severity == "critical"
    told.engine.workers.register("w1", {"kind": "worker", "queues": ["other"], "exclude": []})
    told.look()
    assert told.open.keys() == {"unserved"}
    told.engine.workers.register("w2", {"kind": "worker", "queues": ["mail"], "exclude": []})
    told.look()
    assert told.open == {} and events(told.engine)[-1]["event"] == "resolved"


def test_a_worker_that_takes_nothing_new_serves_nothing(world, told):
    wait_in(world, seconds=100)
    ran(told.engine)
    told.engine.workers.register("w1", {"kind": "worker", "queues": [], "exclude": [], "quiet": True})
    told.look()
    assert told.open.keys() == {"unserved"}


def test_of_a_queue_that_our_workers_never_served_nothing_is_said(world, told):
    wait_in(world, seconds=100)
    ran(told.engine, "another")
    told.look()
    assert told.open == {}


def test_a_task_that_just_came_is_not_yet_nobodys(world, told):
    wait_in(world, seconds=5)
    ran(told.engine)
    told.look()
    assert told.open == {}


# -- what people have begun --


def test_an_operation_that_paused_itself_is_told_until_it_goes_on(world, told):
    for number in range(10):
        world.put("error", task_id=f"e{number}", score=100.0 + number)
    operations = told.engine.operations
    operation = operations.step(operations.start("retry", "orders", "error", actor=ANNA, canary=1).id)
    (canary,) = world.scores("queued")
    world.raw.zrem("t:queued:orders", canary)
    world.put("error", task_id=canary, score=2e9)
    assert operations.step(operation.id).paused
    told.look()
    event = next(one for one in events(told.engine) if one["kind"] == "operation_paused")
    assert event["operation_id"] == operation.id and "canary: 1 of 1 failed again" in event["details"]
    operations.resume(operation.id, actor=ANNA)
    told.look()
    assert events(told.engine)[-1]["details"] == "It goes on."


def test_an_operation_that_somebody_paused_is_not(world, told):
    for number in range(10):
        world.put("error", task_id=f"e{number}", score=100.0 + number)
    operation = told.engine.operations.start("retry", "orders", "error", actor=ANNA, rate=0.01)
    told.engine.operations.pause(operation.id, actor=ANNA, reason="wait for the fix")
    told.look()
    assert "operation_paused" not in told.open


def test_a_pause_that_ends_soon_is_told_and_its_end(world, teller, receiver):
    told = teller(receiver, alert_ending_seconds=900.0)
    now = told.engine.store.now()
    told.engine.control.pause("mail", actor=ANNA, reason="zephyr deploys", until=now + 3600)
    told.look()
    assert told.open == {}
    record = json.loads(world.raw.hget("t:x:pauses", "mail"))
    world.raw.hset("t:x:pauses", "mail", json.dumps(record | {"since_at": now - 3000, "until_at": now + 600}))
    told.look()
    (sight,) = told.open.values()
    assert sight.kind == "pause_ends" and sight.severity == "info" and "zephyr deploys" in sight.details
    told.engine.control.resume("mail", actor=ANNA)
    told.look()
    assert events(told.engine)[-1]["details"] == "The pause has ended."


def test_a_pause_that_was_meant_to_be_short_is_not_told(world, told):
    told.engine.control.pause("mail", actor=ANNA, reason="a minute", until=told.engine.store.now() + 60)
    told.look()
    assert told.open == {}


def test_a_hold_that_ends_soon_is_told_and_that_it_goes_on(world, told):
    now = told.engine.store.now()
    hold = told.engine.holds.hold_function("shop:charge", actor=ANNA, reason="down", until=now + 60)
    record = json.loads(world.raw.hget("t:x:holds", hold.id))
    world.raw.hset("t:x:holds", hold.id, json.dumps(record | {"since_at": now - 9000}))
    told.look()
    assert told.open.keys() == {"hold_ends"}
    told.engine.holds.hold_function("shop:charge", actor=ANNA, reason="down", until=now + 9000)
    told.look()
    assert events(told.engine)[-1]["details"].startswith("It goes on until ")


# -- what is unknown or hostile --


def test_of_what_is_unknown_nothing_is_said(nothing):
    found = look(nothing, Limits(900.0, 900.0))
    assert found.sights == () and found.unknown == {"errors", "queue", "operation", "pause", "hold"}


def test_old_counts_say_nothing_and_end_nothing(world, told):
    wait_in(world)
    told.look()
    snapshot = json.loads(world.raw.get("t:x:snapshot"))
    world.raw.set("t:x:snapshot", json.dumps(snapshot | {"taken_at": time.time() - 100, "queues": {}}))
    told.step()
    assert told.open.keys() == {"waiting"}
    world.raw.set("t:x:snapshot", "no snapshot")
    told.step()
    assert told.open.keys() == {"waiting"} and len(events(told.engine)) == 1


def test_a_queue_that_cannot_be_counted_any_more_is_not_well(world, told):
    wait_in(world)
    told.look()
    world.raw.set("t:queued:mail", "of another type")
    told.look()
    assert told.open.keys() == {"waiting"}


@pytest.mark.parametrize(
    ("key", "hidden"),
    [("errors:notes", "new_errors"), ("holds", "new_errors"), ("deploys", "new_errors"), ("stats:recent", None),
     ("operations:running", None), ("workers", None), ("pauses", None)],
)  # fmt: skip
def test_a_broken_key_hides_only_what_cannot_be_known_without_it(world, told, key, hidden):
    wait_in(world)
    fail_now(world, "a")
    told.look()
    assert told.open.keys() == {"waiting", "new_errors"}
    world.raw.delete("t:x:alerts", f"t:x:{key}")
    if key in ("stats:recent",):
        world.raw.rpush(f"t:x:{key}", "of another type")
    else:
        world.raw.set(f"t:x:{key}", "of another type")
    told.step()
    assert told.open.keys() == {"waiting", "new_errors"} - {hidden}


def test_names_and_messages_of_any_bytes_are_told_as_harmless_text(world, told):
    for number, queue in enumerate((HOSTILE_QUEUE, "<!channel>", "q" * 5000, "\udcff", "[x](http://evil)")):
        wait_in(world, queue, task_id=f"w{number}")
        fail_now(world, f"f{number}", queue=queue, message=f"{queue} @all", name=f"shop.errors.E{number}")
    told.look()
    assert len(events(told.engine)) == 10
    for event in events(told.engine):
        text = event["title"] + event["details"]
        assert "<" not in text and "@all" not in text and "](" not in text and len(json.dumps(event)) < 8000
        assert text.replace("\u200b", "").isprintable()
    assert_sound(world.raw)


def test_no_number_in_redis_keeps_it_from_looking(world, told, monkeypatch):
    odd = {name: {"queued": 1, "oldest_queued_at": at} for name, at in
           (("a", -math.inf), ("b", math.nan), ("c", -1e308), ("d", 1e308), ("e", None))}  # fmt: skip
    world.raw.set("t:x:snapshot", json.dumps({"taken_at": time.time(), "queues": odd}))
    told.step()
    assert {one["queue"] for one in events(told.engine)} == {"a", "c"}


def test_thousands_of_queues_in_trouble_are_told_as_a_few(world, told):
    now = time.time()
    queues = {f"q{number}": {"queued": 1, "oldest_queued_at": now - 5000} for number in range(3000)}
    world.raw.set("t:x:snapshot", json.dumps({"taken_at": now, "queues": queues}))
    told.step()
    assert len(events(told.engine)) == alert.MOST_OPEN + 1
    assert told.open["more"].count == 3000 - alert.MOST_OPEN


def test_a_key_of_an_alert_is_short_whatever_the_name():
    assert len(alert_conditions.key_of("queue", "q" * 1_000_000)) < 30
    assert alert_conditions.key_of("queue", "\udcff") != alert_conditions.key_of("queue", "?")


# -- a queue that nobody serves, and of which that is unknown for a while --


def facts_of(now, unserved, ran_lately=True, **more):
    counts = {"mail": QueueCounts(queued=5, oldest_queued_at=1000.0)}
    known = {"groups": {}, "notes": {}, "deployed_at": -math.inf, "operations": [], "pauses": [], "holds": []}
    return Facts(now, counts, **known, ran_lately=lambda queue: ran_lately, unserved=unserved, **more)


def everything(queues):
    return queues


def nobody_knows(queues):
    return None


@pytest.mark.parametrize("waiting_seconds", [0.0, 900.0])
def test_what_nobody_served_stays_so_while_that_is_unknown_and_after_a_day(waiting_seconds):
    limits, key = Limits(waiting_seconds, 900.0), key_of("queue", "mail")
    (first,) = look(facts_of(3000.0, everything), limits).sights
    before = frozenset({first.key})
    assert (first.key, first.kind) == (key, "unserved") and "in the last day" in first.details
    unknown = look(facts_of(3010.0, nobody_knows, unserved_before=before), limits)
    assert unknown.sights == () and key in unknown.unknown
    (later,) = look(facts_of(90_000.0, everything, ran_lately=False, unserved_before=before), limits).sights
    assert later.kind == "unserved" and "in the last day" not in later.details
    served = look(facts_of(90_010.0, lambda queues: (), ran_lately=False, unserved_before=before), limits)
    assert "unserved" not in {one.kind for one in served.sights} and key not in served.unknown


def test_an_open_one_is_known_to_the_next_look(world, told):
    wait_in(world)
    ran(told.engine)
    told.look()
    assert told.open.keys() == {"unserved"}
    world.raw.set("t:x:workers", "of another type")
    told.look()
    world.raw.delete("t:x:workers")
    told.look()
    assert told.open.keys() == {"unserved"} and len(events(told.engine)) == 1
