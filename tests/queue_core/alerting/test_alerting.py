"""What is wrong is told to receivers that answer, do not, or answer anything, and each event once if they take it."""

import json
import time

import pytest
from structlog.testing import capture_logs

from queue_core import alert, alert_delivery
from queue_core.alert_message import encoded, event_of_a_test, signature
from queue_core.alert_words import moment
from queue_core.alerting.courier import Courier
from queue_core.sweeper import Sweeper
from tests.checker import assert_sound
from tests.queue_core.alerting.conftest import PATIENCE_SECONDS
from tests.receiver import says, says_nothing
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch):
    monkeypatch.setattr(alert, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(alert_delivery, "LONGEST_REST_SECONDS", 0.0)


def wrong(world, queue="mail"):
    world.put("queued", queue, f"w-{queue}", score=time.time() - 5000)


def well(world, queue="mail"):
    world.raw.delete(f"t:queued:{queue}", f"t:task:w-{queue}")
    world.raw.srem("t:queued", queue)


def test_without_receivers_nothing_is_looked_at_or_written(world, teller):
    one = teller()
    wrong(world)
    before = world.dump()
    one.step()
    assert world.dump() == before


def test_what_is_wrong_is_told_once_and_its_end_once(world, teller, receiver):
    one = teller(receiver, alert_environment="production")
    one.step()
    wrong(world)
    one.look()
    one.until(lambda: receiver.told == [("opened", "waiting")])
    well(world)
    one.look()
    one.until(lambda: receiver.told == [("opened", "waiting"), ("resolved", "waiting")])
    for _ in range(20):
        one.look()
    assert len(receiver.posts) == 2
    opened, resolved = receiver.events
    assert opened["alert"] == resolved["alert"] and opened["id"] != resolved["id"]
    assert opened["text"].startswith("[production] WARNING Tasks wait long in mail")
    (delivery,) = one.engine.alerts.deliveries()
    assert delivery.arrived_at is not None and delivery.problem == "" and delivery.host == receiver.host
    assert_sound(world.raw)


def test_with_a_secret_each_is_signed(world, teller, receiver):
    one = teller(receiver, alert_secret="a-long-random-text")
    one.step()
    wrong(world)
    one.look()
    one.until(lambda: receiver.posts)
    (post,) = receiver.posts
    expected = signature(post.body, post.headers["Signalbox-Timestamp"], "a-long-random-text")
    assert post.headers["Signalbox-Signature"] == f"sha256={expected}"


def test_what_a_receiver_could_not_take_is_sent_again_under_the_same_id(world, teller, receivers):
    receiver = receivers(says(500, b"database is away"), says(503), says(200))
    one = teller(receiver)
    one.step()
    wrong(world)
    one.look()
    with capture_logs() as lines:
        one.until(lambda: len(receiver.posts) == 3)
        one.until(lambda: not one.engine.alerts.deliveries()[0].problem)
    assert len({event["id"] for event in receiver.events}) == 1
    told = [line for line in lines if line["event"] == "alert not delivered"]
    assert told[0]["problem"] == "answered 500: database is away" and told[0]["host"] == receiver.host
    assert not any("s3cret" in str(line) or "hunter2" in str(line) for line in lines)


def test_a_receiver_that_refuses_is_left_in_peace_and_gets_the_next_event(world, teller, receivers):
    receiver = receivers(*[says(400, b"no hooks/s3cret-token here")] * 5)
    one = teller(receiver)
    one.step()
    wrong(world)
    wrong(world, "pay")
    one.look()
    one.until(lambda: len(receiver.posts) == 6 and one.engine.alerts.deliveries()[0].arrived_at)
    ids = [event["id"] for event in receiver.events]
    assert len(set(ids[:5])) == 1 and ids[5] != ids[0]
    assert one.engine.alerts.deliveries()[0].missed == 1
    assert "s3cret" not in json.dumps([raw.decode() for raw in world.raw.hvals("t:x:alerts:receivers")])


def test_one_that_says_nothing_keeps_no_other_waiting_and_no_step(world, teller, receivers, monkeypatch):
    silent, other = receivers(*[says_nothing] * 100), receivers()
    one = teller(silent, other)
    one.step()
    for number in range(5):
        wrong(world, f"q{number}")
    one.look()
    one.until(lambda: len(other.posts) == 5 and silent.posts)
    assert len(silent.posts) == 1, "to each receiver one at a time"


def test_a_receiver_gets_what_is_noticed_from_now_on(world, teller, receivers):
    first, second = receivers(), receivers()
    one = teller(first)
    one.step()
    wrong(world)
    one.look()
    one.until(lambda: first.posts)
    both = teller(first, second)
    both.step()
    wrong(world, "pay")
    both.look()
    both.until(lambda: second.posts and len(first.posts) == 2)
    assert [event["queue"] for event in second.events] == ["pay"]
    only = teller(second)
    only.step()
    assert [delivery.host for delivery in only.engine.alerts.deliveries()] == [second.host]


def test_another_machine_that_takes_over_neither_forgets_nor_repeats(world, teller, receiver):
    first, second = teller(receiver), teller(receiver)
    first.step()
    wrong(world)
    first.look()
    first.until(lambda: len(receiver.posts) == 1 and first.engine.alerts.deliveries()[0].arrived_at)
    first.close()
    for _ in range(5):
        second.look()
    well(world)
    second.look()
    second.until(lambda: len(receiver.posts) == 2)
    assert receiver.told == [("opened", "waiting"), ("resolved", "waiting")]


def test_what_was_noticed_and_not_sent_is_sent_by_the_next(world, teller, receivers):
    receiver = receivers(says_nothing)
    first = teller(receiver)
    first.step()
    wrong(world)
    first.look()
    first.until(lambda: len(receiver.posts) == 1)
    # it ends without a word, in the middle of the delivery
    second = teller(receiver)
    second.until(lambda: len(receiver.posts) == 2)
    assert receiver.events[0]["id"] == receiver.events[1]["id"] and receiver.events[0]["event"] == "opened"


def test_a_late_answer_does_not_undo_what_another_has_noted(world, teller, receiver):
    slow, quick = teller(receiver), teller(receiver)
    slow.step()
    wrong(world)
    slow.look()
    quick.until(lambda: quick.engine.alerts.deliveries()[0].arrived_at)
    wrong(world, "pay")
    quick.look()
    quick.until(lambda: quick.engine.alerts.waiting(quick.engine.alerts.deliveries()[0]) is None)
    before = quick.engine.alerts.deliveries()
    slow.alerting.leave()
    assert slow.engine.alerts.deliveries() == before


def test_two_at_once_tell_of_it_once(world, teller, receiver):
    first, second = teller(receiver), teller(receiver)
    first.step()
    wrong(world)
    first.engine.snapshot.take()
    for _ in range(3):
        first.step()
        second.step()
    assert world.raw.xlen("t:x:alerts:events") == 1


def test_a_stream_that_holds_anything_else_is_passed_over(world, teller, receiver):
    one = teller(receiver)
    one.step()
    halves, wide = b'{"id":"a","text":"\xed\xa0\x80"}', '{"id":"a","text":"b"}'.encode("utf-16")
    for event in ("no json", b"\xff" * 20_000, '{"id": 7}', halves, wide):
        world.raw.xadd("t:x:alerts:events", {"event": event})
    world.raw.xadd("t:x:alerts:events", {"other": "x"})
    wrong(world)
    one.look()
    one.until(lambda: receiver.told == [("opened", "waiting")])
    assert one.engine.alerts.deliveries()[0].missed == 6


def test_what_goes_wrong_with_one_receiver_keeps_no_other_waiting(world, teller, receivers, monkeypatch):
    first, second = receivers(), receivers()
    one = teller(first, second)
    one.step()
    wrong(world)
    one.engine.snapshot.take()
    whole = Courier.step

    def fails(courier, receiver, delivery):
        if receiver.host == first.host:
            raise ValueError("a fault")
        whole(courier, receiver, delivery)

    monkeypatch.setattr(Courier, "step", fails)

    def told():
        with pytest.raises(ValueError, match="a fault"):
            one.step()
        return second.posts

    wait_until(told, PATIENCE_SECONDS)


@pytest.mark.parametrize("key", ["alerts", "alerts:receivers"])
def test_records_that_are_none_are_replaced(world, teller, receiver, key):
    one = teller(receiver)
    one.step()
    world.raw.hset(f"t:x:{key}", mapping={"x": b"\xff", "queue:1": "{}", alert_delivery.Receiver(receiver.url).id: "{"})
    wrong(world)
    one.look()
    one.until(lambda: receiver.told == [("opened", "waiting")])
    assert world.raw.hlen(f"t:x:{key}") == 1


@pytest.mark.parametrize("key", ["alerts", "alerts:receivers", "alerts:events"])
def test_a_key_of_another_type_stops_no_other_duty(world, teller, receiver, key):
    world.raw.set(f"t:x:{key}", "of another type")
    one = teller(receiver)
    sweeper = Sweeper(one.engine, observe=True)
    while sweeper.step():
        pass
    assert one.engine.snapshot.read() is not None
    sweeper.leave()


def test_an_observer_tells_alerts_beside_its_other_duties(world, teller, receiver):
    one = teller(receiver)
    wrong(world)
    sweeper = Sweeper(one.engine, observe=True)

    def told():
        sweeper.step()
        return receiver.posts

    wait_until(told, PATIENCE_SECONDS)
    sweeper.leave()
    assert receiver.told[0] == ("opened", "waiting")


def test_a_process_under_way_is_waited_for_shortly_when_the_duty_goes(world, teller, receivers):
    silent = receivers(says_nothing)
    one = teller(silent)
    one.step()
    wrong(world)
    one.look()
    one.until(lambda: silent.posts)
    one.alerting.leave()
    assert one.alerting._courier._under_way == {}


def test_what_is_sent_long_after_it_was_noticed_says_so(world, teller, receiver):
    one = teller(receiver)
    one.step()
    noticed_at = int(time.time()) - 1200
    event = encoded(event_of_a_test("ann", noticed_at))
    world.raw.xadd("t:x:alerts:events", {"event": event}, id=f"{noticed_at * 1000}-1")
    one.until(lambda: receiver.posts)
    assert receiver.events[0]["text"].startswith(f"[noticed {moment(noticed_at)}] A test alert")
