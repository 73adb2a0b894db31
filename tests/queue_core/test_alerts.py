"""The room of alerts: what people ask it."""

import json
from dataclasses import replace

import pytest

from queue_core import Engine, Settings, alerts
from queue_core.alert import CRITICAL, WARNING, Look, Sight
from queue_core.alert_delivery import FIRST, Answer, Receiver, written
from queue_core.errors import InvalidRequest, StoreCorrupt
from tests.builders import ANNA
from tests.checker import assert_sound

NEW_HOOK = Receiver("https://hooks.example.com/other")
HOOK = Receiver("https://hooks.example.com/s3cret")


def sight(key="queue:1", severity=WARNING):
    return Sight(key, "waiting", severity, f"Tasks wait in {key}", "numbers", 1)


def test_open_alerts_stand_there_the_worst_first(engine, raw):
    engine.alerts.note(Look((sight("queue:1"), sight("queue:2", CRITICAL), sight("pause:1", "info"))))
    assert [one.key for one in engine.alerts.open()] == ["queue:2", "queue:1", "pause:1"]
    assert engine.alerts.last_look().at == pytest.approx(engine.store.now(), abs=60)
    assert all(raw.ttl(key) > 0 for key in raw.keys("t:x:alerts*"))
    assert_sound(raw)


def test_before_anybody_looked_nothing_is_known(engine):
    assert engine.alerts.open() == [] and engine.alerts.deliveries() == [] and engine.alerts.last_look() is None


def test_what_is_noted_and_what_is_told_of_it_are_one_step(engine, raw):
    events = engine.alerts.note(Look((sight(),)))
    ((_, fields),) = raw.xrange("t:x:alerts:events")
    assert [json.loads(fields[b"event"])] == events
    assert engine.alerts.note(Look((sight(),))) == []


def test_events_are_bounded(engine, raw, monkeypatch):
    monkeypatch.setattr(alerts, "MOST_EVENTS", 5)
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look(tuple(sight(f"queue:{number}") for number in range(9))))
    assert raw.xlen("t:x:alerts:events") == 5


def test_a_test_goes_to_all_and_stands_in_the_trail(engine, raw):
    engine.alerts.enlist([HOOK, Receiver("http://other/")])
    engine.alerts.note(Look())
    assert engine.alerts.send_test(actor=ANNA) == 2
    ((_, fields),) = raw.xrange("t:x:alerts:events")
    event = json.loads(fields[b"event"])
    assert (event["event"], event["kind"], event["title"]) == ("test", "test", "A test alert, sent by anna")
    (entry,) = engine.audit.page().entries
    assert (entry.verb, entry.actor, entry.facts) == ("test_alert", "anna", {"receivers": 2})


def test_where_nobody_tells_alerts_a_test_is_refused(engine, raw):
    with pytest.raises(InvalidRequest, match="SIGNALBOX_ALERT_WEBHOOKS"):
        engine.alerts.send_test(actor=ANNA)
    engine.alerts.enlist([HOOK])
    with pytest.raises(InvalidRequest):
        engine.alerts.send_test(actor=ANNA)
    assert not raw.exists("t:x:alerts:events", "t:x:audit")


def test_more_than_anybody_has_written_is_not_read(engine, raw):
    raw.hset("t:x:alerts", mapping={str(number): "{}" for number in range(5000)})
    with pytest.raises(StoreCorrupt):
        engine.alerts.open()


def test_links_and_environment_come_from_the_settings(redis_url, raw):
    engine = Engine(redis_url, Settings(alert_environment="staging", console_url="https://jobs.example.com"))
    found = Sight("queue:1", "waiting", WARNING, "t", path="/queues/?q=mail")
    (event,) = engine.alerts.note(Look((found,)))
    assert (event["environment"], event["url"]) == ("staging", "https://jobs.example.com/queues/?q=mail")
    engine.close()


def test_where_an_event_cannot_be_written_its_alert_is_not_told_either(engine, raw):
    raw.set("t:x:alerts:events", "of another type")
    with pytest.raises(StoreCorrupt):
        engine.alerts.note(Look((sight(),)))
    assert engine.alerts.open() == []
    raw.delete("t:x:alerts:events")
    assert [one["event"] for one in engine.alerts.note(Look((sight(),)))] == ["opened"]


@pytest.mark.parametrize("is_empty", [True, False])
def test_who_is_further_than_anything_there_begins_anew(engine, raw, is_empty):
    (delivery,) = engine.alerts.enlist([HOOK]).values()
    ahead = written(replace(delivery, cursor="9999999999999-0"))
    raw.hset("t:x:alerts:receivers", HOOK.id, ahead)
    if not is_empty:
        engine.alerts.note(Look((sight(),)))
    (delivery,) = engine.alerts.enlist([HOOK]).values()
    assert delivery.cursor == FIRST and engine.alerts.deliveries() == [delivery]
    engine.alerts.note(Look((sight(),)))
    assert engine.alerts.waiting(delivery) is not None


def test_under_another_address_a_receiver_gets_what_still_waits(engine):
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look((sight(),)))
    (delivery,) = engine.alerts.enlist([NEW_HOOK]).values()
    assert engine.alerts.waiting(delivery) is not None
    (other,) = (one for one in engine.alerts.enlist([NEW_HOOK, HOOK]).values() if one.id == HOOK.id)
    assert engine.alerts.waiting(other) is None, "beside another it gets what is noticed from now on"


def test_what_a_look_could_not_see_stands_beside_it(engine, raw):
    engine.alerts.note(Look(unknown=frozenset({"errors", "queue:1"})))
    assert engine.alerts.last_look().unknown == ("errors", "some queues")
    raw.set("t:x:alerts:look", json.dumps({"at": 5, "unknown": ["errors", ["x"], "<script>"]}))
    assert engine.alerts.last_look().unknown == ("errors",)
    raw.set("t:x:alerts:look", json.dumps({"at": 5, "unknown": 7}))
    assert engine.alerts.last_look() is None


def test_records_that_cannot_be_read_are_counted(engine, raw):
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look((sight(),)))
    assert engine.alerts.unreadable() == 0
    raw.hset("t:x:alerts", "queue:2", '{"sight": "broken"}')
    raw.hset("t:x:alerts:receivers", "x", b"\xff")
    assert engine.alerts.unreadable() == 2


def test_where_nobody_looks_any_more_a_test_is_refused(engine, raw):
    engine.alerts.enlist([HOOK])
    raw.set("t:x:alerts:look", json.dumps({"at": engine.store.now() - 300}))
    with pytest.raises(InvalidRequest, match="alive"):
        engine.alerts.send_test(actor=ANNA)
    assert not raw.exists("t:x:alerts:events", "t:x:audit")


def test_one_test_waits_at_a_time(engine, raw):
    (delivery,) = engine.alerts.enlist([HOOK]).values()
    engine.alerts.note(Look(tuple(sight(f"queue:{number}") for number in range(15))))
    engine.alerts.send_test(actor=ANNA)
    with pytest.raises(InvalidRequest, match="not arrived everywhere yet"):
        engine.alerts.send_test(actor=ANNA)
    assert raw.xlen("t:x:alerts:events") == 16
    while event := engine.alerts.waiting(delivery):
        delivery = engine.alerts.settle(delivery, event, Answer(200), "")
    assert engine.alerts.send_test(actor=ANNA) == 1
