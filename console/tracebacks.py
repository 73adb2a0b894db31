"""Tracebacks as markup: coloured by classes, frames of libraries marked, long ones cut in the middle.  Pure."""

import re
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonTracebackLexer

from console.presenters import plural, visible
from queue_core import is_library

MAX_FRAMES = 100
MAX_CHARACTERS = 20_000
FIRST_FRAMES = 20
MAX_COLOURED_CHARACTERS = 200_000

_FRAME = '  File "'
_PATH = re.compile(r'  File "([^"]*)"')
_LEFT_OUT = "    # … {} left out …"


@dataclass(frozen=True)
class Traceback:
    """markup: safe to print inside <pre>; cut: whether something was left out.

    folded: how many frames of libraries stand in elements of the class `of-library`, each run of them behind one of the
    class `folded` that tells how many they are.  0 when there are none, and when there is nothing else."""

    markup: Markup
    cut: bool
    folded: int = 0


def drawn(text: str | None, *, whole: bool = False) -> Traceback | None:
    """The traceback for the page: all of it when `whole`, else at most 100 frames and 20 kB."""
    if not text:
        return None
    text = visible(text)
    short = text if whole else _without_middle_characters(_without_middle_frames(text))
    markup, folded = _folded(short, _coloured(short))
    return Traceback(markup, cut=short != text, folded=folded)


def _without_middle_frames(text):
    lines = text.splitlines(keepends=True)
    frames = [at for at, line in enumerate(lines) if line.startswith(_FRAME)]
    left_out = len(frames) - MAX_FRAMES
    if left_out <= 0:
        return text
    start, end = frames[FIRST_FRAMES], frames[FIRST_FRAMES + left_out]
    return "".join([*lines[:start], _LEFT_OUT.format(f"{left_out} frames") + "\n", *lines[end:]])


def _without_middle_characters(text):
    left_out = len(text) - MAX_CHARACTERS
    if left_out <= 0:
        return text
    head = MAX_CHARACTERS // 5
    return f"{text[:head]}\n{_LEFT_OUT.format(f'{left_out} characters')}\n{text[head + left_out :]}"


def _coloured(text):
    if len(text) > MAX_COLOURED_CHARACTERS:
        return escape(text)
    return Markup(highlight(text, PythonTracebackLexer(stripnl=False), HtmlFormatter(nowrap=True)))


def _folded(text, markup):
    """(markup with the frames of libraries in elements of their own, how many frames)."""
    lines, drawn_lines = text.split("\n"), markup.split("\n")
    owners = list(_owners(lines))
    # the colours end with each line, so lines can be put together anew
    if "application" not in owners or "library" not in owners or len(drawn_lines) < len(lines):
        return markup, 0
    parts, at, folded = [], 0, 0
    for owner, run in groupby(owners):
        count = len(list(run))
        ends = "\n" if at + count < len(lines) else ""
        drawn_run = Markup("\n").join(map(Markup, drawn_lines[at : at + count])) + ends
        frames = sum(line.startswith(_FRAME) for line in lines[at : at + count])
        parts.append(_library(drawn_run, frames) if owner == "library" else drawn_run)
        folded += frames if owner == "library" else 0
        at += count
    return Markup("").join(parts), folded


def _library(markup, frames):
    words = plural(frames, "frame of a library", "frames of libraries")
    return Markup('<span class="folded">    … {}\n</span><span class="of-library">{}</span>').format(words, markup)


def _owners(lines):
    """For each line whose it is: a frame of the `application`, of a `library`, or `nobody`."""
    owner = "nobody"
    for line in lines:
        if found := _PATH.match(line):
            owner = "library" if is_library(found[1]) else "application"
        elif not line.startswith("  ") or line.startswith(_LEFT_OUT[:7]):
            owner = "nobody"
        yield owner
