"""Two runs of one task beside each other: what their tracebacks have in common, and what not.  Pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from console.presenters import visible

MAX_LINES = 300
MAX_LINE_CHARACTERS = 500
CONTEXT_LINES = 3

SAME, GONE, NEW, LEFT_OUT = "same", "gone", "new", "left-out"
SIGNS = {SAME: " ", GONE: "-", NEW: "+", LEFT_OUT: "…"}


@dataclass(frozen=True)
class Line:
    """kind: same | gone | new | left-out.  text: for people, with its sign in front."""

    kind: str
    text: str


@dataclass(frozen=True)
class Comparison:
    """A failed run and the one before it.  lines: none when both tracebacks are the same.  cut: only the ends of them
    were compared.  missing: a traceback is lacking, so nothing can be compared."""

    number: int
    before: int
    lines: tuple[Line, ...] = ()
    cut: bool = False
    missing: bool = False


def compared(executions, number: int | None) -> Comparison | None:
    """The run of this number compared with the one before it; None when either is not among `executions`."""
    by_number = {each.number: each for each in executions}
    run, before = by_number.get(number), by_number.get((number or 0) - 1)
    if run is None or before is None:
        return None
    if not run.traceback or not before.traceback:
        return Comparison(run.number, before.number, missing=True)
    old, new = _lines(before.traceback), _lines(run.traceback)
    # an exception is told at the end, so that is what stays of a long one
    lines = () if old == new else tuple(_difference(old[-MAX_LINES:], new[-MAX_LINES:]))
    return Comparison(run.number, before.number, lines, cut=max(len(old), len(new)) > MAX_LINES)


def _lines(text):
    return [line[:MAX_LINE_CHARACTERS] for line in visible(text).split("\n")]


def _difference(old, new):
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(a=old, b=new).get_opcodes():
        if tag == "equal":
            yield from _context(old[old_from:old_to])
        yield from (_line(GONE, text) for text in old[old_from:old_to] if tag != "equal")
        yield from (_line(NEW, text) for text in new[new_from:new_to] if tag != "equal")


def _context(lines):
    left_out = len(lines) - 2 * CONTEXT_LINES
    if left_out <= 1:
        return [_line(SAME, text) for text in lines]
    ends = lines[:CONTEXT_LINES], lines[-CONTEXT_LINES:]
    first, last = ([_line(SAME, text) for text in end] for end in ends)
    return [*first, _line(LEFT_OUT, f"{left_out} lines are the same"), *last]


def _line(kind, text):
    return Line(kind, f"{SIGNS[kind]} {text}")
