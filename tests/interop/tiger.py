"""A real TaskTiger on the same Redis, driven from our tests."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

from queue_core import Server, end_with_parent

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
    """Processes of TaskTiger.  log_path: where its workers write, as lines of JSON."""

    def __init__(self, server: Server, log_path: Path):
        self._server = server
        self.log_path = log_path

    def delay(self, function, *args, **options) -> str | None:
        """Enqueues as an application of TaskTiger does; the id, or None when the queue is full."""
        name = f"{function.__module__}:{function.__qualname__}"
        return self.act("delay", function=name, options={"args": list(map(_plain, args)), **options})

    def act(self, act, **values):
        """What an act of `tiger_side` answers."""
        told = subprocess.run(
            [*self._side(act, values)], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout.splitlines()[-1])

    def exceptions_of(self, queue, task_id) -> list[str]:
        """The wire names of the exceptions of a task in error, as TaskTiger reads them, oldest first."""
        _, runs = self.act("failed_runs", queue=queue, state="error", task_id=task_id)
        return [run["exception_name"] for run in runs]

    @contextlib.contextmanager
    def worker(self, config=None, **options):
        """A running TaskTiger worker with quick timers; killed at the end."""
        with self._running(self._side("work", options, config)) as process:
            yield process

    @contextlib.contextmanager
    def command(self, *options, program=COMMAND):
        """The command `tasktiger` as it is installed, with those options; killed at the end.  Its timers are slow."""
        server = self._server
        place = ["-h", "127.0.0.1", "-p", str(server.port), "-a", server.password]
        with self._running([program, *place, *options]) as process:
            yield process

    @contextlib.contextmanager
    def _running(self, program):
        with open(self.log_path, "ab") as log:
            process = subprocess.Popen(
                program, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
                preexec_fn=end_with_parent,
            )  # fmt: skip
        with killed_at_the_end(process):
            yield process

    def _side(self, act, values, config=None):
        told = {"redis_url": self._server.url, "config": QUICK | (config or {}), "do": act, **values}
        return PYTHON, "-m", "tests.interop.tiger_side", json.dumps(told)


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
