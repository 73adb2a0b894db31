"""Workers: which queues they serve, how they run, when they leave."""

import datetime
import os
import signal
import threading
import time

import tasktiger
from tasktiger import Task, Worker
from tasktiger.executor import ForkExecutor, SyncExecutor

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work, work_once


def new_tiger(**config):
    return tasktiger.TaskTiger(connection=connect(), config=QUICK | config, setup_structlog=True)


tiger = new_tiger()
PARENT = os.getpid()


def greet(name="you"):
    note("hello", name)


def where():
    note(os.getpid() == int(os.environ["SCENE_WORKER"]), threading.current_thread() is threading.main_thread())


def fail():
    raise ValueError("no luck")


def stop_the_worker():
    note("begin")
    os.kill(int(os.environ["SCENE_WORKER"]), signal.SIGTERM)
    note("end")


def leave(status):
    note("leaving")
    raise SystemExit(status)


def die():
    note("dying")
    os.kill(os.getpid(), signal.SIGKILL)


def overrun():
    time.sleep(20)


def swallow():
    """Ignores its time limit once."""
    try:
        time.sleep(20)
    except BaseException as error:
        note(type(error).__name__)
    note("went on")


def put_in(*queues):
    for queue in queues:
        tiger.delay(greet, args=[queue], queue=queue)


@scene(gives=["hello first", "hello first.CUSTOMER1", "hello second", "hello second.CUSTOMER2"])
def queues_and_their_subqueues():
    put_in("first", "first.CUSTOMER1", "firsts", "second", "second.CUSTOMER2", "third", "default")
    work(tiger, queues=["first", "second"])
    return sorted(journal())


@scene(gives=["hello email", "hello email.incoming.CUSTOMER1", "hello email.outgoing.CUSTOMER1"])
def excluded_queues():
    put_in(
        "email", "email.outgoing.CUSTOMER1", "email.incoming", "email.incoming.CUSTOMER1", "email.incoming.CUSTOMER2"
    )
    work(tiger, queues=["email", "email.incoming.CUSTOMER1"], exclude_queues=["email.incoming"])
    return sorted(journal())


@scene
def the_most_specific_name_decides():
    queues = ["a", "a.a", "a.b", "a.b.c", "a.b.d", "b", "b.a", "c", "c.a", "d"]
    filtered = new_tiger(ONLY_QUEUES=["a", "a.b.c", "b", "c"], EXCLUDE_QUEUES=["a.b", "b"])
    put_in(*queues)
    work(filtered)
    return [sorted(journal()), [queue for queue in queues if filtered.would_process_configured_queue(queue)]]


@scene
def a_name_where_names_are_wanted():
    put_in("abc")
    return [
        outcome(work_once, tiger, queues="abc"),
        outcome(work_once, tiger, exclude_queues="abc"),
        outcome(work_once, new_tiger(ONLY_QUEUES="abc")),
    ]


@scene(gives={"fork": ["False True"], "sync": ["True True"]})
def executors():
    os.environ["SCENE_WORKER"] = str(os.getpid())
    told = {}
    for name, executor in (("fork", ForkExecutor), ("sync", SyncExecutor)):
        tiger.delay(where)
        before = len(journal())
        work(tiger, executor_class=executor)
        told[name] = journal()[before:]
    return told


@scene
def attributes_of_a_worker():
    worker = Worker(tiger, queues=["b", "a"], exclude_queues=["c"], max_workers_per_queue=2)
    return [
        sorted(worker.only_queues),
        sorted(worker.exclude_queues),
        worker.max_workers_per_queue,
        worker.worker_group_name[:20],
        Worker(tiger).worker_group_name[:20],
        len(worker.id),
        worker.connection is tiger.connection,
        worker.config is tiger.config,
        type(worker.executor).__name__,
        type(Worker(tiger, executor_class=SyncExecutor).executor).__name__,
        tasktiger.worker.LOCK_REDIS_KEY,
    ]


@scene
def hard_timeouts_of_a_worker():
    def plain():
        pass

    batch = tiger.task(batch=True, hard_timeout=9)(lambda calls: None)
    worker, tasks = (
        Worker(tiger),
        [Task(tiger, greet, hard_timeout=5), Task(tiger, greet), Task(tiger, greet, hard_timeout=7)],
    )
    limited = tiger.task(hard_timeout=3)(plain)
    return [
        worker.get_hard_timeouts(greet, tasks),
        worker.get_hard_timeouts(limited, tasks),
        worker.get_hard_timeouts(batch, tasks),
        worker.get_hard_timeouts(batch, tasks[1:2]),
    ]


