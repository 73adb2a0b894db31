"""A stage for journeys: a Redis, a worker, a sweeper and the console, all real processes, and a user who may act."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

from queue_core import Engine, Settings
from queue_core.embedded import Server
from queue_core.snapshot import QueueCounts
from tests.servers import wanted_binary
from tests.waiting import wait_until

USER, PASSWORD = "ada", "signals and points"
COMMAND = (sys.executable, "-m", "queue_core.cli")
CHECKOUT = Path(__file__).resolve().parents[2]
QUICK = {"heartbeat_seconds": 0.5, "lease_seconds": 3.0, "recover_seconds": 0.5, "snapshot_seconds": 0.2}


class Stage:
    """folder: where the till keeps rate, receipts and letters.  address: of the console.  settings: besides QUICK."""

    def __init__(self, folder: Path, **settings):
        self.folder = folder
        self._settings = QUICK | settings
        self.server = Server(folder / "redis", binary=wanted_binary()).start()
        self.engine = Engine(self.server.url, Settings(**self._settings))
        self.engine.people.add(USER, PASSWORD, "admin")
        self.address = ""
        self._processes = {}

    def start(self, *worker: str) -> "Stage":
        """worker: its options; by default it is one for the till."""
        self.run("sweeper", "sweeper")
        self.run("worker", "worker", *(worker or ("-m", "tests.journeys.till")))
        return self.open()

    def open(self, *options: str) -> "Stage":
        """The console, over whatever is at work."""
        self.run("console", "console", "--port", "0", "--redis-url", self.server.url, *options)
        log = self.folder / "console.log"
        found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), 60, "the console's address")
        self.address = found[0]
        wait_until(self.engine.snapshot.read, 60, "the first snapshot")
        return self

    def run(self, name: str, *arguments: str) -> None:
        environment = os.environ | {
            "REDIS_URL": self.server.url,
            "TILL_FOLDER": str(self.folder),
            **{f"SIGNALBOX_{setting.upper()}": str(value) for setting, value in self._settings.items()},
        }
        with open(self.folder / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                (*COMMAND, *arguments), cwd=CHECKOUT, env=environment, stdout=log, stderr=log
            )

    def end(self, name: str) -> None:
        process = self._processes.pop(name)
        process.terminate()
        process.wait(15)

    def close(self) -> None:
        for name in list(self._processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.end(name)
        self.engine.close()
        self.server.stop()

    # -- what the till does --

    def delay(self, name: str, *args, **options):
        """Enqueues a function of the till by its name; its module, which makes an engine, is not imported here."""
        return self.engine.delay(_stand_in(name), args, **options)

    def receipt(self, order_id: str) -> str | None:
        path = self.folder / f"receipt-{order_id}"
        return path.read_text() if path.exists() else None

    def letters(self) -> int:
        return len(list(self.folder.glob("letter-*")))

    def counted(self, queue: str) -> QueueCounts:
        """What the pages show of the queue: its counts in the newest snapshot."""
        return self.engine.snapshot.read().queues.get(queue, QueueCounts())

    def sizes(self, queue: str) -> dict:
        return self.engine.browse.sizes(queue)


def _stand_in(name):
    def function():
        """Never called: only its name goes on the wire."""

    function.__module__, function.__qualname__ = "tests.journeys.till", name
    function._task_queue = {"charge": "payments.eu", "send_letter": "mail.letters"}[name]
    return function
