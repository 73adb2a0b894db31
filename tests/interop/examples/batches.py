"""Batch queues: what is run together, and what happens when it fails."""

import hashlib
import json

import tasktiger
from tasktiger import Task
from tasktiger.executor import SyncExecutor

from tests.interop.both.scene import QUICK, connect, journal, note, scene, work, work_until

tiger = tasktiger.TaskTiger(
    connection=connect(), config=QUICK | {"BATCH_QUEUES": {"batch": 10, "batch.small": 2}}, setup_structlog=True
)


@tiger.task(batch=True, queue="batch")
def together(calls):
    note("together", calls)


@tiger.task(batch=True, queue="batch")
def fail_together(calls):
    note("fails", len(calls))
    raise ValueError("no luck")


@tiger.task(batch=True, queue="batch", lock_key=["account"])
def locked_together(calls):
    note(sorted(call["kwargs"]["account"] for call in calls))


def alone(number):
    note("alone", number)
    if number == 2:
        raise ValueError("no luck")


@scene(gives=["together [{'args': [1], 'kwargs': {}}, {'args': [2], 'kwargs': {'a': 3}}]"])
def what_a_batch_function_is_given():
    together.delay(1)
    together.delay(2, a=3)
    work(tiger)
    return journal()


@scene(gives=["together [{'args': [1], 'kwargs': {}}]"])
def a_batch_of_one():
    tiger.delay(together, args=[1], queue="usual")
    work(tiger)
    return journal()


@scene(gives=[["fails 3"], {"batch": {"error": 3}}, [1, 1, 1], True])
def a_batch_fails_together():
    for number in range(3):
        fail_together.delay(number)
    work(tiger)
    _, tasks = Task.tasks_from_queue(tiger, "batch", "error", load_executions=3)
    executions = [task.executions for task in tasks]
    return [
        journal(),
        tiger.get_queue_stats(),
        [len(one) for one in executions],
        executions[0] == executions[1] == executions[2],
    ]


@scene
def functions_of_a_batch_queue_run_by_turns():
    """A plain function is called for each of them; the first exception is everybody's."""
    for number in range(4):
        tiger.delay(alone, args=[number], queue="batch")
    work(tiger)
    return [journal(), tiger.get_queue_stats()]


@scene
def functions_of_a_batch_queue_are_grouped():
    for number in range(2):
        tiger.delay(alone, args=[number], queue="batch")
        together.delay(number)
    work(tiger)
    return [journal(), tiger.get_queue_stats()]


@scene(
    gives=[
        "together [{'args': [0], 'kwargs': {}}, {'args': [1], 'kwargs': {}}]",
        "together [{'args': [2], 'kwargs': {}}]",
    ]
)
def a_smaller_batch_in_a_subqueue():
    for number in range(3):
        tiger.delay(together, args=[number], queue="batch.small.today")
    work(tiger)
    return journal()


@scene
def a_batch_in_one_process():
    for number in range(3):
        together.delay(number)
        fail_together.delay(number)
    work(tiger, executor_class=SyncExecutor)
    return [journal(), tiger.get_queue_stats()]


@scene
def a_failed_batch_is_retried_together():
    for number in range(2):
        tiger.delay(fail_together, args=[number], retry_method=tasktiger.fixed(0, 1))
    work(tiger, rounds=3)
    return [journal(), tiger.get_queue_stats()]


@scene
def one_lock_is_taken_once_in_a_batch():
    for account in (1, 1, 2):
        tiger.delay(locked_together, kwargs={"account": account})
    work(tiger)
    return journal()


@scene
def a_lock_held_elsewhere_takes_one_out():
    blocked = tiger.delay(locked_together, kwargs={"account": 1})
    tiger.delay(locked_together, kwargs={"account": 2})
    told = {"func": blocked.serialized_func, "args": None, "kwargs": {"account": 1}}
    lock = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    tiger.connection.set(f"t:lockv2:{lock}", "somebody else", px=60_000)
    work(tiger)
    first = journal()
    stats = {state: tiger.get_queue_sizes("batch")[state] for state in ("queued", "scheduled", "active")}
    tiger.connection.delete(f"t:lockv2:{lock}")
    work_until(lambda: not tiger.get_queue_stats(), tiger)
    return [first, sum(stats.values()), journal(), tiger.get_queue_stats()]
