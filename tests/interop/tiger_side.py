"""The other side: run by the Python that has the real TaskTiger, never imported by our tests.

    python -m tests.interop.tiger_side '{"redis_url": …, "config": {…}, "do": "work" | an act, …}'

An act prints its answer as one line of JSON.
"""

import datetime
import importlib
import json
import sys

import redis
import tasktiger
from tasktiger import Task, TaskTiger
from tasktiger.executor import ForkExecutor, SyncExecutor

CLASSES = {"JobTimeoutException": tasktiger.JobTimeoutException} | {
    one.__name__: one for one in (ValueError, LookupError, KeyError)
}
EXECUTORS = {"fork": ForkExecutor, "sync": SyncExecutor}
METHODS = {"fixed": tasktiger.fixed, "linear": tasktiger.linear, "exponential": tasktiger.exponential}


def work(tiger, executor=None, **options):
    if executor:
        options["executor_class"] = EXECUTORS[executor]
    tiger.run_worker(**options)


def delay(tiger, function, options):
    """The id of the new task; null when the queue is full."""
    options = dict(options)
    if method := options.get("retry_method"):
        options["retry_method"] = _method(*method)
    if "when_seconds" in options:
        options["when"] = datetime.timedelta(seconds=options.pop("when_seconds"))
    if "retry_on" in options:
        options["retry_on"] = [CLASSES[name] for name in options["retry_on"]]
    try:
        return tiger.delay(_function(function), **options).id
    except tasktiger.QueueFullException:
        return None


def delay_all(tiger, function, calls, options):
    """The ids.  calls: the options in which each of the tasks differs."""
    return [delay(tiger, function, options | call) for call in calls]


def failed_runs(tiger, queue, state, task_id):
    """What TaskTiger reads of the failed runs of a task: (how many it counts, those that are kept)."""
    task = Task.from_id(tiger, queue, state, task_id, load_executions=100)
    return task.n_executions(), task.executions


def listed(tiger, queue, state):
    """What TaskTiger's own lists show: (total, [[id, function, args, kwargs]])."""
    total, tasks = Task.tasks_from_queue(tiger, queue, state)
    return total, [[task.id, task.serialized_func, task.args, task.kwargs] for task in tasks]


def counts(tiger):
    return tiger.get_queue_stats()


def lock_queue(tiger, queue, seconds):
    tiger.set_queue_system_lock(queue, seconds)


def locked_until(tiger, queue):
    return tiger.get_queue_system_lock(queue)


def retry(tiger, queue, task_id):
    Task.from_id(tiger, queue, "error", task_id).retry()


def cancel(tiger, queue, task_id):
    Task.from_id(tiger, queue, "scheduled", task_id).cancel()


def reschedule(tiger, queue, task_id, seconds):
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    Task.from_id(tiger, queue, "scheduled", task_id).update_scheduled_time(when)


def purge(tiger, queue):
    """How many errors went."""
    return tiger.purge_errored_tasks(queues=[queue])


ACTS = [work, delay, delay_all, failed_runs, listed, counts, lock_queue, locked_until, retry, cancel, reschedule, purge]


def _function(name):
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _method(name, arguments):
    return METHODS[name](*arguments) if name in METHODS else (_function(name), tuple(arguments))


def _tiger(connection, config, application):
    """An instance of its own, or that of an application, whose functions it then knows."""
    if application is None:
        return TaskTiger(connection, config=config, setup_structlog=True)
    tiger = importlib.import_module(application).tiger
    tiger.init(connection, config=config, setup_structlog=True)
    return tiger


def main():
    told = json.loads(sys.argv[1])
    connection = redis.Redis.from_url(told.pop("redis_url"), decode_responses=True)
    tiger = _tiger(connection, told.pop("config"), told.pop("application", None))
    act = {one.__name__: one for one in ACTS}[told.pop("do")]
    print(json.dumps(act(tiger, **told)))


if __name__ == "__main__":
    main()
