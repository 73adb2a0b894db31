"""Which part of a list a page shows, in words."""

import pytest

from console.paging import Pager, extent


@pytest.mark.parametrize(
    ("first", "last", "total", "words"),
    [
        (0, 0, 0, "No task here"),
        (0, 0, 7, "No task here"),
        (1, 1, 1, "1 task"),
        (1, 1, None, "1 task"),
        (1, 50, None, "1\u201350 tasks"),
        (1, 50, 120, "1\u201350 of 120 tasks"),
        (51, 51, 51, "Task 51 of 51"),
        (1, 2, 2, "1\u20132 of 2 tasks"),
    ],
)
def test_one_task_is_no_range(first, last, total, words):
    assert extent(Pager(first, last, total, None, None, None), "task") == words
