"""Applications that test with a time of their own: the attributes of the modules `time` and `datetime` are replaced."""

import contextlib
import datetime
import time

import tasktiger
from tasktiger import Task, fixed, periodic

from tests.interop.both.scene import QUICK, connect, journal, note, scene

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)
NOON = datetime.datetime(2031, 2, 3, 12, tzinfo=datetime.UTC)


def greet():
    note("hello")


def fail():
    raise ValueError("no luck")


@tiger.task(schedule=periodic(hours=24), queue="daily")
def daily():
    note("daily")


@contextlib.contextmanager
def frozen_at(moment):
    real_time, real_datetime = time.time, datetime.datetime

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

        @classmethod
        def utcnow(cls):
            return moment.replace(tzinfo=None)

    time.time = moment.timestamp
    datetime.datetime = Frozen
    try:
        yield
    finally:
        time.time, datetime.datetime = real_time, real_datetime


def later(**amount):
    return NOON + datetime.timedelta(**amount)


def work_at(moment):
    with frozen_at(moment):
        tasktiger.Worker(tiger).run(once=True)
    for key in tiger.connection.scan_iter("t:lockv2:queue_*"):
        tiger.connection.delete(key)


@scene
def a_task_waits_for_a_time_of_the_test():
    with frozen_at(NOON):
        task = tiger.delay(greet, when=datetime.timedelta(hours=2))
    due = tiger.connection.zscore("t:scheduled:default", task.id)
    work_at(later(hours=1))
    work_at(later(hours=1))
    early = journal()
    work_at(later(hours=3))
    work_at(later(hours=3))
    return [due == later(hours=2).timestamp(), early, journal(), tiger.get_queue_stats()]


@scene
def what_is_queued_bears_the_time_of_the_test():
    with frozen_at(NOON):
        task = tiger.delay(greet)
    return [
        tiger.connection.zscore("t:queued:default", task.id),
        task.time_last_queued.isoformat(),
        task.scheduled_at.isoformat(),
    ]


@scene
def a_retry_waits_for_a_time_of_the_test():
    with frozen_at(NOON):
        task = tiger.delay(fail, retry_method=fixed(3600, 1))
    work_at(NOON)
    due = tiger.connection.zscore("t:scheduled:default", task.id)
    for _ in range(2):
        work_at(later(hours=2))
    failed = Task.from_id(tiger, "default", "error", task.id, load_executions=5)
    return [
        due - NOON.timestamp(),
        failed.n_executions(),
        [one["time_failed"] for one in failed.executions],
        failed.ts.isoformat(),
    ]


@scene
def a_period_in_a_time_of_the_test():
    work_at(NOON)
    _, (task,) = Task.tasks_from_queue(tiger, "daily", "scheduled")
    first = task.ts.isoformat()
    for _ in range(2):
        work_at(later(days=1))
    _, (task,) = Task.tasks_from_queue(tiger, "daily", "scheduled")
    return [first, journal(), task.ts.isoformat()]
