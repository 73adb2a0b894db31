"""The console under gunicorn, with one observer beside it.

The observer (`signalbox sweeper --observe`) takes the snapshots that the pages show and runs operations while no other
process does.  The master process starts it anew when it dies; it ends with the master, even one killed with -9.
"""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from console import create_app
from console.garbage import keep_out_of_collections
from console.settings import ConsoleSettings
from queue_core import Engine, end_with_parent
from queue_core.errors import InvalidSettings

OBSERVE = (sys.executable, "-m", "queue_core.cli", "sweeper", "--observe")
STEADY_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30
STOP_PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Place:
    """Where and how wide to serve.  redis_url None: as the environment says.  Port 0: any free one."""

    host: str
    port: int
    redis_url: str | None = None
    workers: int = 2
    threads: int = 8


def serve(place: Place, settings: ConsoleSettings) -> None:
    """Serves until SIGTERM or SIGINT, then leaves the process.

    Raises InvalidSettings for an address of Redis that cannot be, or a port that cannot be had."""
    Engine(place.redis_url).close()
    _check_port(place.host, place.port)
    observer = Observer(place.redis_url)
    Master(Application(place, settings, observer), observer).run()


class Application(BaseApplication):
    """What gunicorn wants to know; no configuration file and no environment of gunicorn's takes part."""

    def __init__(self, place: Place, settings: ConsoleSettings, observer: "Observer"):
        self.place, self.settings, self.observer = place, settings, observer
        super().__init__(prog="signalbox console")

    def load_config(self):
        for name, value in {
            "bind": f"{_bracketed(self.place.host)}:{self.place.port}",
            "workers": self.place.workers,
            "threads": self.place.threads,
            "worker_class": "gthread",
            "graceful_timeout": 5,
            "control_socket_disable": True,
            "accesslog": None,
            "proc_name": "signalbox console",
            # names in a path take up to three characters a byte
            "limit_request_line": 8190,
            # whom to believe about addresses is `trusted_proxies` of the console's settings, nothing else
            "forwarded_allow_ips": "",
            "on_exit": lambda master: self.observer.stop(),
        }.items():
            self.cfg.set(name, value)

    def load(self):
        app = create_app(Engine(self.place.redis_url), self.settings)
        keep_out_of_collections()
        return app


class Master(Arbiter):
    """gunicorn's master process, which looks after the observer whenever it looks after its workers."""

    def __init__(self, application: Application, observer: "Observer"):
        self.observer = observer
        super().__init__(application)

    def manage_workers(self):
        super().manage_workers()
        self.observer.keep_alive()


class Observer:
    """The observing sweeper as a child process of the one that calls `keep_alive`."""

    def __init__(self, redis_url: str | None):
        # in the environment, not in the arguments, which every user of the machine can read
        self._environment = os.environ | ({"SIGNALBOX_REDIS_URL": redis_url} if redis_url else {})
        self._process = None
        self._started_at = 0.0
        self._pause_seconds = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def keep_alive(self) -> None:
        """Starts the observer when it is not running, after a pause that grows while it keeps dying early."""
        if self._process and self._process.poll() is None:
            return
        lived_seconds = time.monotonic() - self._started_at
        if self._process and lived_seconds < self._pause_seconds:
            return
        self._pause_seconds = self._next_pause(lived_seconds)
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(OBSERVE, env=self._environment, preexec_fn=end_with_parent)

    def stop(self) -> None:
        """Asks the observer to end, and kills it when it does not."""
        if not self._process or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _next_pause(self, lived_seconds: float) -> float:
        if lived_seconds > STEADY_SECONDS:
            return 1.0
        return min(LONGEST_PAUSE_SECONDS, max(1.0, self._pause_seconds * 2))


def _check_port(host: str, port: int) -> None:
    """Told here in one sentence: gunicorn would try again for seconds and fill the screen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidSettings(
                f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with --port or --host."
            ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
