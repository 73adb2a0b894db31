"""Tracebacks as markup."""

from console import tracebacks

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
