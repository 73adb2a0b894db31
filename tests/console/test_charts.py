"""Drawings of numbers: what is unknown is a gap, what happened is in the picture, and nothing leaves it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from console import charts
from queue_core.error_group import Deploy
from queue_core.series import Series, Slot, TimesSlot, Trend
from queue_core.tiers import SPANS

SPAN = SPANS["1h"]
AT = 1_760_000_400
counts = st.none() | st.fixed_dictionaries(
    {}, optional={name: st.integers(1, 10**9) for name in ("started", "succeeded", "failed", "retried")}
)
depths = st.none() | st.fixed_dictionaries(
    {name: st.none() | st.integers(0, 10**9) for name in ("queued", "error", "oldest_seconds")}
)
flows = st.none() | st.dictionaries(st.sampled_from(["ready", "taken", "errors"]), st.integers(1, 10**9))
buckets = st.dictionaries(st.integers(0, 90), st.integers(1, 10**6), max_size=5)


def series(rows, times=()):
    slots = tuple(Slot(AT + 60 * place, 60, *row) for place, row in enumerate(rows))
    return Series("all", "", SPAN, slots[-1].at + 30, slots, tuple(times))


def numbers_in(chart):
    yield from ((bar.x, bar.y, bar.width, bar.height) for bar in chart.bars)
    for line in chart.lines:
        yield from ((float(x), float(y), 0, 0) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", line.path))
    yield from ((x, 0, width, 0) for x, width in chart.gaps)


@given(
    st.lists(st.tuples(counts, depths, flows), min_size=1, max_size=61), st.lists(st.tuples(*[buckets] * 3), max_size=7)
)
def test_whatever_the_numbers_are_a_drawing_stays_within_its_edges(rows, times):
    found = series(rows, [TimesSlot(AT + 600 * place, 600, *pair) for place, pair in enumerate(times)])
    drawn = [charts.runs(found), charts.failures(found), charts.waits(found), charts.run_times(found)]
    drawn += [charts.flow(found), charts.errors(found), charts.failing_times(found)]
    drawn += [charts.depth(found, name, name) for name in ("queued", "error", "oldest_seconds")]
    for chart in drawn:
        for x, y, width, height in numbers_in(chart):
            assert x >= 0 and x + width <= charts.WIDTH + 0.1 and y >= 0 and y + height <= charts.HEIGHT + 0.1
    assert charts.table(found)


def test_a_minute_in_which_nobody_looked_is_a_gap_and_not_a_zero():
    chart = charts.runs(series([({"succeeded": 4}, None), (None, None), (None, None), ({}, None)]))
    assert chart.gaps == ((150.0, 300.0),)
    assert len(chart.bars) == 1 and chart.bars[0].height == charts.HEIGHT


def test_a_line_is_broken_where_nothing_is_known():
    values = [1, 2, None, 4, None, 6]
    chart = charts.depth(series([(None, {"queued": value}) for value in values]), "queued", "Queued")
    (line,) = chart.lines
    assert line.path.count("M") == 3 and len(line.dots) == 2


def test_where_nothing_is_known_the_words_say_so():
    found = series([(None, None)] * 3)
    for chart in (
        charts.runs(found),
        charts.failures(found),
        charts.waits(found),
        charts.flow(found),
        charts.errors(found),
    ):
        assert not chart.is_known and "unknown" in chart.words and " 0" not in chart.words


def test_runs_that_failed_stand_on_each_other():
    chart = charts.failures(series([({"failed": 3, "retried": 1, "started": 4}, None)]))
    failed, retried = chart.bars
    assert (failed.kind, failed.height, retried.kind, retried.height) == ("failed", 75, "retried", 25)
    assert retried.y == 0 and failed.y == 25


def test_a_deploy_outside_of_the_time_is_not_marked():
    found = series([({}, None)] * 4)
    deploys = [Deploy(AT - 5, "anna", "old"), Deploy(AT + 120, "anna", "new"), Deploy(AT + 9999, "anna", "odd clock")]
    (mark,) = charts.marks(found, deploys, [])
    assert mark.x == charts.WIDTH / 2 and mark.words == "new, by anna"


def test_the_trend_says_only_what_is_known():
    assert charts.trend_words(Trend(None, None, None), 3) == "Runs: unknown."
    assert charts.trend_words(Trend(7, None, None), None) == "7 runs ended in the last hour."
    words = charts.trend_words(Trend(7, 9, 2), 5)
    assert words == "7 runs ended in the last hour, 9 in the same hour yesterday; 3 more errors than an hour ago."
    assert charts.trend_words(Trend(7, 9, 5), 5).endswith("as many errors as an hour ago.")
    assert charts.trend_words(Trend(7, 9, 6), 5).endswith("1 fewer errors than an hour ago.")
