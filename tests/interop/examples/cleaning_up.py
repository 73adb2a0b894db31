"""Cleaning up error'd tasks; and the numbers of queues."""

import datetime

import tasktiger
from tasktiger import periodic

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


def fail(number=0):
    raise ValueError(f"no luck {number}")


def greet():
    note("hello")


@tiger.task(schedule=periodic(hours=1), queue="cleaning")
def purge_errored_tasks():
    weeks_ago = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(weeks=12)
    note("purged", tiger.purge_errored_tasks(limit=1000, last_execution_before=weeks_ago))


def failures(*queues, count=1):
    for queue in queues:
        for number in range(count):
            tiger.delay(fail, args=[number], queue=queue)
    work(tiger, exclude_queues=["cleaning"])


def age(queue, days):
    """Puts the errors of a queue into the past."""
    key, seconds = f"t:error:{queue}", days * 86_400
    for task_id, score in tiger.connection.zrange(key, 0, -1, withscores=True):
        tiger.connection.zadd(key, {task_id: score - seconds})


@scene(gives=[3, {}])
def all_errors_are_purged():
    failures("a", "b", "c.d")
    return [tiger.purge_errored_tasks(), tiger.get_queue_stats()]


@scene(gives=[2, ["c.d"]])
def errors_of_some_queues_are_purged():
    failures("a", "b", "c.d")
    return [tiger.purge_errored_tasks(queues=["a", "b"]), sorted(tiger.get_queue_stats())]


@scene(gives=[2, ["a", "c.d"]])
def errors_of_subqueues_are_purged_too():
    failures("a", "c", "c.d", "c.e")
    return [tiger.purge_errored_tasks(queues=["c"], exclude_queues=["c.d"]), sorted(tiger.get_queue_stats())]


@scene(gives=[2, ["new"]])
def old_errors_are_purged():
    failures("old", "new", count=2)
    age("old", 100)
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(weeks=12)
    return [tiger.purge_errored_tasks(last_execution_before=before), sorted(tiger.get_queue_stats())]


@scene(gives=[2, {"a": {"error": 3}}])
def so_many_errors_are_purged():
    failures("a", count=5)
    return [tiger.purge_errored_tasks(limit=2), tiger.get_queue_stats()]


@scene
def limits_of_a_purge():
    failures("a", count=2)
    return [
        outcome(tiger.purge_errored_tasks, limit=0),
        outcome(tiger.purge_errored_tasks, limit=-1),
        outcome(tiger.purge_errored_tasks, limit=None),
        outcome(tiger.purge_errored_tasks),
    ]


@scene
def a_purge_leaves_the_rest():
    tiger.delay(greet, when=datetime.timedelta(hours=1))
    failures("default")
    tiger.delay(greet)
    return [tiger.purge_errored_tasks(), tiger.get_queue_stats()]


@scene
def a_purge_every_hour():
    failures("old", "new")
    age("old", 100)
    work(tiger)
    _, (task,) = tasktiger.Task.tasks_from_queue(tiger, "cleaning", "scheduled")
    task.update_scheduled_time(datetime.datetime(2020, 1, 1))
    work(tiger, rounds=2)
    return [journal(), tiger.get_queue_stats()]


@scene
def a_purge_includes_what_has_no_payload():
    failures("a", count=2)
    (task_id,) = tiger.connection.zrange("t:error:a", 0, 0)
    tiger.connection.delete(f"t:task:{task_id}")
    return [tiger.purge_errored_tasks(), tiger.get_queue_stats()]


@scene
def numbers_of_queues():
    failures("a", count=2)
    tiger.delay(greet, queue="a")
    tiger.delay(greet, queue="a", when=datetime.timedelta(hours=1))
    tiger.delay(greet, queue="b")
    pairs = [("a", "error"), ("a", "queued"), ("b", "scheduled"), ("nowhere", "active"), ("b", "queued")]
    return [
        tiger.get_queue_stats(),
        tiger.get_queue_sizes("a"),
        tiger.get_queue_sizes("nowhere"),
        tiger.get_total_queue_size("a"),
        tiger.get_total_queue_size("nowhere"),
        tiger.get_sizes_for_queues_and_states(pairs),
        tiger.get_sizes_for_queues_and_states([]),
    ]


@scene
def counts_of_executions_are_made_anew():
    from tasktiger.migrations import migrate_executions_count

    failures("a", count=2)
    first, second = tiger.connection.zrange("t:error:a", 0, -1)
    tiger.connection.delete(f"t:task:{first}:executions_count")
    tiger.connection.set(f"t:task:{second}:executions_count", 7)
    migrate_executions_count(tiger)
    return [tiger.connection.get(f"t:task:{task_id}:executions_count") for task_id in (first, second)]
