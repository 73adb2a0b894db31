"""What queues did lately, in words and as small drawings: what is not known is not 0."""

from hypothesis import given
from hypothesis import strategies as some

from console import paces
from queue_core.recent import HOURS_KEPT, Pace, Recent

NEVER, ALWAYS = (False,) * HOURS_KEPT, (True,) * HOURS_KEPT


def hours(**newest):
    return {name: (0,) * (HOURS_KEPT - 1) + (count,) for name, count in newest.items()}


def recent(pace, watched=ALWAYS):
    return Recent(1.0, watched, True, pace, {})


def test_what_is_unknown_is_no_row():
    assert paces.row(None, None) is None and paces.throughput(None) is None


def test_of_a_queue_of_ours_what_went_is_counted_and_what_came_is_told_as_a_lower_bound():
    row = paces.row(Pace(hours(started=50), {"started": 40, "ended": 41, "ready": 5, "taken": 3}), ALWAYS)
    assert (row.came, row.went, row.others) == ("≥\u202f42", "41", "")


def test_of_a_queue_of_tasktigers_both_are_lower_bounds():
    row = paces.row(Pace({}, {"ready": 30, "taken": 0.4}), ALWAYS)
    assert (row.came, row.went, row.others) == ("≥\u202f30", "≥\u202f0.4", "")


def test_of_a_queue_that_both_serve_both_are_told():
    row = paces.row(Pace(hours(started=1), {"started": 40, "ended": 40, "ready": 90, "taken": 90}), ALWAYS)
    assert (row.went, row.others) == ("40", "≥\u202f90")


def test_a_queue_of_ours_at_rest_has_ended_0_and_one_of_tasktigers_shows_nothing():
    assert paces.row(Pace(hours(started=1), {}), ALWAYS).went == "0"
    assert paces.row(Pace(), ALWAYS).went == "" == paces.row(Pace(), ALWAYS).came


def test_an_hour_in_which_nobody_looked_is_a_gap_and_not_a_zero():
    line = paces.sparkline(Pace(hours(taken=4, errors=2)), NEVER)
    assert len(line.gaps) == 23 and {bar.kind for bar in line.bars} == {"taken", "failed"}
    assert line.words == "24 hours: at least 4 tasks taken, 2 errors, at most 2 in an hour, 23 hours unknown"
    assert paces.sparkline(Pace(), NEVER).words == "24 hours: unknown"
    assert paces.sparkline(Pace(), ALWAYS).words == "24 hours: no errors"


def test_the_throughput_is_compared_with_the_same_hour_of_yesterday():
    pace = Pace({"ended": (600,) + (0,) * 24}, {"ended": 12.0})
    assert paces.throughput(recent(pace)) == ("12", "10 in this hour yesterday")
    assert paces.throughput(recent(pace, NEVER)) == ("12", "runs ended")
    seen = Pace({"taken": (600,) + (0,) * 24}, {"taken": 12.0})
    assert paces.throughput(recent(seen)) == ("≥\u202f12", "taken; ≥\u202f10 in this hour yesterday")
    assert paces.throughput(recent(Pace(), NEVER)) is None


def test_the_throughput_of_others_is_not_hidden_by_a_few_runs_of_ours():
    both = Pace({"started": (0,) * 20 + (3,) + (0,) * 4}, {"taken": 500.0})
    assert paces.throughput(recent(both)) == ("≥\u202f500", "taken by all workers; 0 ended by those of Signalbox")


COUNTS = some.lists(some.integers(0, 10**9), min_size=HOURS_KEPT, max_size=HOURS_KEPT).map(tuple)
MEASURES = ("started", "ended", "ready", "taken", "errors")
PACE = some.builds(
    Pace,
    some.fixed_dictionaries({}, optional=dict.fromkeys(MEASURES, COUNTS)),
    some.fixed_dictionaries({}, optional=dict.fromkeys(MEASURES, some.floats(0, 1e9))),
)


@given(PACE, some.lists(some.booleans(), min_size=HOURS_KEPT, max_size=HOURS_KEPT))
def test_whatever_the_numbers_are_a_drawing_stays_within_its_edges(pace, watched):
    line = paces.row(pace, watched).line
    for bar in line.bars:
        assert 0 <= bar.x <= 92 and bar.y >= 0 and bar.y + bar.height <= 26 and bar.height > 0
    assert all(0 <= x <= 92 for x in line.gaps) and paces.throughput(recent(pace, tuple(watched))) is not False
