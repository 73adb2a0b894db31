"""A real TaskTiger on the same Redis, driven from our tests."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

from queue_core import end_with_parent

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-tasktiger" / "bin" / "python"
COMMAND = PYTHON.with_name("tasktiger")
QUICK = {
    "SELECT_TIMEOUT": 0.1,
    "QUEUE_SCHEDULED_TASKS_TIME": 0.1,
    "ACTIVE_TASK_UPDATE_TIMER": 0.5,
    "ACTIVE_TASK_UPDATE_TIMEOUT": 2,
    "REQUEUE_EXPIRED_TASKS_INTERVAL": 1,
    "LOCK_RETRY": 0.1,
}
"""Its timers, shortened."""


class Tiger:
    """socket: the path of the Redis server's socket."""

    def __init__(self, socket: str, log_path: Path):
        self._socket = socket
        self._log_path = log_path

    def delay(self, function, *args, **options) -> str:
        """Enqueues as an application of TaskTiger does; the id."""
        name = f"{function.__module__}:{function.__qualname__}"
        return self.act("delay", function=name, options={"args": list(map(_plain, args)), **options})

    def act(self, act, **values):
        """What an act of `tiger_side` answers."""
        told = subprocess.run(
            [PYTHON, "-m", "tests.interop.tiger_side", self._told(act, values)],
            cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout.splitlines()[-1])

    @contextlib.contextmanager
    def worker(self, config=None, **options):
        """A running TaskTiger worker; killed at the end."""
        with open(self._log_path, "ab") as log:
            process = subprocess.Popen(
                [PYTHON, "-m", "tests.interop.tiger_side", self._told("work", options, config)],
                cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
                preexec_fn=end_with_parent,
            )  # fmt: skip
        with killed_at_the_end(process):
            yield process

    def _told(self, act, values, config=None):
        return json.dumps({"socket": self._socket, "config": QUICK | (config or {}), "do": act, **values})


@contextlib.contextmanager
def killed_at_the_end(process):
    """Also what it has forked: a TaskTiger child outlives its parent."""
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def environment() -> dict:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def _plain(value):
    return os.fspath(value) if isinstance(value, os.PathLike) else value
