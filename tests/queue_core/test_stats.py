import contextlib
import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_core import Engine, Settings
from queue_core.errors import StoreUnavailable
from queue_core.snapshot import QueueCounts, Snapshot
from queue_core.tally import COUNTERS, FAILED, FLOWS, RETRIED, STOPPED, SUCCEEDED, Tally
from queue_core.tiers import SPANS
from tests.builders import HOSTILE_QUEUE
from tests.checker import assert_sound

NOW = 1_760_000_000.0
ENDINGS = (SUCCEEDED, RETRIED, FAILED, STOPPED)


@pytest.fixture
def stats(engine):
    return engine.stats


def run(tally, queue="orders", function="app:work", at=NOW, ending=SUCCEEDED, wait=1.0, took=0.5):
    tally.start(queue, function, at)
    tally.end(queue, function, at, ending)
    tally.time(queue, function, at, wait_seconds=wait, run_seconds=took)


def runs(count, **facts):
    tally = Tally()
    for _ in range(count):
        run(tally, **facts)
    return tally


def snapshot(at=NOW, **queues):
    return Snapshot(at, {name: QueueCounts(**counts) for name, counts in queues.items()})


def slot_at(series, at):
    return next(slot for slot in series.slots if slot.at <= at < slot.at + slot.seconds)


# -- counts --


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize(("kind", "name"), [("all", ""), ("queue", "orders"), ("function", "app:work")])
def test_what_was_counted_is_read_back_for_all_for_its_queue_and_for_its_function(stats, span, kind, name):
    stats.write(runs(3))
    stats.write(runs(1, ending=FAILED))
    series = stats.series(kind, name, span, now=NOW + 1)
    assert slot_at(series, NOW).counts == {"started": 4, "succeeded": 3, "failed": 1}
    assert series.total("succeeded", "failed") == 4
    assert series.wait(0.5) == pytest.approx(1.0, rel=0.26) and series.run(0.5) == pytest.approx(0.5, rel=0.26)


