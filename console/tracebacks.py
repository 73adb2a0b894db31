"""Tracebacks as markup: coloured by classes, long ones cut in the middle.  Pure."""

from dataclasses import dataclass

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonTracebackLexer

from console.presenters import visible

MAX_FRAMES = 100
MAX_CHARACTERS = 20_000
FIRST_FRAMES = 20
MAX_COLOURED_CHARACTERS = 200_000

_FRAME = '  File "'


@dataclass(frozen=True)
class Traceback:
    """markup: safe to print inside <pre>; cut: whether something was left out."""

    markup: Markup
    cut: bool


def drawn(text: str | None, *, whole: bool = False) -> Traceback | None:
    """The traceback for the page: all of it when `whole`, else at most 100 frames and 20 kB."""
    if not text:
        return None
    text = visible(text)
    short = text if whole else _without_middle_characters(_without_middle_frames(text))
    return Traceback(_coloured(short), cut=short != text)


def _without_middle_frames(text):
    lines = text.splitlines(keepends=True)
    frames = [at for at, line in enumerate(lines) if line.startswith(_FRAME)]
    left_out = len(frames) - MAX_FRAMES
    if left_out <= 0:
        return text
    start, end = frames[FIRST_FRAMES], frames[FIRST_FRAMES + left_out]
    return "".join([*lines[:start], f"    # … {left_out} frames left out …\n", *lines[end:]])


def _without_middle_characters(text):
    left_out = len(text) - MAX_CHARACTERS
    if left_out <= 0:
        return text
    head = MAX_CHARACTERS // 5
    return f"{text[:head]}\n    # … {left_out} characters left out …\n{text[head + left_out :]}"


def _coloured(text):
    if len(text) > MAX_COLOURED_CHARACTERS:
        return escape(text)
    return Markup(highlight(text, PythonTracebackLexer(stripnl=False), HtmlFormatter(nowrap=True)))
