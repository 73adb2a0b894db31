"""What a cron expression means to TaskTiger: the wanted values were taken from it."""

from datetime import datetime

import pytest

from queue_core.cron import plain
from queue_core.errors import InvalidRequest
from queue_core.schedule import cron_expr

NOW = datetime(2020, 2, 27, 3, 4, 5)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "now", "wanted"),
    [
        ("@hourly", NOW, datetime(2020, 2, 27, 4)),
        ("@daily", NOW, datetime(2020, 2, 28)),
        ("@midnight", NOW, datetime(2020, 2, 28)),
        ("@weekly", NOW, datetime(2020, 3, 1)),
        ("@monthly", NOW, datetime(2020, 3, 1)),
        ("@yearly", NOW, datetime(2021, 1, 1)),
        ("@annually", NOW, datetime(2021, 1, 1)),
        # -- ranges that go round --
        ("0 22-6 * * *", datetime(2020, 2, 27, 7), datetime(2020, 2, 27, 22)),
        ("0 22-6 * * *", datetime(2020, 2, 27, 23, 30), datetime(2020, 2, 28)),
        ("2-10/5 * * * 6-1", datetime(2019, 1, 25, 6, 6, 4), datetime(2019, 1, 26, 0, 2)),
        ("*/3 * 28-3 2-10/5 0-4", datetime(2020, 8, 9, 18, 46, 36), datetime(2021, 2, 1)),
        ("27 5 * * fri-mon", datetime(2020, 2, 25), datetime(2020, 2, 28, 5, 27)),
        # -- one of the two days is enough, unless the other is left open --
        ("* 6 14 * */2", datetime(2023, 4, 20, 4, 5, 40), datetime(2023, 4, 20, 6)),
        ("40 */10 */25 * 4-7", datetime(2019, 5, 26, 21, 27, 56), datetime(2019, 5, 30, 0, 40)),
        ("0 0 1,15 * 3", NOW, datetime(2020, 3, 1)),
        ("0 0 */14 * mon-sun", NOW, datetime(2020, 2, 29)),
        ("0 0 16 * 0-6", NOW, datetime(2020, 2, 28)),
        ("13 8 15 * 7/3", NOW, datetime(2020, 2, 29, 8, 13)),
        ("0 0 ? * SUN", NOW, datetime(2020, 3, 1)),
        ("0 0 * * 7", NOW, datetime(2020, 3, 1)),
    ],
)
def test_the_next_time_is_the_one_that_tasktiger_finds(expression, now, wanted):
    rule, arguments = cron_expr(expression)
    assert rule(now, *arguments) == wanted


@pytest.mark.parametrize("expression", ["*/0 * * * *", "0 22-x * * *", "0 30-6 * * *", "0 6-30 * * *", "@never", ""])
def test_what_it_does_not_know_is_refused(expression):
    with pytest.raises(InvalidRequest):
        cron_expr(expression)


def test_what_needs_no_change_is_left_as_it_is():
    assert plain("5,10 * L * mon") == "5,10 * l * mon"
