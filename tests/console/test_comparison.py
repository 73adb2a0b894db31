"""Two runs of one task beside each other."""

import time
from types import SimpleNamespace

from console.comparison import MAX_LINES, Line, compared


def runs(*tracebacks):
    """Newest first, as they are read."""
    return [SimpleNamespace(number=number, traceback=each) for number, each in enumerate(tracebacks, 1)][::-1]


def test_what_differs_stands_between_what_is_the_same():
    found = compared(runs("File a\nFile b\nKeyError", "File a\nFile c\nKeyError"), 2)
    assert (found.number, found.before) == (2, 1)
    assert found.lines == (
        Line("same", "  File a"),
        Line("gone", "- File b"),
        Line("new", "+ File c"),
        Line("same", "  KeyError"),
    )


def test_long_parts_that_are_the_same_are_left_out():
    frames = "\n".join(f"File {number}" for number in range(20))
    found = compared(runs(f"{frames}\nKeyError: 1", f"{frames}\nKeyError: 2"), 2)
    assert Line("left-out", "… 14 lines are the same") in found.lines
    assert len(found.lines) == 9


def test_the_same_traceback_twice_has_no_lines():
    assert compared(runs("KeyError", "KeyError"), 2).lines == ()


def test_the_first_run_and_one_that_is_not_kept_are_compared_with_nothing():
    assert compared(runs("a"), 1) is None
    assert compared(runs("a", "b"), 9) is None
    assert compared(runs("a", "b"), None) is None


def test_a_run_without_a_traceback_cannot_be_compared():
    assert compared(runs(None, "b"), 2).missing


def test_hostile_tracebacks_are_compared_in_bounded_time_and_made_visible():
    started = time.process_time()
    found = compared(runs("\x1b[31m\n" * 50_000, "x\n" * 50_000 + "\u202e"), 2)
    assert time.process_time() - started < 3
    assert found.cut and len(found.lines) <= 2 * MAX_LINES
    assert not any("\x1b" in line.text or "\u202e" in line.text for line in found.lines)
