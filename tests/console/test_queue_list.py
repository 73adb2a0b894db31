"""All queues as one list."""

import math

from hypothesis import given, settings
from hypothesis import strategies as some

from console.queue_list import KINDS, ROWS, SORTS, Choice, listed
from tests.console.shots import shot_of

NOW = 10_000.0


def names(shot, **choice):
    return [row.queue for row in listed(shot, NOW, Choice(**choice)).rows]


def test_trouble_stands_first():
    shot = shot_of(
        calm={"queued": 1, "oldest_queued_at": NOW - 1},
        waits={"queued": 1, "oldest_queued_at": NOW - 900},
        failed={"error": 2},
        worse={"error": 3},
        held={"queued": 1, "oldest_queued_at": NOW, "paused_until": math.inf},
        broken={"error": None},
    )
    assert names(shot) == ["broken", "worse", "failed", "held", "waits", "calm"]


def test_a_column_sorts_from_its_own_end_and_turned_from_the_other():
    shot = shot_of(a={"queued": 2}, b={"queued": 7}, c={"queued": 5})
    assert names(shot, sort="queued") == ["b", "c", "a"]
    assert names(shot, sort="queued", turned=True) == ["a", "c", "b"]
    assert names(shot, sort="name", turned=True) == ["c", "b", "a"]


def test_who_has_no_such_moment_stands_last_whichever_way_round():
    shot = shot_of(none={}, old={"oldest_queued_at": 1.0}, young={"oldest_queued_at": 9.0})
    assert names(shot, sort="oldest") == ["old", "young", "none"]
    assert names(shot, sort="oldest", turned=True) == ["young", "old", "none"]


def test_a_count_that_is_unknown_is_neither_hidden_nor_taken_for_none():
    shot = shot_of(empty={}, unknown={"error": None}, failed={"error": 1})
    assert names(shot, kind="errors") == ["unknown", "failed"]


def test_the_list_has_pages_and_a_page_past_the_end_is_the_last():
    shot = shot_of(**{f"q{number:04}": {} for number in range(ROWS + 5)})
    assert len(names(shot, sort="name")) == ROWS
    last = listed(shot, NOW, Choice(sort="name", page=99))
    assert (last.page, last.pages, last.first, len(last.rows)) == (2, 2, ROWS + 1, 5)


def test_odd_parameters_mean_the_list_as_it_is():
    assert Choice.of(_Arguments(sort="__class__", only="x", page="-3")) == Choice()
    assert Choice.of(_Arguments(page="two")) == Choice()


COUNTS = some.none() | some.integers(0, 3)
MOMENTS = some.none() | some.floats(0, 20_000)
QUEUE = some.fixed_dictionaries(
    {"error": COUNTS, "queued": COUNTS, "scheduled": COUNTS, "active": COUNTS}
    | {"oldest_queued_at": MOMENTS, "newest_error_at": MOMENTS, "next_due_at": MOMENTS, "paused_until": MOMENTS}
)


@settings(deadline=None)
@given(
    queues=some.dictionaries(some.text("abcdef", min_size=1, max_size=4), QUEUE, max_size=8),
    sort=some.sampled_from(SORTS),
    kind=some.sampled_from(["", *KINDS]),
    turned=some.booleans(),
)
def test_whatever_the_counts_are_every_sort_lists_each_queue_that_fits_once(queues, sort, kind, turned):
    shot = shot_of(**queues)
    found = listed(shot, NOW, Choice(kind=kind, sort=sort, turned=turned))
    assert found.found == len(found.rows) == len({row.queue for row in found.rows})
    assert found.found == ({word: count for word, _, count in found.kinds}[kind] if kind else len(queues))


class _Arguments(dict):
    def get(self, name, default=None, type=str):
        try:
            return type(self[name])
        except (KeyError, ValueError):
            return default
