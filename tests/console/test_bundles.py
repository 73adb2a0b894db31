"""Error groups put together by function, exception or queue."""

from hypothesis import given
from hypothesis import strategies as st

from console.bundles import bundles
from queue_core.error_group import ErrorGroup, hour_of

NOW = 1_795_000_000.0


def group(name="a", exception="KeyError", tasks=10, seen=20, functions=(), queues=(), lately=4):
    hours = {hour_of(NOW): lately}
    return ErrorGroup(name, exception, exception, "", True, tasks, seen, 1.0, 2.0, hours, functions, queues)


def test_by_exception_the_numbers_are_exact():
    (one,) = bundles([group("a"), group("b", tasks=5)], "exception", 24, NOW)
    assert (one.name, one.tasks, one.counted, one.groups, one.about) == ("KeyError", 15, 8, 2, False)


def test_a_cause_of_one_function_is_counted_whole():
    (one,) = bundles([group(functions=(("app:work", 20),))], "function", 24, NOW)
    assert (one.name, one.tasks, one.counted, one.about) == ("app:work", 10, 4, False)


def test_a_cause_of_several_queues_is_shared_out_and_says_so():
    found = bundles([group(queues=(("mail", 15), ("shop", 5)))], "queue", 24, NOW)
    assert [(one.name, one.tasks, one.counted, one.about) for one in found] == [
        ("mail", 8, 3, True),
        ("shop", 2, 1, True),
    ]


def test_what_is_not_known_by_name_is_not_left_out():
    found = bundles([group(seen=40, functions=(("app:work", 20),))], "function", 24, NOW)
    assert [(one.name, one.tasks) for one in found] == [("app:work", 5), ("others, not known by name", 5)]


@given(st.lists(st.tuples(st.integers(0, 1000), st.lists(st.integers(1, 50), max_size=5)), max_size=8))
def test_about_as_many_are_in_error_as_before(rows):
    groups = [
        group(str(number), tasks=tasks, seen=sum(counts), queues=tuple((f"q{n}", c) for n, c in enumerate(counts)))
        for number, (tasks, counts) in enumerate(rows)
    ]
    found = bundles(groups, "queue", 24, NOW)
    assert abs(sum(one.tasks for one in found) - sum(tasks for tasks, _ in rows)) <= len(found)
