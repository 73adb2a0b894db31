"""Task options: schedule; periodic and cron_expr; schedules of the application."""

import datetime

import tasktiger
from tasktiger import Task, cron_expr, periodic

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work, work_until

DATE = datetime.datetime


def new_tiger():
    return tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


tiger, custom, ended, shared, busy = (new_tiger() for _ in range(5))


@tiger.task(schedule=periodic(hours=1), queue="regular")
def regular():
    note("regular")


def in_an_hour(now):
    note("asked", now.tzinfo)
    return now + datetime.timedelta(hours=1)


def later(now, hours, minutes):
    return now + datetime.timedelta(hours=hours, minutes=minutes)


@custom.task(schedule=in_an_hour)
def by_function():
    note("by function")


@custom.task(schedule=(later, (2, 30)))
def by_function_with_arguments():
    note("by function with arguments")


@ended.task(schedule=lambda now: None)
def never():
    note("never")


@ended.task(schedule=periodic(hours=1, end_date=DATE(2001, 1, 1)))
def long_ago():
    note("long ago")


@shared.task(schedule=cron_expr("0 0 1 1 *"), queue="years", retry=True)
def every_year():
    note("every year")
    raise ValueError("no luck")


def _every_quarter(now):
    return now + datetime.timedelta(seconds=0.25)


@busy.task(schedule=_every_quarter)
def often():
    note("often", sorted(busy.get_queue_stats()["default"]))


def said(schedule, *moments):
    function, arguments = schedule
    return [answer and answer.isoformat() for answer in (function(moment, *arguments) for moment in moments)]


MOMENTS = [
    DATE(1999, 12, 31, 23, 59, 59),
    DATE(2000, 1, 1),
    DATE(2000, 1, 1, 0, 0, 0, 1),
    DATE(2000, 1, 1, 0, 4, 59, 999_999),
    DATE(2000, 1, 2, 4),
    DATE(2000, 1, 3, 3, 59),
    DATE(2024, 2, 29, 12, 30, 15),
    DATE(2026, 11, 21, 9, 40),
    DATE(2038, 1, 19),
]


@scene
def periods():
    return {
        "five minutes": said(periodic(minutes=5), *MOMENTS),
        "sundays at four": said(periodic(weeks=1, start_date=DATE(2000, 1, 2, 4)), *MOMENTS),
        "days and seconds": said(periodic(days=1, seconds=1), *MOMENTS),
        "hours": said(periodic(hours=36), *MOMENTS),
        "with an end": said(periodic(minutes=5, end_date=DATE(2000, 1, 2)), *MOMENTS),
        "with an end soon": said(periodic(days=2, end_date=DATE(2000, 1, 2)), *MOMENTS),
        "with both": said(periodic(minutes=7, start_date=DATE(2000, 1, 2), end_date=DATE(2024, 3, 1)), *MOMENTS),
        "from now": said(periodic(seconds=1, start_date=DATE(2024, 2, 29, 12, 30, 15)), *MOMENTS),
    }


@scene
def cron_expressions():
    table = [
        "0 * * * *",
        "0 4 * * 0",
        "*/5 * * * *",
        "15,45 8-17 * * 1-5",
        "0 0 29 2 *",
        "30 6 1 */2 *",
        "0 0 * * 7",
        "0 12 13 * 5",
        "59 23 31 12 *",
        "0 9 * jan-mar mon",
    ]
    return {expression: said(cron_expr(expression), *MOMENTS) for expression in table}


@scene
def cron_bounds():
    return [
        said(cron_expr("0 * * * *", start_date=DATE(2024, 1, 1, 0, 30)), *MOMENTS),
        said(cron_expr("0 * * * *", start_date=DATE(2024, 1, 1)), *MOMENTS),
        said(cron_expr("0 * * * *", end_date=DATE(2000, 1, 2, 4)), *MOMENTS),
        said(cron_expr("0 0 * * *", end_date=DATE(2000, 1, 2, 0, 30)), DATE(2000, 1, 1, 23), DATE(2000, 1, 2)),
        said(cron_expr("0 0 1 1 *", start_date=DATE(2020, 6, 1), end_date=DATE(2025, 6, 1)), *MOMENTS),
    ]


@scene
def expressions_that_are_none():
    def asked(expression):
        declared = outcome(cron_expr, expression)
        if declared[0] == "raised":
            return "when it is declared"
        function, arguments = declared[1]
        return ["never", "when it is used"][outcome(lambda: function(DATE(2024, 1, 1), *arguments))[0] == "raised"]

    return [asked(expression) for expression in ("61 * * * *", "* * *", "a b c d e", "")]


@scene(gives=[["a", "b"], "2024-01-01T01:00:00"])
def a_schedule_is_a_function_with_arguments():
    def own(now, *more):
        return list(more)

    function, arguments = periodic(hours=1)
    return [own(None, *("a", "b")), function(DATE(2024, 1, 1), *arguments).isoformat()]


@scene
def a_worker_queues_the_first_run():
    work(tiger)
    _, (task,) = Task.tasks_from_queue(tiger, "regular", "scheduled")
    at = task.scheduled_at
    return [task.unique, task.serialized_func, (at.minute, at.second, at.microsecond), journal()]


@scene(gives=[1, []])
def a_second_worker_queues_nothing_more():
    work(tiger, rounds=3)
    return [tiger.get_queue_sizes("regular")["scheduled"], journal()]


@scene
def a_due_run_queues_the_next_one():
    work(tiger)
    _, (task,) = Task.tasks_from_queue(tiger, "regular", "scheduled")
    task.update_scheduled_time(DATE(2020, 1, 1, 0, 0))
    work(tiger, rounds=2)
    _, (following,) = Task.tasks_from_queue(tiger, "regular", "scheduled")
    return [journal(), following.id == task.id, following.scheduled_at > DATE(2024, 1, 1), tiger.get_queue_stats()]


@scene
def schedules_of_the_application():
    work(custom)
    return [journal(), custom.get_queue_stats()]


@scene(gives=[[], {}])
def no_next_moment_no_task():
    work(ended, rounds=2)
    return [journal(), ended.get_queue_stats()]


@scene
def a_periodic_task_that_fails():
    work(shared)
    _, (task,) = Task.tasks_from_queue(shared, "years", "scheduled")
    task.update_scheduled_time(DATE(2020, 1, 1))
    work(shared, rounds=2)
    return [journal(), shared.get_queue_stats()]


@scene
def a_periodic_task_runs_in_its_queue_only():
    work(tiger, queues=["irregular"])
    return tiger.get_queue_stats()


@scene
def a_periodic_task_at_the_call():
    """Queued by hand it is the same task."""
    task = regular.delay()
    work(tiger)
    _, (following,) = Task.tasks_from_queue(tiger, "regular", "scheduled")
    return [journal(), following.id == task.id]


@scene
def what_is_registered():
    return [
        sorted(custom.periodic_task_funcs),
        custom.periodic_task_funcs["tests.interop.examples.schedules:by_function"] is by_function,
    ]


@scene
def a_period_goes_on():
    work_until(lambda: len(journal()) >= 3, busy)
    return [len(journal()) >= 3, journal()[0], sorted(busy.get_queue_stats()["default"])]
