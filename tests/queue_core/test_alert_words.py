"""Words in alerts: what comes from Redis does no harm, and counts and times can be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core.alert_words import duration, moment, plain, plural
from queue_core.masking import Masking

MASKING = Masking()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("\x1b[31mred\x00", "?[31mred?"),
        ("\u202egnp.exe", "?gnp.exe"),
        ("\udcff", "\ufffd"),
        ("password=hunter2", "password=[hidden]"),
        ("https://ann:hunter2@host/x", "https://[hidden]@\u200bhost/x"),
    ],
)
def test_text_of_redis_is_one_line_without_secrets(text, expected):
    assert plain(text, MASKING) == expected


@pytest.mark.parametrize("text", ["<!channel>", "<@U123>", "@all", "@here", "[news](http://x)", "![](http://x)"])
def test_nobody_is_mentioned_and_no_link_hides_where_it_leads(text):
    found = plain(text, MASKING)
    assert "<" not in found and "](" not in found and "@all" not in found and "@here" not in found


def test_a_secret_at_the_end_is_not_cut_into_something_else():
    text = "x" * 290 + " password=correct-horse-battery-staple"
    assert "correct" not in plain(text, MASKING, 300) and len(plain(text, MASKING, 300)) <= 300


@settings(deadline=None)
@given(st.text(max_size=500), st.integers(1, 400))
def test_whatever_it_is_it_is_short_and_can_be_printed(text, limit):
    found = plain(text, MASKING, limit)
    assert len(found) <= limit and found.replace("\u200b", "").isprintable()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3600, "1 h"), (12_000, "3 h 20 min"),
     (86_400, "1 d"), (187_200, "2 d 4 h"), (float("inf"), "115740 d 17 h")],
)  # fmt: skip
def test_a_length_of_time_is_told_in_two_units(seconds, words):
    assert duration(seconds) == words


def test_counts_and_moments_are_words():
    assert (plural(1, "task"), plural(1200, "task")) == ("1 task", "1,200 tasks")
    assert moment(1772356320.0) == "2026-03-01 09:12 UTC"
    assert moment(float("inf")) == moment(float("nan")) == moment(1e300) == "an unknown moment"
