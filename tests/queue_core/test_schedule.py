from datetime import date, datetime, timedelta, timezone
from functools import partial

import pytest

from queue_core.errors import InvalidRequest
from queue_core.schedule import cron_expr, periodic

NOW = datetime(2026, 3, 4, 5, 6, 7)


def due(schedule, now=NOW):
    rule, arguments = schedule
    return rule(now, *arguments)


@pytest.mark.parametrize(
    ("period", "wanted"),
    [
        ({"seconds": 10}, datetime(2026, 3, 4, 5, 6, 10)),
        ({"minutes": 5}, datetime(2026, 3, 4, 5, 10)),
        ({"hours": 1}, datetime(2026, 3, 4, 6)),
        ({"days": 1}, datetime(2026, 3, 5)),
        ({"weeks": 1}, datetime(2026, 3, 7)),
    ],
)
def test_a_period_is_counted_from_the_first_saturday_of_the_century(period, wanted):
    assert due(periodic(**period)) == wanted


def test_the_next_time_is_strictly_later():
    assert due(periodic(hours=1), datetime(2026, 3, 4, 6)) == datetime(2026, 3, 4, 7)
    assert due(cron_expr("0 * * * *"), datetime(2026, 3, 4, 6)) == datetime(2026, 3, 4, 7)


@pytest.mark.parametrize("make", [partial(periodic, hours=1), partial(cron_expr, "0 * * * *")])
def test_a_schedule_has_its_bounds(make):
    start, end = datetime(2026, 5, 1, 12, 30), datetime(2026, 5, 1, 14, 0)
    schedule = make(start_date=start, end_date=end)
    assert due(schedule) == start, "before it begins"
    assert due(schedule, end) is None and due(schedule, end + timedelta(days=1)) is None
    assert due(schedule, datetime(2026, 5, 1, 13, 45)) in (end, None)
    assert due(make(end_date=datetime(2026, 3, 4, 5, 30))) is None, "the next one would be after the end"


@pytest.mark.parametrize("make", [partial(periodic, hours=1), partial(cron_expr, "0 * * * *")])
def test_bounds_in_another_zone_are_the_same_moments(make):
    zone = timezone(timedelta(hours=2))
    start, end = datetime(2026, 5, 1, 14, 30, tzinfo=zone), datetime(2026, 5, 1, 16, 0, tzinfo=zone)
    assert due(make(start_date=start, end_date=end)) == datetime(2026, 5, 1, 12, 30)
    assert due(make(end_date=end), datetime(2026, 5, 1, 14, 0)) is None


@pytest.mark.parametrize("make", [partial(periodic, hours=1), partial(cron_expr, "0 * * * *")])
def test_a_bound_that_is_no_datetime_is_refused(make):
    with pytest.raises(InvalidRequest, match="datetime"):
        make(start_date=date(2026, 5, 1))


def test_a_period_is_counted_from_its_start():
    assert due(periodic(hours=1, start_date=datetime(2026, 3, 4, 0, 30))) == datetime(2026, 3, 4, 5, 30)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("*/15 * * * *", datetime(2026, 3, 4, 5, 15)),
        ("0 3 * * *", datetime(2026, 3, 5, 3)),
        ("0 0 1 * *", datetime(2026, 4, 1)),
        ("30 9 * * MON", datetime(2026, 3, 9, 9, 30)),
        ("0 0 29 2 *", datetime(2028, 2, 29)),
    ],
)
def test_a_cron_expression_is_read_in_utc(expression, wanted):
    assert due(cron_expr(expression)) == wanted


@pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "hourly", "a b c d e"])
def test_a_wrong_cron_expression_is_refused_at_once(expression):
    with pytest.raises(InvalidRequest, match="not a cron expression"):
        cron_expr(expression)


@pytest.mark.parametrize("period", [{}, {"seconds": 0}, {"hours": -1}])
def test_a_period_of_nothing_is_refused(period):
    with pytest.raises(InvalidRequest, match="longer than zero"):
        periodic(**period)
