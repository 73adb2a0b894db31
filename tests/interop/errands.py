"""Functions that both sides run as tasks; so this imports neither of them.  What they did stands in files."""

import os
import sys
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


def wait_for_turn(path, folder):
    """The first run waits for the file `released-1` in the folder, the second one for `released-2`, ….

    The notes say `begin-1`, `end-1`, …."""
    try:
        with open(path) as file:
            turn = 1 + file.read().count("begin")
    except FileNotFoundError:
        turn = 1
    note(path, f"begin-{turn}")
    while not os.path.exists(os.path.join(folder, f"released-{turn}")):
        time.sleep(0.01)
    note(path, f"end-{turn}")


def look_up(text="no such order"):
    raise KeyError(text)


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


def note_size(path, value):
    note(path, len(value))


def fail_and_note(path):
    note(path)
    raise ValueError("no such order")


def die(path):
    note(path)
    os.kill(os.getpid(), 9)


def say_who(path, number):
    """Notes the number and on which side it ran."""
    note(path, f"{number}:{'ours' if 'queue_core' in sys.modules else 'theirs'}")


def fail_at_first(path, number, marks):
    """As `say_who`, but only the second run succeeds."""
    mark = os.path.join(marks, str(number))
    if not os.path.exists(mark):
        open(mark, "x").close()
        raise ValueError("not at once")
    say_who(path, number)


def note_or_fail(path, name):
    note(path, name)
    if name == "broken":
        raise ValueError("broken")


def begin_and_end(path, number):
    note(path, f"begin:{number}")
    time.sleep(0.01)
    note(path, f"end:{number}")
