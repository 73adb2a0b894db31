"""Functions that both sides run as tasks; so this imports neither of them.  What they did stands in files."""

import os
import time


class RetryException(BaseException):
    """Looks as TaskTiger's own does to whoever knows it by name only."""

    __module__ = "tasktiger.exceptions"

    def __init__(self, method=None, log_error=True):
        self.method, self.log_error = method, log_error


def note(path, text="ran"):
    with open(path, "a") as file:
        file.write(f"{text} {os.getpid()}\n")


def fail(text="no such order"):
    raise ValueError(text)


def fail_without(path):
    """Succeeds, and says so in the file, once the file is there."""
    if not os.path.exists(path):
        raise ValueError("the file is not there yet")
    note(path)


def last(path, seconds):
    note(path, "begin")
    time.sleep(seconds)
    note(path, "end")


def wait_for(path, released_path):
    note(path, "begin")
    while not os.path.exists(released_path):
        time.sleep(0.01)
    note(path, "end")


def ask_for_retry(path, limit):
    note(path)
    raise RetryException(method=(_soon, (limit,)))


def _soon(retry_number, limit):
    if retry_number > limit:
        raise StopRetry
    return 0.01


class StopRetry(Exception):
    """Raised by a retry method of the application: no further run."""

    __module__ = "tasktiger.exceptions"