def test_many_processes_that_write_at_once_lose_nothing(stats):
    def work():
        for _ in range(10):
            stats.write(runs(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats.series("all", now=NOW).total("succeeded") == 400
    assert stats.totals()[1]["queue", "orders"]["succeeded"] == 400


event = st.tuples(
    st.sampled_from(["a", "b", HOSTILE_QUEUE]),
    st.sampled_from(["f", "g"]),
    st.sampled_from(ENDINGS),
    st.integers(0, 59),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(event, max_size=15), max_size=4))
def test_in_whatever_parts_runs_are_written_they_add_up(stats, raw, parts):
    raw.flushall()
    for part in parts:
        tally = Tally()
        for queue, function, ending, minutes in part:
            run(tally, queue, function, NOW - 60 * minutes, ending)
        stats.write(tally)
    happened = [one for part in parts for one in part]
    for kind, place in (("queue", 0), ("function", 1)):
        for name in {one[place] for one in happened}:
            series = stats.series(kind, name, SPANS["1h"], now=NOW)
            for ending in ENDINGS:
                expected = sum(one[place] == name and one[2] == ending for one in happened)
                assert sum(slot.count(ending) or 0 for slot in series.slots) == expected
    assert sum(slot.count("started") or 0 for slot in stats.series("all", now=NOW).slots) == len(happened)


def test_a_tally_that_was_not_taken_is_added_to_the_next(stats):
    tally = runs(2)
    tally.add(runs(3, ending=FAILED))
    stats.write(tally)
    assert slot_at(stats.series("all", now=NOW), NOW).counts == {"started": 5, "succeeded": 2, "failed": 3}


def test_tasks_of_a_lost_worker_are_counted_for_their_queue(stats):
    tally = Tally()
    tally.recover("orders", NOW, 7)
    stats.write(tally)
    assert stats.series("queue", "orders", now=NOW).total("recovered") == 7


# -- unknown is not 0 --


def test_where_nobody_looked_nothing_is_known(stats):
    series = stats.series("queue", "orders", now=NOW)
    assert {slot.counts for slot in series.slots} == {None} and {slot.depths for slot in series.slots} == {None}
    assert series.total("succeeded") is None and series.wait(0.5) is None
    assert set(series.highest.values()) == {None}


def test_where_somebody_looked_and_nothing_ran_it_is_0(stats):
    stats.sample(snapshot(orders={"queued": 2}), workers=1)
    series = stats.series("queue", "orders", SPANS["1h"], now=NOW)
    assert slot_at(series, NOW).count("succeeded") == 0
    assert slot_at(series, NOW - 600).count("succeeded") is None


def test_a_queue_that_no_snapshot_names_was_empty(stats):
    stats.sample(snapshot(orders={"queued": 2}), workers=1)
    assert slot_at(stats.series("queue", "mail", now=NOW), NOW).depth("queued") == 0


def test_a_count_that_could_not_be_taken_is_unknown(stats):
    stats.sample(snapshot(orders={"queued": None, "error": 3}), workers=None)
    slot = slot_at(stats.series("queue", "orders", now=NOW), NOW)
    assert slot.depth("queued") is None and slot.depth("error") == 3
    assert slot_at(stats.series("all", now=NOW), NOW).depth("workers") is None


# -- depths --


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
def test_of_several_looks_the_highest_stays(stats, span):
    for minutes, queued in enumerate((5, 40, 7)):
        at = NOW + 60 * minutes
        stats.sample(snapshot(at, orders={"queued": queued, "oldest_queued_at": at - queued}), workers=2)
    slots = stats.series("queue", "orders", span, now=NOW + 120).slots
    assert max(slot.depth("queued") or 0 for slot in slots) == 40
    assert max(slot.depth("oldest_seconds") or 0 for slot in slots) == 40


def test_of_all_queues_the_sum_and_the_oldest_are_kept(stats):
    stats.sample(snapshot(a={"queued": 2, "oldest_queued_at": NOW - 9}, b={"queued": 3, "error": 1}), workers=4)
    depths = slot_at(stats.series("all", now=NOW), NOW).depths
    assert depths == {"queued": 5, "active": 0, "scheduled": 0, "error": 1, "oldest_seconds": 9, "workers": 4}


# -- flow --


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize(("kind", "name"), [("all", ""), ("queue", "orders")])
def test_what_queues_showed_is_read_back_apart_from_what_was_counted(stats, span, kind, name):
    tally = runs(2)
    tally.flow("orders", NOW, ready=9, taken=7)
    tally.fail("orders", NOW, 0.5)
    tally.fail("orders", NOW, None)
    stats.write(tally)
    series = stats.series(kind, name, span, now=NOW + 1)
    assert slot_at(series, NOW).flow == {"ready": 9, "taken": 7, "errors": 2}
    assert slot_at(series, NOW).counts == {"started": 2, "succeeded": 2}
    assert series.failed_run(0.5) == pytest.approx(0.5, rel=0.26) and sum(series.times[-1].runs.values()) == 2


def test_where_nobody_looked_no_flow_is_known_and_where_somebody_did_it_is_0(stats):
    assert stats.series("queue", "orders", now=NOW).seen("taken") is None
    stats.sample(snapshot(orders={"queued": 2}), workers=1)
    series = stats.series("queue", "orders", SPANS["1h"], now=NOW)
    assert slot_at(series, NOW).seen("taken") == 0 == series.seen("taken")
    assert slot_at(series, NOW - 600).seen("taken") is None


def test_of_functions_no_flow_is_known(stats):
    stats.write(runs(1))
    assert stats.series("function", "app:work", now=NOW).seen("ready") is None


def test_runs_are_unknown_though_errors_came(stats):
    tally = Tally()
    tally.fail("orders", NOW, 1.0)
    stats.write(tally)
    series = stats.series("queue", "orders", now=NOW)
    assert series.total("started") is None and series.seen("errors") == 1 and series.run(0.5) is None


# -- trend --


def test_the_trend_compares_with_an_hour_ago_and_with_yesterday(stats):
    stats.sample(snapshot(NOW - 3660, orders={"error": 30}), workers=1)
    stats.write(runs(4, at=NOW - 600))
    stats.write(runs(9, at=NOW - 86_400 - 600))
    trend = stats.trend(now=NOW)
    assert (trend.runs, trend.runs_before, trend.errors_before) == (4, 9, 30)


def test_the_trend_of_an_empty_redis_is_unknown(stats):
    trend = stats.trend(now=NOW)
    assert (trend.runs, trend.runs_before, trend.errors_before) == (None, None, None)


# -- bounds --


def test_beyond_so_many_names_what_is_counted_goes_under_one(redis_url):
    with contextlib.closing(Engine(redis_url, Settings(max_stats_names=3))) as engine:
        for number in range(6):
            engine.stats.write(runs(2, queue=f"q{number}", function=f"f{number}"))
        assert len(engine.stats.names("queue")) == len(engine.stats.names("function")) == 3
        assert engine.stats.series("other-queues", now=NOW).total("started") == 6
        assert engine.stats.series("all", now=NOW).total("started") == 12


def test_a_name_that_is_too_long_has_no_numbers_of_its_own(stats):
    stats.write(runs(1, queue="q" * 1000))
    assert stats.names("queue") == []
    assert stats.series("other-queues", now=NOW).total("started") == 1


def test_names_that_were_not_in_use_for_90_days_are_forgotten_with_their_sums(stats, engine, raw):
    stats.write(runs(1, queue="old"))
    stats.write(runs(1, queue="new"))
    raw.zadd(engine.store.keys.stats_names("queue"), {"old": NOW - 400 * 86_400})
    stats.prune()
    assert stats.names("queue") == ["new"]
    assert {name for kind, name in stats.totals()[1] if kind == "queue"} == {"new"}


def test_every_key_expires(stats, raw):
    stats.write(runs(3))
    stats.sample(snapshot(orders={"queued": 2}), workers=1)
    assert raw.keys("t:x:stats:*") and all(raw.ttl(key) > 0 for key in raw.keys("*"))
    assert_sound(raw)


def test_the_memory_of_a_queue_depends_on_the_hours_it_works_and_not_on_its_runs(stats, raw):
    """Two hours of full work: however many runs a minute has, its numbers are as many."""
    chance, minutes = random.Random(5), 120
    before = raw.info("memory")["used_memory"]
    for minute in range(minutes):
        tally = Tally()
        for _ in range(40):
            wait, took = chance.lognormvariate(0, 1.5), chance.lognormvariate(-1, 1)
            run(tally, at=NOW + 60 * minute, wait=wait, took=took, ending=chance.choice(ENDINGS))
        stats.write(tally)
    a_name = (raw.info("memory")["used_memory"] - before) / 3
    print(f"{a_name / minutes * 60:,.0f} bytes for an hour of work of one name")
    assert a_name / minutes * 60 < 60_000


# -- hostile and broken --


def test_names_of_any_bytes_keep_their_numbers(stats, raw):
    stats.write(runs(2, queue=HOSTILE_QUEUE, function="\x00<script>\udcff"))
    assert stats.names("queue") == [HOSTILE_QUEUE]
    assert stats.series("queue", HOSTILE_QUEUE, now=NOW).total("started") == 2
    assert stats.series("function", "\x00<script>\udcff", now=NOW).total("started") == 2
    assert stats.totals()[1]["queue", HOSTILE_QUEUE]["started"] == 2


def test_a_key_that_holds_something_else_spoils_only_its_own_numbers(stats, engine, raw):
    key = engine.store.keys.stats("counts", "minutes", int(NOW // 3600), "queue", "orders")
    raw.set(key, "not a hash")
    raw.set(engine.store.keys.stats_totals(), "nor this")
    stats.write(runs(2))
    assert stats.series("queue", "orders", SPANS["1h"], now=NOW).total("started") is None
    assert stats.series("queue", "orders", SPANS["7d"], now=NOW).total("started") == 2
    assert stats.series("all", "", SPANS["1h"], now=NOW).total("started") == 2


@pytest.mark.parametrize("value", ["x", "", "9" * 400, "-3", "1.5", b"\xff"])
@pytest.mark.parametrize("field", ["20s", "999999s", "20", "s", "20w999", "٣s", b"\xff", "20w"])
def test_fields_that_are_not_ours_are_left_out(stats, engine, raw, field, value):
    for family in ("counts", "times", "depths", "flow"):
        for tier, seconds in (("minutes", 3600), ("tens", 3600), ("hours", 21_600)):
            for kind in ("all", "queue"):
                name = "" if kind == "all" else "orders"
                raw.hset(engine.store.keys.stats(family, tier, int(NOW // seconds), kind, name), field, value)
    for span in SPANS.values():
        series = stats.series("queue", "orders", span, now=NOW)
        assert not series.total("succeeded") and not series.seen("taken") and series.wait(0.99) is None
        assert len(series.lines()) <= 92
    assert stats.trend(now=NOW)


def test_while_redis_is_away_a_write_says_so(engine_behind_proxy, proxy):
    proxy.close()
    with pytest.raises(StoreUnavailable):
        engine_behind_proxy.stats.write(runs(1))


def test_all_counters_have_letters_of_their_own():
    assert len(set(COUNTERS.values())) == len(COUNTERS) and len(set(FLOWS.values())) == len(FLOWS)


def test_lines_add_up_to_the_same(stats):
    for minutes in range(0, 1400, 7):
        stats.write(runs(1, at=NOW - 60 * minutes))
    for span in ("24h", "7d", "90d"):
        series = stats.series("all", "", SPANS[span], now=NOW)
        assert sum(slot.count("started") or 0 for slot, _ in series.lines()) == 200
        assert sum(sum(times.runs.values()) for _, times in series.lines()) == 200
