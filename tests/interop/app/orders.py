"""Orders: unique tasks, locks, retries of all kinds, time limits."""

import time

from tasktiger import JobTimeoutException, RetryException, StopRetry, exponential, fixed, linear
from tasktiger.runner import BaseRunner, DefaultRunner

from tests.interop.app.instance import journal, tiger


class OutOfStock(Exception):
    pass


class Gone(OutOfStock):
    pass


class Noted(BaseRunner):
    """Writes down when a task begins, ends and has failed for good."""

    def run_single_task(self, task, hard_timeout):
        journal("noted begin", task.serialized_func.split(":")[1], f"{hard_timeout:g}")
        DefaultRunner(self.tiger).run_single_task(task, hard_timeout)
        journal("noted end")

    def run_batch_tasks(self, tasks, hard_timeout):
        journal("noted batch", len(tasks))
        DefaultRunner(self.tiger).run_batch_tasks(tasks, hard_timeout)

    def run_eager_task(self, task):
        return ["eager", task.func(*task.args, **task.kwargs)]

    def on_permanent_error(self, task, execution):
        journal("noted for good", task.serialized_func.split(":")[1], execution["exception_name"])


def patience(number, limit, step):
    journal("patience", number)
    if number > limit:
        raise StopRetry
    return step * number


@tiger.task
def receive(number):
    journal("received", number)
    return number * 2


@tiger.task(queue="orders", unique=True, max_queue_size=100)
def pack(number):
    journal("packed", number)


@tiger.task(queue="orders.express", unique_key=["number"])
def label(number=None, colour=None):
    journal("labelled", number, colour)


@tiger.task(queue="ledger", lock=True)
def book(account):
    journal("book", account)


@tiger.task(queue="ledger", lock_key=["account"], max_stored_executions=2)
def transfer(account=None, amount=None):
    journal("transfer", account, amount)


@tiger.task(queue="stock", retry_on=[OutOfStock], retry_method=linear(0.02, 0.02, 2))
def reserve(item, kind):
    journal("reserve", item)
    raise {"gone": Gone, "out": OutOfStock, "broken": ValueError}[kind](item)


@tiger.task(queue="stock", retry=True)
def count(item):
    journal("count", item)
    raise KeyError(item)


@tiger.task(queue="stock", retry_method=(patience, (1, 0.02)))
def wait_for(item):
    journal("wait for", item)
    raise OutOfStock(item)


@tiger.task(queue="stock")
def ask_again(item, log_error):
    journal("ask again", item)
    try:
        raise OutOfStock(item)
    except OutOfStock:
        raise RetryException(  # noqa: B904 - as applications do
            method=exponential(0.01, 2, 1), original_traceback=True, log_error=log_error
        )


@tiger.task(queue="slow", hard_timeout=0.3, retry_on=[JobTimeoutException], retry_method=fixed(0.02, 1))
def drag_on():
    journal("drag on")
    time.sleep(30)


@tiger.task(queue="noted", runner_class=Noted, hard_timeout=9)
def inspect(item):
    journal("inspect", item, tiger.current_task.args == [item], tiger.current_task_is_batch)
    if item == "broken":
        raise ValueError(item)


@tiger.task(queue="index", batch=True, runner_class=Noted)
def index(calls):
    journal("index", sorted(call["args"][0] for call in calls), len(tiger.current_tasks), tiger.current_task_is_batch)


@tiger.task(queue="index.slow", batch=True)
def index_slowly(calls):
    journal("index slowly", [call["args"][0] for call in calls])
    raise ValueError("the index is read-only")
