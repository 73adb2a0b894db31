"""The index of error groups: each failure counted once, whoever left it there, and whatever happens meanwhile."""

import time

import pytest
from structlog.testing import capture_logs

from queue_core import Engine, Settings
from queue_core.duties import Duties
from queue_core.error_index import ErrorIndex
from queue_core.errors import StoreUnavailable
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.queue_core.failures import fail, fail_many
from tests.slowness import assert_never_slow

NOW = time.time()


@pytest.fixture
def read(engine):
    """Reads all that is new, as a sweeper does; gives the groups as the pages see them, by title."""
    index = ErrorIndex(engine.store)

    def reading(by=None):
        index = by or reading.index
        drain(engine, index)
        return {group.title: group for group in engine.error_groups.summary().groups}

    reading.index = index
    return reading


def drain(engine, index):
    counts = engine.snapshot.count().queues
    waiting = index.begin({queue: (one.error, one.newest_error_at) for queue, one in counts.items() if one.error})
    while waiting:
        waiting = [queue for queue in waiting if index.read(queue)]
    list(index.summarise())


def look_back(index):
    """The time for a second look has come."""
    for queue in list(index._look_back_at):
        index._look_back_at[queue] = 0.0


def test_errors_of_three_causes_in_many_queues_are_three_groups(world, read):
    fail_many(world, 60, queues=4)
    groups = read()
    assert set(groups) == {f"Error{kind}: refused order <n>" for kind in range(3)}
    one = groups["Error0: refused order <n>"]
    assert (one.tasks, one.seen, one.first_at) == (20, 20, 100.0)
    assert one.functions == (("shop.tasks:work0", 20),) and len(one.queues) == 4
    assert one.hosts == (("w1", 20),) and one.culprit.startswith("billing/tasks.py:")
    assert_sound(world.raw)


def test_nothing_is_written_where_nothing_has_failed(world, engine):
    world.put("queued")
    before = world.dump()
    drain(engine, ErrorIndex(engine.store))
    assert world.dump() == before


def test_what_is_read_again_counts_once_also_by_another_process(world, read, engine):
    fail_many(world, 30)
    read()
    look_back(read.index)
    read()
    groups = read(by=ErrorIndex(engine.store))
    world.raw.delete("t:x:errors:index")
    groups = read(by=ErrorIndex(engine.store))
    assert [group.seen for group in groups.values()] == [10, 10, 10]


def test_a_failure_of_a_worker_whose_clock_is_behind_is_found_on_the_second_look(world, read):
    fail(world, "a", at=NOW)
    read()
    fail(world, "late", at=NOW - 30)
    read()
    look_back(read.index)
    (group,) = read().values()
    assert (group.seen, group.first_at) == (2, pytest.approx(NOW - 30))


def test_many_failures_of_one_moment_are_all_read(world, read):
    fail_many(world, 1000, step=0)
    assert sum(group.seen for group in read().values()) == 1000


def test_a_task_that_fails_again_counts_twice_and_is_one_task(world, read):
    fail(world, at=NOW - 20)
    read()
    fail(world, at=NOW - 10)
    (group,) = read().values()
    assert (group.tasks, group.seen) == (1, 2)


def test_a_task_that_fails_of_another_cause_changes_its_group(world, read, engine):
    fail(world, at=NOW - 20)
    read()
    fail(world, at=NOW - 10, message="another thing")
    read()
    list(Duties(engine).check_error_groups())
    groups = read()
    assert {title: (group.tasks, group.seen) for title, group in groups.items()} == {
        "GatewayDown: refused order <n>": (0, 1),
        "GatewayDown: another thing": (1, 1),
    }


def test_who_left_error_by_whatever_way_leaves_the_group_and_stays_counted(world, read, engine):
    fail_many(world, 450, kinds=1)
    read()
    gone = [f"{number:064x}" for number in range(0, 450, 2)]
    world.raw.zrem("t:error:q0", *gone)
    list(Duties(engine).check_error_groups())
    (group,) = read().values()
    assert (group.tasks, group.seen) == (225, 450)
    assert group.checked_at == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize(
    ("record", "title"),
    [
        ({"traceback": None}, "GatewayDown"),
        ({"traceback": "out of memory"}, "GatewayDown"),
        ({"time_failed": 1.0}, "died without a traceback"),
    ],
)
def test_failures_without_a_usable_traceback_have_a_group_of_their_own(world, read, record, title):
    fail(world, at=NOW, **record)
    (group,) = read().values()
    assert group.title == title and not group.grouped


def test_a_task_without_any_record_of_a_run_has_a_group_of_its_own(world, read):
    world.put("error")
    assert set(read()) == {"left no record of the failure"}


