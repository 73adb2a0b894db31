"""When scheduled tasks are due, as bars."""

import math

from hypothesis import given
from hypothesis import strategies as some

from console.timeline import BARS, HEIGHT, WINDOWS, drawn, edges

ALL = (-math.inf, math.inf)


def test_the_edges_reach_from_now_to_the_end_of_the_window():
    for window, (seconds, _) in WINDOWS.items():
        ends = edges(1000.7, window)
        assert (ends[0], len(ends)) == (1000.0, BARS + 1)
        assert abs(ends[-1] - 1000.7 - seconds) <= 1


def test_the_highest_bar_fills_the_height_and_a_single_task_can_be_seen():
    line = drawn([0.0, 1.0, 2.0, 3.0], [0, 1, 100_000], ALL)
    assert [bar.height for bar in line.bars] == [0, 2, HEIGHT]
    assert (line.most, line.total) == (100_000, 100_001)


def test_the_stretch_of_the_list_is_marked():
    line = drawn([0.0, 10.0, 20.0, 30.0], [1, 1, 1], (10.0, 20.0))
    assert [bar.chosen for bar in line.bars] == [False, True, False]


def test_an_unknown_count_makes_the_line_unknown():
    line = drawn([0.0, 1.0], [None], ALL)
    assert not line.known
    assert line.bars[0].words == "unknown"


@given(some.lists(some.none() | some.integers(0, 10**9), min_size=1, max_size=BARS))
def test_no_bar_leaves_the_picture(counts):
    line = drawn([float(at) for at in range(len(counts) + 1)], counts, ALL)
    assert all(0 <= bar.y <= HEIGHT and bar.y + bar.height == HEIGHT for bar in line.bars)
    assert all((bar.height > 0) == bool(bar.count) for bar in line.bars)
