"""The two engines as our tests drive them: each a Python of its own and a Redis of its own."""

import contextlib
import functools
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from queue_core import Server, end_with_parent
from tests.interop.tiger import PYTHON, ROOT, environment
from tests.servers import wanted_binary

ENGINES = ("tasktiger", "compat")
PASSWORD = "hush"


class Side:
    """One engine.  server: its Redis, which the scenes empty."""

    def __init__(self, name, server):
        self.name = name
        self.server = server
        self.python = PYTHON if name == "tasktiger" else Path(sys.executable)
        self.played = functools.cache(self._play)

    def program(self, *arguments) -> list:
        """The command line of a program on this engine."""
        return [self.python, "-m", "tests.interop.both.on_engine", self.name, *map(str, arguments)]

    @property
    def environment(self) -> dict:
        known = {name: value for name, value in environment().items() if not name.startswith(("SIGNALBOX_", "REDIS_"))}
        return known | {"SCENE_SOCKET": self.server.socket_path, "SCENE_PASSWORD": PASSWORD}

    def run(self, *arguments, seconds=90, **variables) -> subprocess.CompletedProcess:
        """A program, to its end."""
        return subprocess.run(
            self.program(*arguments), cwd=ROOT, env=self.environment | variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds, check=False, preexec_fn=end_with_parent,
        )  # fmt: skip

    def start(self, *arguments, stdout, stderr, **variables) -> subprocess.Popen:
        """A program, running in a group of its own."""
        return subprocess.Popen(
            self.program(*arguments), cwd=ROOT, env=self.environment | variables, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=stderr, process_group=0, preexec_fn=end_with_parent,
        )  # fmt: skip

    def _play(self, module: str) -> dict:
        """What each scene of a module told, by its name; the output of the run under ""."""
        done = self.run("tests.interop.both.stage", module, seconds=110)
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"scene"')]
        return {one.pop("scene"): one for one in told} | {"": done.stderr[-4000:]}


@contextlib.contextmanager
def both_sides():
    """{engine: Side}, each with a server of its own that also listens on TCP."""
    with contextlib.ExitStack() as running:
        yield {name: Side(name, running.enter_context(_server())) for name in ENGINES}


@contextlib.contextmanager
def _server():
    with tempfile.TemporaryDirectory(prefix="signalbox-test-") as folder:
        options = {"appendonly": "no"}
        server = Server(folder, _free_port(), wanted_binary(), password=PASSWORD, options=options).start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