@scene
def tracebacks_are_stored_on_demand():
    told = []
    for tracebacks, configured in ((None, True), (False, True), (None, False), (True, False)):
        tiger.config["STORE_TRACEBACKS"] = configured
        task = tiger.delay(fail)
        work(tiger, store_tracebacks=tracebacks)
        (execution,) = Task.from_id(tiger, "default", "error", task.id, load_executions=1).executions
        told.append("traceback" in execution)
    return told


@scene(gives=[{"default": {"queued": 1}}, ["hello you"]])
def a_scheduled_task_takes_two_rounds_of_once():
    task = tiger.delay(greet, when=datetime.timedelta(hours=1))
    task.update_scheduled_time(datetime.datetime(2020, 1, 1))
    work(tiger)
    first = tiger.get_queue_stats()
    work(tiger)
    return [first, journal()]


@scene(gives=["hello 1"])
def force_once_is_one_round():
    tiger.delay(greet, args=[1])
    Worker(tiger).run(once=True, force_once=True)
    return journal()


@scene
def force_once_takes_one_task_of_a_queue():
    for number in (1, 2, 3):
        tiger.delay(greet, args=[number])
    Worker(tiger).run(once=True, force_once=True)
    return [journal(), tiger.get_queue_stats()]


@scene
def a_worker_leaves_after_its_time():
    tiger.delay(greet)
    began = time.monotonic()
    Worker(tiger).run(exit_after=datetime.timedelta(seconds=0.3))
    return [journal(), 0.2 < time.monotonic() - began < 8]


@scene(gives=[["begin", "end"], {"default": {"queued": 1}}])
def a_worker_asked_to_stop_finishes_its_task():
    os.environ["SCENE_WORKER"] = str(os.getpid())
    tiger.delay(stop_the_worker)
    tiger.delay(greet)
    Worker(tiger).run()
    return [journal(), tiger.get_queue_stats()]


@scene
def a_task_that_leaves_the_process():
    told = []
    for status in (0, 1):
        tiger.delay(leave, args=[status])
        work(tiger)
        told.append(sorted(tiger.get_queue_stats().get("default", {})))
    return [told, journal()]


@scene
def a_task_that_is_killed():
    tiger.delay(die)
    work(tiger)
    return [journal(), tiger.get_queue_stats()]


@scene
def a_task_that_swallows_its_time_limit():
    tiger.delay(swallow, hard_timeout=0.3)
    work(tiger)
    return [journal(), tiger.get_queue_stats()]


@scene
def a_worker_in_one_process_leaves_after_a_time_limit():
    tiger.delay(overrun, hard_timeout=0.3)
    if not (pid := os.fork()):
        work(tiger, executor_class=SyncExecutor)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return [os.waitstatus_to_exitcode(status), tiger.get_queue_stats()]


@scene
def at_most_so_many_workers_at_a_queue():
    worker = Worker(tiger, max_workers_per_queue=1)
    tiger.delay(greet, args=["a"])
    tiger.connection.zadd("t:qslock:default", {"somebody else": time.time() + 60})
    worker.run(once=True, force_once=True)
    held = journal()
    tiger.connection.zrem("t:qslock:default", "somebody else")
    worker.run(once=True, force_once=True)
    return [held, journal(), tiger.get_queue_stats()]


@scene
def single_worker_queues():
    alone = new_tiger(SINGLE_WORKER_QUEUES=["alone"])
    tiger.connection.zadd("t:qslock:alone.too", {"somebody else": time.time() + 60})
    put_in("alone.too", "crowded")
    work_once(alone)
    return [journal(), tiger.get_queue_stats()]


@scene
def an_unimportable_task():
    tiger.connection.set("t:task:" + "a" * 64, '{"id": "%s", "func": "nowhere:nothing"}' % ("a" * 64))
    tiger.connection.zadd("t:queued:default", {"a" * 64: 1})
    tiger.connection.sadd("t:queued", "default")
    return [outcome(work, tiger, executor_class=SyncExecutor), tiger.get_queue_stats()]


@scene
def expired_tasks():
    """Taken by a worker that has gone: one may be repeated after a lost run, one may not."""
    for letter, options in (("a", {"retry_on": [tasktiger.JobTimeoutException]}), ("b", {"retry": True}), ("c", {})):
        task = tiger.delay(greet, args=[letter], **options)
        tiger.connection.zrem("t:queued:default", task.id)
        tiger.connection.zadd("t:active:default", {task.id: 100 + ord(letter)})
        tiger.connection.sadd("t:active", "default")
    tiger.connection.srem("t:queued", "default")
    work(tiger)
    return tiger.get_queue_stats()


@scene
def one_order_of_a_queue():
    for number in range(5):
        tiger.delay(greet, args=[number])
    work(tiger)
    return journal()


@scene
def run_worker_of_the_instance():
    put_in("a", "b.c", "d")
    tiger.run_worker(queues="a,b", exit_after=datetime.timedelta(seconds=0.2))
    return [sorted(journal()), sorted(tiger.get_queue_stats())]
