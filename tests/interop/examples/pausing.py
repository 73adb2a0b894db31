"""Pause queue processing: the system lock, and the semaphore below it."""

import time

import tasktiger
from tasktiger import Worker
from tasktiger.redis_semaphore import Semaphore

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work, work_once

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


def greet(name="you"):
    note("hello", name)


@scene(gives=[[], ["hello you"]])
def a_locked_queue_waits():
    tiger.delay(greet)
    tiger.set_queue_system_lock("default", 60)
    work_once(tiger, max_workers_per_queue=1)
    held = journal()
    tiger.connection.zrem("t:qslock:default", "SYSTEM_LOCK")
    work_once(tiger, max_workers_per_queue=1)
    return [held, journal()]


@scene(gives=["hello default", "hello default.sub"])
def a_lock_is_of_one_queue():
    tiger.set_queue_system_lock("other", 60)
    for queue in ("default", "default.sub", "other"):
        tiger.delay(greet, args=[queue], queue=queue)
    work_once(tiger, max_workers_per_queue=1)
    return sorted(journal())


@scene
def a_worker_without_a_limit():
    tiger.delay(greet)
    tiger.set_queue_system_lock("default", 60)
    work(tiger)
    return journal()


@scene
def the_lock_is_read():
    before = tiger.get_queue_system_lock("default")
    tiger.set_queue_system_lock("default", 60)
    until = tiger.get_queue_system_lock("default")
    return [before, 50 < until - time.time() < 61, type(until).__name__]


@scene
def a_lock_that_has_lapsed():
    tiger.delay(greet)
    tiger.set_queue_system_lock("default", 60)
    tiger.connection.zadd("t:qslock:default", {"SYSTEM_LOCK": time.time() - 1})
    work_once(tiger, max_workers_per_queue=1)
    return [journal(), tiger.get_queue_system_lock("default")]


@scene
def the_limit_is_set_afterwards():
    worker = Worker(tiger)
    worker.max_workers_per_queue = 1
    tiger.delay(greet)
    tiger.set_queue_system_lock("default", 60)
    worker.run(once=True, force_once=True)
    return journal()


@scene
def a_semaphore():
    one, two, three = (Semaphore(tiger.connection, "sem", name, timeout=60, max_locks=2) for name in ("1", "2", "3"))
    told = [list(one.acquire()), list(two.acquire()), list(three.acquire()), list(one.acquire()), list(two.renew())]
    one.release()
    told += [list(three.acquire()), list(one.renew())]
    return [told, sorted(tiger.connection.zrange("sem", 0, -1))]


@scene
def a_semaphore_under_a_system_lock():
    one = Semaphore(tiger.connection, "sem", "1", timeout=60)
    told = [list(one.acquire()), Semaphore.get_system_lock(tiger.connection, "sem")]
    Semaphore.set_system_lock(tiger.connection, "sem", 30)
    until = Semaphore.get_system_lock(tiger.connection, "sem")
    return [
        told,
        list(one.renew()),
        list(one.acquire()),
        20 < until - time.time() < 31,
        30 <= tiger.connection.ttl("sem") <= 40,
    ]


@scene
def a_semaphore_that_has_lapsed():
    one, two = (Semaphore(tiger.connection, "sem", name, timeout=60) for name in ("1", "2"))
    one.acquire()
    tiger.connection.zadd("sem", {"1": time.time() - 1})
    return [list(two.acquire()), list(one.renew())]


@scene
def a_lock_for_part_of_a_second():
    return outcome(tiger.set_queue_system_lock, "default", 1.5)
