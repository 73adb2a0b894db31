"""Tracebacks as markup."""

import html
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from console import tracebacks
from console.presenters import visible

FRAME = '  File "/srv/a.py", line {}, in f\n    call()\n'


def test_a_traceback_is_escaped_and_coloured_by_classes_alone():
    markup = tracebacks.drawn("Traceback (most recent call last):\nValueError: <script>alert(1)</script>\n").markup
    assert "<script" not in markup
    assert "style=" not in markup
    assert 'class="gr"' in markup


def test_the_middle_of_many_frames_is_left_out_and_the_newest_stay():
    text = "Traceback (most recent call last):\n" + "".join(FRAME.format(n) for n in range(150)) + "ValueError: x\n"
    short, whole = tracebacks.drawn(text), tracebacks.drawn(text, whole=True)
    assert short.cut and not whole.cut
    assert "50 frames left out" in short.markup
    assert ">149<" in short.markup and ">45<" not in short.markup and ">45<" in whole.markup


def test_a_traceback_of_one_endless_line_is_cut():
    short = tracebacks.drawn("ValueError: " + "x" * 100_000)
    assert short.cut
    assert len(short.markup) < 25_000


def test_no_traceback_is_none():
    assert tracebacks.drawn(None) is None
    assert tracebacks.drawn("") is None


LIBRARY = '  File "/usr/lib/python3.11/site-packages/requests/api.py", line {}, in get\n    send()\n    ^^^^^^\n'
HEAD, END = "Traceback (most recent call last):\n", "requests.ConnectionError: refused\n"


def plain(markup):
    return re.sub(r"<[^>]+>", "", str(markup))


def test_frames_of_libraries_are_marked_and_counted_and_the_applications_are_not():
    text = HEAD + FRAME.format(1) + LIBRARY.format(2) + LIBRARY.format(3) + FRAME.format(4) + LIBRARY.format(5) + END
    found = tracebacks.drawn(text)
    assert found.folded == 3
    assert found.markup.count('class="of-library"') == 2
    assert "2 frames of libraries" in found.markup and "1 frame of a library" in found.markup
    clean = re.sub(r'<span class="folded">.*?</span>', "", str(found.markup), flags=re.DOTALL)
    assert html.unescape(plain(clean)) == text


def test_a_traceback_of_libraries_alone_is_not_folded():
    found = tracebacks.drawn(HEAD + LIBRARY.format(2) + END)
    assert found.folded == 0 and "library" not in found.markup


def test_the_line_of_the_exception_and_chained_ones_are_nobodys():
    chained = "\nDuring handling of the above exception, another exception occurred:\n\n"
    text = HEAD + FRAME.format(1) + LIBRARY.format(2) + END + chained + HEAD + LIBRARY.format(3) + FRAME.format(4) + END
    found = tracebacks.drawn(text)
    shown = re.sub(r'<span class="of-library">.*?\n</span>', "", str(found.markup), flags=re.DOTALL)
    assert plain(shown).count("ConnectionError") == 2 and "During handling" in plain(shown)


FRAMES = st.sampled_from(
    [FRAME.format(1), LIBRARY.format(2), END, "\n", "    x = '<b>'\n", "  [Previous line repeated 9 more times]\n"]
)


@settings(deadline=None)
@given(st.lists(FRAMES | st.text(max_size=30), max_size=30).map("".join))
def test_folding_neither_loses_nor_changes_a_character(text):
    found = tracebacks.drawn(HEAD + text, whole=True)
    clean = re.sub(r'<span class="folded">.*?</span>', "", str(found.markup), flags=re.DOTALL)
    assert html.unescape(plain(clean)).rstrip("\n") == visible(HEAD + text).rstrip("\n")
