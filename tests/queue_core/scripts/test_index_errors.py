import pytest

from tests.checker import assert_sound

REFUSALS = []
HOUR = 490_000
AT = HOUR * 3600.0
FACTS = '{"exception": "E", "title": "E", "culprit": "", "grouped": true}'


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id, score=AT)
    return values(queue, failures=[task_id, AT, "app:work", "host-1"])


def values(queue="orders", **more):
    return {
        "group_id": "1-x", "queue": queue, "facts": FACTS, "first_hour": HOUR - 168, "last_hour": HOUR,
        "read_since": AT - 100, "most_tasks": 10, "most_read": 10, "keep_seconds": 100, "read_seconds": 50,
    } | more  # fmt: skip


def group(world):
    return world.dump()["t:x:errors:group:1-x"]


def test_a_failure_is_counted_by_hour_function_queue_and_host(world):
    assert world.run("index_errors", **sample(world)) == 1
    assert group(world) == {
        "seen": "1", "function:app:work": "1", "queue:orders": "1", "host:host-1": "1", f"hour:{HOUR}": "1",
        "names:function": "1", "names:queue": "1", "names:host": "1", "first_at": "1764000000.0", "facts": FACTS,
    }  # fmt: skip
    assert world.dump()["t:x:errors:tasks:1-x"] == {"6:ordersa": AT}
    assert world.dump()["t:x:errors:read:orders"] == {"a": AT}
    assert world.dump()["t:x:errors:groups"] == {"1-x": AT}
    assert_sound(world.raw)


def test_the_same_failure_counts_once_and_a_later_one_of_that_task_again(world):
    call = sample(world)
    world.run("index_errors", **call)
    before = world.dump()
    assert world.run("index_errors", **call) == 0
    assert world.dump() == before
    assert world.run("index_errors", **values(failures=["a", AT + 5, "app:work", "host-1"])) == 1
    assert group(world)["seen"] == "2"
    assert world.dump()["t:x:errors:tasks:1-x"] == {"6:ordersa": AT + 5}


@pytest.mark.parametrize("forgotten", ["t:x:errors:read:orders", "t:x:errors:tasks:1-x"])
def test_one_of_two_memories_is_enough_to_count_once(world, forgotten):
    call = sample(world)
    world.run("index_errors", **call)
    world.raw.delete(forgotten)
    assert world.run("index_errors", **call) == 0


def test_two_queues_with_one_id_are_two_tasks(world):
    world.run("index_errors", **values("a", failures=["1:b", AT, "f", "h"]))
    world.run("index_errors", **values("a1", failures=[":b", AT, "f", "h"]))
    assert len(world.dump()["t:x:errors:tasks:1-x"]) == 2


def test_only_the_newest_tasks_stay_known_and_all_are_counted(world):
    failures = [part for number in range(15) for part in (f"{number:02}", AT + number, "f", "h")]
    assert world.run("index_errors", **values(failures=failures)) == 15
    assert list(world.dump()["t:x:errors:tasks:1-x"]) == [f"6:orders{number:02}" for number in range(5, 15)]
    assert len(world.dump()["t:x:errors:read:orders"]) == 10
    assert group(world)["seen"] == "15"


def test_more_than_twenty_names_of_a_kind_are_counted_together(world):
    failures = [part for number in range(25) for part in (f"{number}", AT, f"f{number}", "h")]
    world.run("index_errors", **values(failures=failures))
    named = [name for name in group(world) if name.startswith("function:")]
    assert len(named) == 20 and group(world)["more:function"] == "5"


@pytest.mark.parametrize("at", [1.0, AT - 169 * 3600, AT + 3600, 1e18])
def test_what_failed_outside_the_week_has_no_hour(world, at):
    world.run("index_errors", **values(failures=["a", at, "f", "h"]))
    assert not [name for name in group(world) if name.startswith("hour:")]


def test_what_was_read_long_ago_is_forgotten(world):
    world.run("index_errors", **sample(world))
    world.run("index_errors", **values(read_since=AT + 1, failures=["b", AT + 2, "f", "h"]))
    assert world.dump()["t:x:errors:read:orders"] == {"b": AT + 2}


def test_an_older_failure_leaves_the_newest_moment_and_moves_the_first(world):
    world.run("index_errors", **sample(world))
    world.run("index_errors", **values(failures=["b", AT - 50, "f", "h"]))
    assert world.dump()["t:x:errors:groups"] == {"1-x": AT}
    assert group(world)["first_at"] == "1763999950.0"


def test_two_hundred_at_once_are_quick(world):
    failures = [part for number in range(200) for part in (f"{number:064}", AT, f"app.tasks:f{number % 30}", "h")]
    world.raw.config_set("slowlog-log-slower-than", 10_000)
    world.raw.slowlog_reset()
    for start in range(5):
        world.run("index_errors", **values(failures=[*failures[:2], "f", "h", *failures[4:]], group_id=f"1-{start}"))
    assert world.raw.slowlog_len() == 0
