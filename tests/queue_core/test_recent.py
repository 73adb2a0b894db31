"""What every queue did lately: gathered once, read as one value, unknown where nobody knows."""

import contextlib
import json

import pytest

from queue_core import Engine, Settings
from queue_core.clock import ManualClock
from queue_core.recent import HOURS_KEPT
from queue_core.snapshot import QueueCounts, Snapshot
from queue_core.tally import Tally
from tests.builders import HOSTILE_QUEUE
from tests.checker import assert_sound


def worked(engine, queue, at, runs=0, **flow):
    tally = Tally()
    for _ in range(runs):
        tally.start(queue, "app:work", at)
        tally.end(queue, "app:work", at, "succeeded")
    if flow:
        tally.flow(queue, at, **flow)
    engine.stats.write(tally)


@pytest.fixture
def now(engine):
    return engine.store.now()


def gathered(engine):
    list(engine.recents.gather())
    return engine.recents.read()


def test_before_anybody_gathered_there_is_nothing(engine):
    assert engine.recents.read() is None


def test_hours_and_rates_of_each_queue_and_of_all_are_read_as_one_value(engine, raw, now):
    worked(engine, "orders", now - 120, runs=10)
    worked(engine, "orders", now - 3 * 3600, runs=4)
    worked(engine, "mail", now - 120, ready=20, taken=15)
    found = gathered(engine)
    orders, mail = found.of("orders"), found.of("mail")
    assert orders.by_hour("ended")[-4] == 4 and sum(orders.by_hour("ended")) == 14
    assert orders.lately == {"started": 2.0, "ended": 2.0}
    assert mail.lately == {"ready": 4.0, "taken": 3.0} and sum(mail.by_hour("taken")) == 15
    assert sum(found.of_all.by_hour("ended")) == 14 and found.of_all.lately["ready"] == 4.0
    assert_sound(raw)


def test_what_has_changed_is_read_again_and_is_not_added(engine, now):
    worked(engine, "orders", now - 120, runs=5)
    assert sum(gathered(engine).of("orders").by_hour("ended")) == 5
    worked(engine, "orders", now - 120, runs=1)
    worked(engine, "new", now - 120, runs=2)
    found = gathered(engine)
    assert sum(found.of("orders").by_hour("ended")) == 6 and sum(found.of("new").by_hour("ended")) == 2
    with contextlib.closing(Engine(engine.store.client)) as another:
        assert gathered(another).queues == found.queues


def test_a_queue_that_rests_keeps_its_day_and_is_not_asked_for_again(engine, raw, now):
    worked(engine, "orders", now - 7200, runs=5)
    gathered(engine)
    raw.zadd(engine.store.keys.stats_names("queue"), {"orders": now - 3600})
    raw.delete(*raw.keys("t:x:stats:counts:*:queue:orders"))
    found = gathered(engine).of("orders")
    assert sum(found.by_hour("ended")) == 5 and found.lately == {}


def test_hours_before_the_last_day_are_not_kept(engine, now):
    clock = engine.store.clock = ManualClock(now)
    for _ in range(HOURS_KEPT * 2):
        worked(engine, "orders", clock.now(), runs=1)
        found = gathered(engine)
        clock.advance(3600)
    assert found.of("orders").by_hour("ended") == (1,) * HOURS_KEPT
    kept = engine.recents._rows["queue", "orders"]
    assert len({hour for _, hour in kept}) == HOURS_KEPT


def test_a_queue_that_did_nothing_is_known_to_have_done_nothing(engine):
    assert gathered(engine).of("orders").by_hour("ended") == (0,) * 25
    assert engine.recents.read().of("x" * 501) is None


def test_where_there_is_no_room_for_all_names_the_others_are_unknown(redis_url, now):
    with contextlib.closing(Engine(redis_url, Settings(max_stats_names=2))) as engine:
        for name in "abc":
            worked(engine, name, now - 120, runs=1)
        found = gathered(engine)
        assert [sum(found.of(name).by_hour("ended")) for name in "ab"] == [1, 1] and found.of("c") is None
        assert sum(found.of_all.by_hour("ended")) == 3


def test_hours_in_which_nobody_looked_are_told(engine, now):
    engine.stats.sample(Snapshot(now - 2 * 3600, {"orders": QueueCounts(queued=1)}), 1)
    watched = gathered(engine).watched
    assert watched[-3] and not watched[-1] and sum(watched) == 1


def test_names_of_any_bytes_are_kept(engine, now):
    worked(engine, HOSTILE_QUEUE, now - 120, runs=3)
    assert sum(gathered(engine).of(HOSTILE_QUEUE).by_hour("started")) == 3


def test_what_is_too_old_says_nothing_about_now(engine, raw):
    gathered(engine)
    key = engine.store.keys.stats_recent()
    raw.set(key, json.dumps(json.loads(raw.get(key)) | {"taken_at": engine.store.now() - 700}))
    assert engine.recents.read() is None


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b'{"watched": []}', b'{"watched": 7}', b"[" * 5000])
def test_a_value_of_somebody_else_is_unknown(engine, raw, value):
    raw.set(engine.store.keys.stats_recent(), value)
    assert engine.recents.read() is None


def test_broken_keys_take_only_their_own_numbers_away(engine, raw, now):
    worked(engine, "orders", now - 120, runs=3)
    worked(engine, "mail", now - 120, runs=2)
    for key in raw.keys("t:x:stats:*:queue:orders"):
        raw.delete(key)
        raw.lpush(key, b"\xff")
    found = gathered(engine)
    assert found.of("orders") is None and sum(found.of("mail").by_hour("ended")) == 2
    raw.set(engine.store.keys.stats_names("queue"), "foreign")
    assert gathered(engine).of("anything") is None
