"""An application on its way from one to the other: its only change is where it imports from."""

from tests.interop.errands import note

try:
    from tasktiger import RetryException, StopRetry, TaskTiger
except ImportError:
    from queue_core import Engine as TaskTiger
    from queue_core import RetryException, StopRetry

tiger = TaskTiger(lazy_init=True)


@tiger.task(batch=True)
def deliver(calls):
    """Notes how many calls it was given, by their first argument; fails when one of them is called `broken`."""
    note(calls[0]["args"][0], len(calls))
    if any(call["kwargs"].get("name") == "broken" for call in calls):
        raise ValueError("one of them is broken")


def ask_for_retry(path, limit):
    note(path)
    raise RetryException(method=(soon, (limit,)))


def ask_once_and_say_nothing(path):
    note(path)
    raise RetryException(method=(soon, (0,)), log_error=False)


def soon(retry_number, limit):
    if retry_number > limit:
        raise StopRetry
    return 0.01 * retry_number


def soon_twice(retry_number):
    return soon(retry_number, 2)
