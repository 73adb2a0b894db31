"""Functions that tests run as tasks.  What they did is told by files, since they may run in other processes."""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from queue_core import Engine, periodic
from queue_core.errors import JobTimeoutException, RetryException
from queue_core.retry import fixed
from queue_core.worker import running

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


def note_or_die(path, text):
    if text == "die":
        die()
    note(path, text)


def check_current_task():
    queue, payload = running.current()
    assert queue == "orders" and payload.func.endswith("check_current_task")


def leave(status):
    os._exit(status)


def exit_politely(status):
    sys.exit(status)


def interrupt():
    raise KeyboardInterrupt


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


def wait_for_file(path):
    while not Path(path).exists():
        time.sleep(0.01)


class OddError(Exception):
    __module__ = None

    def __str__(self):
        raise RuntimeError("no text")


def fail_oddly():
    raise OddError
