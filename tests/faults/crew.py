"""Redis, workers and sweeper as processes that are killed at any moment and started again, as a supervisor would."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from queue_core import Server, end_with_parent
from tests.faults.ledger import Pen
from tests.faults.tasks import LEDGER
from tests.servers import wanted_binary

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "SIGNALBOX_LEASE_SECONDS": "4",
    "SIGNALBOX_HEARTBEAT_SECONDS": "1",
    "SIGNALBOX_RECOVER_SECONDS": "1",
    "SIGNALBOX_REDIS_TIMEOUT_SECONDS": "1",
    "SIGNALBOX_SWEEPER_LEASE_SECONDS": "3",
    "SIGNALBOX_PROMOTE_SECONDS": "0.2",
    "SIGNALBOX_LOG_FORMAT": "json",
}
EXECUTORS = ("sync", "fork")

_MODULE = "tests.faults.tasks"


class Crew:
    """folder: for the data, the logs and the ledger.  transport: unix | tcp.  appendfsync: as in Redis' configuration.

    settings: more variables for all but Redis.
    left: {(name, status): times} of processes that ended without having been killed or asked to."""

    def __init__(self, folder: Path, transport: str, workers: int, appendfsync: str = "always"):
        self.ledger_path = folder / "ledger"
        self.left = Counter()
        self.settings = {}
        self._folder, self._transport = folder, transport
        self._pen = Pen(self.ledger_path)
        port = _free_port() if transport == "tcp" else None
        self.redis = Server(
            folder / "redis",
            port=port,
            password="faults" if port else None,
            binary=wanted_binary(),
            options={"appendfsync": appendfsync},
        )
        self._programs = {"sweeper": ["sweeper"]} | {
            f"worker-{number}": ["worker", "-m", _MODULE, "--executor", EXECUTORS[number % 2]]
            for number in range(workers)
        }
        self._processes: dict[str, subprocess.Popen] = {}
        self._frozen_until: dict[str, float] = {}

    @property
    def url(self) -> str:
        return self.redis.tcp_url if self._transport == "tcp" else self.redis.url

    @property
    def workers(self) -> list[str]:
        return [name for name in self._processes if not name.startswith("sweeper")]

    def start(self) -> None:
        """Redis first, then all others."""
        self.redis.start()
        self.start_all()

    def start_all(self) -> None:
        """All but Redis."""
        for name in self._programs:
            self._start(name)

    def keep_up(self) -> None:
        """Starts again whatever has ended, and lets go on what was frozen for long enough."""
        for name in [name for name, until in self._frozen_until.items() if time.monotonic() >= until]:
            self._thaw(name)
        for name in self._ended():
            self._start(name)

    def _ended(self) -> list[str]:
        """Those that have left by themselves, which is noted."""
        ended = {name: process for name, process in self._processes.items() if process.poll() is not None}
        for name, process in ended.items():
            self.left[name.partition("-")[0], process.returncode] += 1
            self._pen.note_gone(process.pid)
        return list(ended)

    def kill(self, name: str) -> None:
        """kill -9 of the sweeper or of a worker; the next `keep_up` starts a new one."""
        self._frozen_until.pop(name, None)
        self._kill(self._processes[name])
        self._start(name)

    def freeze(self, name: str, seconds: float) -> None:
        """Stops a worker, though not its child, in the middle of whatever it does."""
        os.kill(self._processes[name].pid, signal.SIGSTOP)
        self._frozen_until[name] = time.monotonic() + seconds

    def kill_child(self) -> bool:
        """kill -9 of a child that runs a task; False when no worker has one now."""
        for process in self._processes.values():
            for child in _children(process.pid):
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(child, signal.SIGKILL)
                    self._pen.note_gone(child)
                    return True
        return False

    def kill_redis(self) -> None:
        self.redis.kill()

    def restart_redis(self) -> None:
        """On the same data."""
        self.redis.start()

    def freeze_redis(self, seconds: float) -> None:
        """It answers nobody for so long, and does late what it was told meanwhile."""
        os.kill(self.redis.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self.redis.pid, signal.SIGCONT)

    def stop(self) -> dict[str, int]:
        """Asks everybody but Redis to stop; {name: exit status}.  Who left before is in `left`."""
        for name in list(self._frozen_until):
            self._thaw(name)
        for name in self._ended():
            del self._processes[name]
        for process in self._processes.values():
            process.terminate()
        statuses = {name: process.wait(30) for name, process in self._processes.items()}
        self._processes.clear()
        return statuses

    def end(self) -> None:
        """Nothing of it runs on."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self.redis.stop()
        self._pen.close()

    def _start(self, name):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SIGNALBOX_")}
        environment |= SETTINGS | {LEDGER: str(self.ledger_path), "REDIS_URL": self.url, "PYTHONPATH": str(ROOT)}
        environment |= self.settings
        with open(self._folder / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "queue_core.cli", *self._programs[name]],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: end_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def _thaw(self, name):
        del self._frozen_until[name]
        os.kill(self._processes[name].pid, signal.SIGCONT)

    def _kill(self, process):
        process.kill()
        process.wait()
        self._pen.note_gone(process.pid)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
