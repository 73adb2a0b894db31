"""What a worker tells in its log, at every level: events and their fields."""

import datetime
import time

import tasktiger

from tests.interop.both.scene import QUICK, connect, note, scene, work, work_once


def new_tiger(**config):
    return tasktiger.TaskTiger(connection=connect(), config=QUICK | config, setup_structlog=True)


tiger = new_tiger()
periodical = new_tiger()
watched = new_tiger(STATS_INTERVAL=0.05, SELECT_TIMEOUT=0.02)
named = new_tiger(LOGGER_NAME="mail")


def greet(seconds=0):
    time.sleep(seconds)
    note("hello")


def fail():
    raise ValueError("no luck")


@periodical.task(schedule=tasktiger.periodic(hours=1))
def hourly():
    pass


@scene
def told_of_a_task():
    tiger.delay(greet)
    work(tiger)


@scene
def told_of_a_failure():
    tiger.delay(fail, retry_method=tasktiger.fixed(0, 1))
    work(tiger, rounds=3)


@scene
def told_of_a_scheduled_task():
    tiger.delay(greet, when=datetime.timedelta(hours=1)).update_scheduled_time(datetime.datetime(2020, 1, 1))
    work(tiger, rounds=2)


@scene
def told_of_an_expired_task():
    task = tiger.delay(greet, retry_on=[tasktiger.JobTimeoutException])
    tiger.connection.zrem("t:queued:default", task.id)
    tiger.connection.srem("t:queued", "default")
    tiger.connection.zadd("t:active:default", {task.id: 100})
    tiger.connection.sadd("t:active", "default")
    work(tiger)


@scene
def told_of_a_periodic_task():
    work(periodical)
    work(periodical)


@scene
def told_of_a_limited_queue():
    tiger.delay(greet)
    work(tiger, max_workers_per_queue=1)


@scene
def told_of_a_single_worker_queue():
    alone = new_tiger(SINGLE_WORKER_QUEUES=["default"])
    alone.delay(greet)
    work(alone)


@scene
def told_of_a_held_queue():
    tiger.delay(greet)
    tiger.set_queue_system_lock("default", 60)
    work_once(tiger, max_workers_per_queue=1)


@scene
def told_of_a_missing_payload():
    task = tiger.delay(greet)
    tiger.connection.delete(f"t:task:{task.id}")
    tiger.delay(greet)
    work(tiger)
    return tiger.get_queue_stats()


@scene
def told_of_how_busy_it_is():
    watched.delay(greet, args=[0.2])
    tasktiger.Worker(watched).run(exit_after=datetime.timedelta(seconds=0.4))


@scene
def told_under_another_name():
    named.delay(greet)
    work(named)
    return [named.config["LOGGER_NAME"], named.log.name]
