import time

import pytest

from queue_core import Settings, scripts
from queue_core.clock import ManualClock
from queue_core.errors import LeaseLost, StoreTooOld, StoreUnavailable, TaskNotFound
from queue_core.store import Store
from tests.builders import NOTED


def test_keys_are_made_of_the_values_they_belong_to(world):
    call = world.store.call("start", queue="orders", id="a", lease=b"1.5")
    assert (call.key_count, call.values) == (2, (b"t:active:orders", b"t:x:claims:orders", b"a", b"1.5"))
    assert call.by_sha()[:2] == ("EVALSHA", scripts.load("start").sha)
    assert call.in_full()[:2] == ("EVAL", scripts.load("start").source)


def test_another_prefix_is_another_world(redis_url, world):
    other = Store(Settings(prefix="{p7}"), redis_url)
    world.put_claimed()
    assert other.call("start", queue="q", id="a", lease="1").values[0] == b"{p7}:active:q"
    assert other.run("promote", queue="orders", now=1, limit=1) == 0


def test_a_refusal_is_raised_as_what_it_means(world):
    with pytest.raises(TaskNotFound, match="a"):
        world.run("retry", id="a", queue="orders", now=1, fresh_budget=False, not_after="", **NOTED)


def test_many_scripts_go_in_one_trip_and_a_refusal_stops_no_other(world):
    lease = world.put_claimed()
    calls = [world.store.call("start", queue="orders", id=one, lease=lease) for one in ("missing", "a", "gone")]
    first, second, third = world.store.send_all(calls)
    assert isinstance(first, LeaseLost) and second == b"OK" and isinstance(third, LeaseLost)


def test_scripts_that_redis_has_forgotten_are_sent_again_one_by_one(world):
    world.put("queued")
    calls = [world.store.call("counts", states=[b"t:queued:orders"], since="inf", until_at="inf") for _ in range(3)]
    world.raw.script_flush()
    assert world.store.send_all(calls) == [[[1, b"100", b"100", 0, 0]]] * 3


def test_a_forgotten_script_that_refuses_stays_an_item_of_the_list(world):
    world.raw.script_flush()
    (reply,) = world.store.send_all([world.store.call("start", queue="q", id="a", lease="1")])
    assert isinstance(reply, LeaseLost)


def test_nothing_to_send_is_nothing():
    store = Store(Settings(), "unix:///nowhere")
    assert store.send_all([]) == []


def test_the_clock_follows_the_server(redis_url):
    store = Store(Settings(), redis_url)
    assert abs(store.measure_clock()) < 1
    assert abs(store.now() - store.client.time()[0]) < 2


def test_the_first_who_asks_for_the_time_measures_it(redis_url, monkeypatch):
    monkeypatch.setattr("queue_core.clock.local_now", lambda: time.time() - 120)
    store = Store(Settings(), redis_url)
    assert store.now() - time.time() == pytest.approx(120, abs=1)


def test_a_new_connection_may_lead_to_another_server_so_the_time_is_measured_anew(own_server, monkeypatch):
    store = Store(Settings(), own_server.url)
    store.now()
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        store.client.ping()
    own_server.start()
    monkeypatch.setattr("queue_core.clock.local_now", lambda: time.time() - 120)
    store.client.ping()
    assert store.now() - time.time() == pytest.approx(120, abs=1)


def test_without_a_server_the_time_is_the_machines():
    assert Store(Settings(), "unix:///nowhere").now() == pytest.approx(time.time(), abs=1)


def test_another_clock_can_be_given(redis_url):
    assert Store(Settings(), redis_url, clock=ManualClock(5.0)).now() == 5.0


def test_the_server_is_new_enough(world):
    version = world.store.check_server()
    assert version >= (6, 2) and len(version) == 3


def test_a_server_that_is_too_old_is_refused(world, monkeypatch):
    monkeypatch.setattr(world.store, "server_version", lambda: (5, 0, 14))
    with pytest.raises(StoreTooOld, match=r"5\.0\.14.*6\.2"):
        world.store.check_server()


def test_it_comes_back_after_a_restart(own_server):
    store = Store(Settings(), own_server.url)
    store.client.set("a", "1")
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        store.client.get("a")
    own_server.start()
    assert store.client.get("a") == b"1"
