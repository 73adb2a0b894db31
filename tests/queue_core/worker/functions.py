"""Functions that tests run as tasks.  What they did is told by files, since they may run in other processes."""

import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from queue_core import Engine, periodic
from queue_core.errors import JobTimeoutException, RetryException
from queue_core.retry import fixed
from queue_core.worker import running
from queue_core.worker.runner import BaseRunner
from queue_core.worker.timeouts import UnixSignalDeathPenalty

engine = Engine("unix:///nowhere")


@engine.task(schedule=periodic(hours=1), queue="reports")
def every_hour():
    pass


def nothing():
    pass


def note(path, text="ran"):
    """Appends a line with the process that wrote it."""
    with open(path, "a") as file:
        file.write(f"{text} {os.getpid()}\n")


def fail(text="no such order"):
    raise ValueError(text)


def fail_chained():
    try:
        {}["sku-1"]
    except KeyError as error:
        raise ValueError("no such order") from error


def fail_long():
    raise ValueError("head " + "x" * 300_000 + " tail")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def signed(path, seconds):
    """Signs a ledger (see tests/faults) at its begin, its end and in between."""
    from tests.faults.ledger import SIGN_EVERY_SECONDS, Pen

    pen, (task,) = Pen(path), running.current().tasks
    pen.note("begin", task.id, "repeatable")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(SIGN_EVERY_SECONDS)
        pen.note("still", task.id)
    pen.note("done", task.id)
    pen.close()


def take_down_the_worker(path):
    """Kills the process that looks after its run, be it this one or the parent of it."""
    note(path, "poison")
    in_child = "fork" in " ".join(sys.argv)
    os.kill(os.getppid() if in_child else os.getpid(), signal.SIGKILL)
    time.sleep(60)


def note_or_die(path, text):
    if text == "die":
        die()
    note(path, text)


def check_current_task():
    now = running.current()
    (task,) = now.tasks
    assert task.queue == "orders" and now.func.endswith("check_current_task") and not now.batch


def leave(status):
    os._exit(status)


def exit_politely(status):
    sys.exit(status)


def interrupt():
    raise KeyboardInterrupt


def fork_and_return(path, ending="return"):
    """Both processes come back from here, the one that was forked first."""
    pid = os.fork()
    if pid == 0:
        note(path, "forked")
        if ending == "raise":
            raise ValueError("in the forked process")
        sys.exit(0) if ending == "exit" else None
        return
    os.waitpid(pid, 0)
    time.sleep(0.3)
    note(path, "task")


def take_over_all_descriptors(path):
    """Closes what it finds, as daemons do, and opens files in its place."""
    os.closerange(3, 256)
    for _ in range(250):
        os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR)


def last(seconds):
    time.sleep(seconds)


def last_noted(path, seconds):
    note(path, "begin")
    time.sleep(seconds)
    note(path, "end")


def swallow_timeouts(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(JobTimeoutException):
            time.sleep(0.01)


def hold_signals(seconds):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(seconds)


def ask_for_retry(delay_seconds=7):
    raise RetryException(method=fixed(delay_seconds, 2), log_error=False)


def ask_for_retry_after_an_error():
    try:
        raise OSError("the shop is closed")
    except OSError:
        raise RetryException(original_traceback=True) from None


def ask_for_an_impossible_retry():
    raise RetryException(method=(fixed, (object(),)))


def leave_a_thread_behind(path):
    def later():
        time.sleep(0.2)
        note(path, "thread")

    threading.Thread(target=later).start()


def leave_a_long_thread_behind():
    threading.Thread(target=time.sleep, args=[30]).start()


def wait_for_file(path):
    while not Path(path).exists():
        time.sleep(0.01)


def do_as_told(path, number):
    """Ends as the file says that a task of this number ends by now: well | the name of an exception."""
    word = json.loads(Path(path).read_text())[number]
    if word != "well":
        raise {"ValueError": ValueError, "KeyError": KeyError}[word](f"order {number}")


class OddError(Exception):
    __module__ = None

    def __str__(self):
        raise RuntimeError("no text")


def fail_oddly():
    raise OddError


def batch_note(calls):
    """Notes how many there were, and their first arguments after the path."""
    note(calls[0]["args"][0], ",".join(str(call["args"][1]) for call in calls))


def batch_fail(calls):
    raise ValueError(f"{len(calls)} calls")


def batch_die(calls):
    note(calls[0]["args"][0], len(calls))
    die()


def batch_note_or_die(calls):
    if any(call["args"][1] == "die" for call in calls):
        die()
    batch_note(calls)


def batch_last(calls):
    time.sleep(calls[0]["args"][0])


def batch_check_current(calls):
    now = running.current()
    assert now.batch and len(now.tasks) == len(calls)


for _function in (batch_note, batch_note_or_die, batch_fail, batch_die, batch_last, batch_check_current):
    _function._task_batch = True


def note_and_maybe(path, text, what=None, *args):
    """Notes, and then does something else."""
    note(path, text)
    if what:
        globals()[what](*args)


def leave_a_thread_that_kills(path):
    """Returns, and takes the process down a little later."""
    note(path, "returned")
    threading.Thread(target=lambda: (time.sleep(0.1), die()), daemon=True).start()


# -- runners and contexts --


class NotingRunner(BaseRunner):
    """Notes what it is asked to do, in the file that is the first argument of the task."""

    def run_single_task(self, task, hard_timeout):
        note(task.args[0], f"single-{hard_timeout:g}")
        task.func(*task.args, **task.kwargs)

    def run_batch_tasks(self, tasks, hard_timeout):
        note(tasks[0].args[0], f"batch-of-{len(tasks)}")

    def on_permanent_error(self, task, execution):
        note(task.args[0], f"gave-up-{execution['exception_name']}")
        raise ZeroDivisionError


class PatientRunner(BaseRunner):
    """Gives every task five seconds."""

    def run_single_task(self, task, hard_timeout):
        with UnixSignalDeathPenalty(5):
            task.func(*task.args, **task.kwargs)


class HastyRunner(BaseRunner):
    def run_single_task(self, task, hard_timeout):
        with UnixSignalDeathPenalty(0.1):
            task.func(*task.args, **task.kwargs)


class BrokenRunner(BaseRunner):
    def __init__(self, tiger):
        raise OSError("no runner today")


def fail_after(path):
    raise ValueError(path)


@contextlib.contextmanager
def context_a():
    """Notes in the file that the environment names."""
    note(os.environ["NOTES"], "a-in")
    yield
    note(os.environ["NOTES"], "a-out")


@contextlib.contextmanager
def context_b():
    note(os.environ["NOTES"], "b-in")
    yield
    note(os.environ["NOTES"], "b-out")


class NotingContext:
    def __init__(self, name):
        self._name = name

    def __enter__(self):
        note(os.environ["NOTES"], f"{self._name}-in")

    def __exit__(self, *_):
        note(os.environ["NOTES"], f"{self._name}-out")


def broken_context():
    raise OSError("no context today")


def note_random(path):
    note(path, random.random())


async def never_awaited():
    """A call of it gives a coroutine and runs nothing."""


class Touchy:
    def __call__(self):
        """Nobody gets so far."""

    def __getattr__(self, name):
        raise RuntimeError("outside of a request")


touchy = Touchy()
