"""Moments as applications give and get them, and as they stand on the wire: Unix seconds, UTC (wire §1).

Applications freeze time by replacing `datetime.datetime`, so nothing here holds that class for itself.
"""

import calendar
import datetime
import math

from queue_core.errors import InvalidRequest

LATEST = 253_402_300_800.0
"""The end of the year 9999, beyond which there are no datetimes."""


def due_at(when, now: float) -> float | None:
    """Unix seconds.  when: a timedelta from now, a datetime (naive ones are UTC), Unix seconds, or None.

    Raises InvalidRequest for anything else, and for a time beyond the year 9999."""
    if when is None:
        return None
    if isinstance(when, datetime.timedelta):
        seconds = now + when.total_seconds()
    elif hasattr(when, "utctimetuple"):
        seconds = unix_seconds(when)
    elif isinstance(when, (int, float)) and not isinstance(when, bool):
        seconds = float(when)
    else:
        raise InvalidRequest(f"A time to run is a timedelta, a datetime or Unix seconds, not {when!r}.")
    if math.isnan(seconds) or seconds > LATEST:
        raise InvalidRequest(f"A task cannot become due at {when!r}: the calendar ends with the year 9999.")
    return seconds


def unix_seconds(moment) -> float:
    """Of a datetime; naive ones are UTC."""
    try:
        return calendar.timegm(moment.utctimetuple()) + moment.microsecond / 1e6
    except OverflowError:  # an offset that leads out of the calendar
        return LATEST if moment.year > 1 else 0.0


def naive_utc(seconds):
    """The naive UTC datetime of Unix seconds; the nearest one for what no calendar has, None for what is no number."""
    if isinstance(seconds, datetime.date):
        return seconds
    if not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return datetime.datetime.max if seconds > 0 else datetime.datetime.min


def in_naive_utc(moment):
    """The same moment as a naive UTC datetime; None for None.  Raises InvalidRequest for what is no datetime."""
    if moment is None:
        return None
    if not hasattr(moment, "utctimetuple"):
        raise InvalidRequest(f"A datetime is wanted, not {moment!r}.")
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)
