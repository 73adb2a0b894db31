"""Words for people."""

import math

import pytest

from console import presenters
from console.presenters import (
    ago,
    attempts,
    breakable,
    compact,
    due,
    duration,
    iso,
    number,
    plural,
    retry_promise,
    run_time,
    shortened,
    size,
    utc,
    visible,
)


def test_bad_bytes_control_characters_and_direction_marks_become_visible():
    assert visible("a\udcffb\x00c\x1b[31m\u202ed\r\n\te") == "a\ufffdb␀c␛[31m\ufffdd␍\n\te"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (5000, "1 h 23 min"),
        (86400, "1 d"),
        (100000, "1 d 3 h"),
        (864000, "10 d"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, words):
    assert duration(seconds) == words


def test_a_short_run_is_told_in_milliseconds():
    assert [run_time(one) for one in (0.0004, 0.25, 2.345, 75, None, math.nan, math.inf)] == [
        "0 ms",
        "250 ms",
        "2.3 s",
        "1 min",
        "unknown",
        "unknown",
        "unknown",
    ]


def test_moments_are_told_relative_to_now():
    assert [ago(at, 1000.0) for at in (940.0, 1000.5, 1120.0, None, math.inf, math.nan)] == [
        "1 min ago",
        "0 s ago",
        "in 2 min",
        "unknown",
        "never",
        "unknown",
    ]


def test_what_is_due_is_due_now_until_it_is_clearly_late():
    assert [due(at, 1000.0) for at in (1120.0, 1000.0, 990.0, 940.0, None)] == [
        "in 2 min",
        "now",
        "now",
        "1 min ago",
        "unknown",
    ]


def test_a_dotted_name_may_break_after_its_joints_and_is_escaped_first():
    assert breakable("shop.mail:send_it") == "shop.<wbr>mail:<wbr>send_<wbr>it"
    assert breakable("a.<b>&'__x") == "a.<wbr>&lt;b&gt;&amp;&#39;__<wbr>x"
    assert breakable("end.\udcff\x00") == "end.<wbr>\ufffd␀"


def test_moments_no_calendar_knows_have_no_datetime_and_do_no_harm():
    for at in (1e300, -1e300, math.inf, math.nan, None):
        assert iso(at) is None
        assert utc(at) == ago(at, 0.0) == due(at, 0.0)
        assert len(utc(at)) < 10
    assert iso(0.5) == "1970-01-01T00:00:00.500Z"
    assert utc(0.0) == "1970-01-01 00:00:00 UTC"


def test_what_is_unknown_is_never_zero():
    assert number(None) == "unknown"
    assert number(12431) == "12\u202f431"
    assert plural(1, "task") == "1 task"
    assert plural(2, "entry", "entries") == "2 entries"


def test_large_counts_fit_where_there_is_little_room():
    assert [compact(count) for count in (7, 12431, 203334, 2_540_000)] == ["7", "12\u202f431", "203k", "2.5M"]


def test_long_texts_are_shortened():
    assert shortened("x" * 500) == "x" * 199 + "…"
    assert shortened(None) == ""


def test_sizes_have_units():
    assert [size(count) for count in (312, 1500, 2_500_000, 3e9)] == ["312 bytes", "1.5 kB", "2.5 MB", "3.0 GB"]


def test_the_budget_says_what_a_retry_gives():
    assert attempts(3, 4) == "3 of 4 attempts used"
    assert "up to 1" in retry_promise(3, 4)
    assert "one more" in retry_promise(4, 4)
    assert attempts(2, None) == "2 failed attempts so far"


def test_a_datetime_field_is_read_as_utc():
    assert presenters.due_at("1970-01-02T00:00") == 86400
    for text in ("", "tomorrow", "1970-13-01T00:00", "1970-01-02", "99999-01-01T00:00"):
        assert presenters.due_at(text) is None