@pytest.mark.parametrize("spoil", ["payload", "executions"])
def test_keys_of_wrong_types_stop_nobody(world, read, spoil):
    fail(world, "a", at=100.0)
    fail(world, "b", at=101.0)
    key = getattr(world.keys, spoil)("a")
    world.raw.delete(key)
    world.raw.hset(key, "some", "thing")
    assert sum(group.seen for group in read().values()) == 2


def test_hostile_names_are_kept_as_they_are(world, read, engine):
    fail(world, HOSTILE_ID, HOSTILE_QUEUE, func="\udcff<script>", host="\x00")
    (group,) = read().values()
    assert engine.error_groups.tasks(group.id).tasks == [(HOSTILE_QUEUE, HOSTILE_ID, 100.0)]
    assert group.queues == ((HOSTILE_QUEUE, 1),)


@pytest.mark.parametrize("at", [float("inf"), 1e300, 4e9])
def test_a_failure_from_the_future_does_not_stop_those_of_today(world, read, at):
    fail(world, "odd", at=NOW)
    world.raw.zadd("t:error:orders", {"odd": at})
    read()
    fail(world, "today", at=NOW)
    assert [group.tasks for group in read().values()] == [1]


def test_a_queue_that_cannot_be_read_does_not_keep_the_others(world, engine):
    fail(world, queue="good", at=100.0)
    world.raw.set("t:error:bad", "text")
    world.raw.sadd("t:error", "bad")
    engine.snapshot.take()
    with capture_logs() as lines:
        list(Duties(engine).index_errors())
    assert [(line["event"], line["queue"]) for line in lines] == [("queue cannot be read", "bad")]
    assert len(engine.error_groups.summary().groups) == 1


def test_caps_hold_for_tasks_and_for_groups(world, redis_url):
    engine = Engine(redis_url, Settings(max_error_groups=3, max_error_group_tasks=5))
    fail_many(world, 40, kinds=1)
    for number, word in enumerate(("one", "two", "three", "four")):
        fail(world, word, at=1000.0 + number, message=f"only {word}")
    index = ErrorIndex(engine.store)
    drain(engine, index)
    drain(engine, index)
    groups = engine.error_groups.summary().groups
    assert [group.title.split()[-1] for group in groups] == ["four", "three", "two"]
    assert_sound(world.raw)
    engine.close()


def test_the_newest_tasks_of_a_large_group_are_known_and_all_counted(world, redis_url):
    engine = Engine(redis_url, Settings(max_error_group_tasks=5))
    fail_many(world, 40, kinds=1)
    drain(engine, ErrorIndex(engine.store))
    (group,) = engine.error_groups.summary().groups
    assert (group.tasks, group.seen) == (5, 40)
    assert engine.error_groups.tasks(group.id).tasks[0][1] == f"{39:064x}"
    engine.close()


def test_the_place_of_a_queue_without_errors_is_forgotten(world, read):
    fail(world)
    read()
    world.raw.delete("t:error:orders", "t:error")
    read()
    assert "t:x:errors:index" not in world.dump()


def test_what_is_still_to_be_read_is_told(world, engine):
    fail_many(world, 500, kinds=1)
    index = ErrorIndex(engine.store)
    counts = engine.snapshot.count().queues
    (queue,) = index.begin({queue: (one.error, 1.0) for queue, one in counts.items()})
    assert index.read(queue)
    list(index.summarise())
    summary = engine.error_groups.summary()
    assert summary.remaining == 300 and summary.groups[0].seen == 200


def test_when_redis_goes_away_in_the_middle_nothing_is_counted_twice(world, engine_behind_proxy, proxy, read):
    fail_many(world, 250, kinds=1)
    index = ErrorIndex(engine_behind_proxy.store)
    (queue,) = index.begin({"q0": (250, 1.0)})
    assert index.read(queue)
    proxy.cut_after(200)
    with pytest.raises(StoreUnavailable):
        index.read(queue)
    (group,) = read(by=index).values()
    assert group.seen == 250


def test_thousands_of_errors_in_twelve_queues_are_read_and_redis_is_never_held_up(world, engine):
    fail_many(world, 6000, queues=12)

    def index_all():
        world.raw.delete(*world.raw.keys("t:x:errors:*"))
        drain(engine, ErrorIndex(engine.store))
        list(Duties(engine).check_error_groups())

    fail(world)
    drain(engine, ErrorIndex(engine.store))
    assert_never_slow(world.raw, index_all)
    assert sorted(group.seen for group in engine.error_groups.summary().groups) == [1, 2000, 2000, 2000]
