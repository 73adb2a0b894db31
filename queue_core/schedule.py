"""When recurring work is due next: `periodic` and `cron_expr` (wire §11).

Each gives a pair (function, arguments); the function takes a naive UTC datetime and gives the next one, or None when
the schedule has ended.  Their bounds are datetimes, naive ones in UTC.
"""

import datetime
from datetime import timedelta

from cronsim import CronSim, CronSimError

from queue_core.cron import plain
from queue_core.errors import InvalidRequest
from queue_core.moments import in_naive_utc

DEFAULT_START = datetime.datetime(2000, 1, 1)  # a Saturday


def _periodic(now, period_seconds, start, end):
    if end and now >= end:
        return None
    if now < start:
        return start
    elapsed = (now - start).total_seconds()
    due = start + timedelta(seconds=(elapsed // period_seconds + 1) * period_seconds)
    return None if end and due > end else due


def periodic(seconds=0, minutes=0, hours=0, days=0, weeks=0, start_date=None, end_date=None):
    """Every so often, counted from `start_date` (default 2000-01-01 00:00 UTC) until `end_date`.

    Raises InvalidRequest when the period is not positive."""
    period_seconds = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days, weeks=weeks).total_seconds()
    if period_seconds <= 0:
        raise InvalidRequest("A period must be longer than zero seconds.")
    return _periodic, (period_seconds, in_naive_utc(start_date or DEFAULT_START), in_naive_utc(end_date))


def _cron_expr(now, expression, start, end):
    if end and now >= end:
        return None
    if now < start:
        return start
    due = next(CronSim(plain(expression), now))
    return None if end and due > end else due


def cron_expr(expr: str, start_date=None, end_date=None):
    """By a five-field cron expression in UTC, or a shortcut such as @daily, between the two dates.

    Raises InvalidRequest for a wrong expression."""
    try:
        CronSim(plain(expr), DEFAULT_START)
    except CronSimError as error:
        raise InvalidRequest(f"{expr!r} is not a cron expression: {error}.") from error
    return _cron_expr, (expr, in_naive_utc(start_date or DEFAULT_START), in_naive_utc(end_date))
