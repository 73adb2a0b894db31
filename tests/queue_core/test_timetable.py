"""What is due when."""

import math
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from queue_core.errors import InvalidRequest
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE

QUIET = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(world, queue, **due):
    for task_id, at in due.items():
        world.put("scheduled", queue, task_id, at)


def ids(due):
    return [place.id for place in due.places]


def test_tasks_of_all_queues_come_in_the_order_in_which_they_are_due(world, engine):
    put(world, "a", a1=10, a2=40)
    put(world, "b", b1=20, b2=30)
    due = engine.timetable.due(["b", "a", "nothing"])
    assert ids(due) == ["a1", "b1", "b2", "a2"] and due.next_cursor is None
    assert [place.queue for place in due.places] == ["a", "b", "b", "a"]


def test_a_stretch_of_time_has_its_beginning_and_not_its_end(world, engine):
    put(world, "a", one=10, two=20, three=30)
    assert ids(engine.timetable.due(["a"], since=10, until=30)) == ["one", "two"]


def test_names_of_any_bytes_are_found(world, engine):
    world.put("scheduled", HOSTILE_QUEUE, HOSTILE_ID, 5.0)
    (place,) = engine.timetable.due([HOSTILE_QUEUE]).places
    assert (place.queue, place.id, place.due_at) == (HOSTILE_QUEUE, HOSTILE_ID, 5.0)


@QUIET
@given(
    tasks=some.lists(some.tuples(some.sampled_from("abc"), some.integers(1, 4)), max_size=30),
    limit=some.integers(1, 7),
)
def test_page_by_page_every_task_comes_once_and_in_order_also_where_many_are_due_at_once(world, engine, tasks, limit):
    world.raw.flushall()
    for number, (queue, at) in enumerate(tasks):
        world.put("scheduled", queue, f"t{number:02}", float(at))
    seen, cursor, more = [], None, True
    while more:
        page = engine.timetable.due(["a", "b", "c"], limit=limit, cursor=cursor)
        seen += [(place.due_at, place.queue, place.id) for place in page.places]
        cursor, more = page.next_cursor, page.next_cursor is not None
    assert seen == sorted((float(at), queue, f"t{number:02}") for number, (queue, at) in enumerate(tasks))


def test_a_page_goes_on_where_it_was_when_tasks_before_it_have_left(world, engine):
    put(world, "a", a1=1, a2=2, a3=3)
    first = engine.timetable.due(["a"], limit=2)
    world.raw.zrem("t:scheduled:a", "a1")
    assert ids(engine.timetable.due(["a"], limit=2, cursor=first.next_cursor)) == ["a3"]


@pytest.mark.parametrize("cursor", ["x", "1:2", "nan:0:61", "1:-1:61", "1:0:zz", "1:99999999999999:61"])
def test_a_cursor_that_is_none_is_refused(engine, cursor):
    with pytest.raises(InvalidRequest):
        engine.timetable.due(["a"], cursor=cursor)


@QUIET
@given(moments=some.lists(some.floats(0, 100), max_size=20), edges=some.sets(some.integers(0, 100), min_size=2))
def test_each_task_between_the_edges_is_counted_once(world, engine, moments, edges):
    world.raw.flushall()
    ends = [float(edge) for edge in sorted(edges)]
    for number, at in enumerate(moments):
        world.put("scheduled", "ab"[number % 2], str(number), at)
    counted = engine.timetable.histogram(["a", "b"], ends)
    assert counted == [sum(low <= at < high for at in moments) for low, high in pairwise(ends)]


def test_what_cannot_be_counted_is_unknown_and_never_none(world, engine):
    put(world, "a", a1=1)
    world.raw.set("t:scheduled:b", "no set")
    assert engine.timetable.histogram(["a", "b"], [0.0, 5.0, 9.0]) == [None, None]
    assert ids(engine.timetable.due(["a", "b"])) == ["a1"]
    assert engine.timetable.histogram([], [0.0, 5.0]) == [0]


def test_odd_scores_do_no_harm(world, engine):
    put(world, "a", a1=math.inf, a2=-math.inf, a3=3)
    assert ids(engine.timetable.due(["a"])) == ["a2", "a3", "a1"]
    first = engine.timetable.due(["a"], limit=1)
    assert ids(engine.timetable.due(["a"], limit=5, cursor=first.next_cursor)) == ["a3", "a1"]
