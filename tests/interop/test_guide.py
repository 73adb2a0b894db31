"""docs/migrating-from-tasktiger.md, followed from its first command to its last beside a real TaskTiger."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
import redis

from queue_core import Server, end_with_parent
from tests.checker import assert_sound
from tests.interop.tiger import COMMAND, PYTHON, ROOT, killed_at_the_end
from tests.servers import wanted_binary
from tests.waiting import wait_until

GUIDE = ROOT / "docs" / "migrating-from-tasktiger.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _steps():
    """(kind, text): a file with its name in the first line, a snippet of Python, or one command."""
    for kind, text in BLOCK.findall(GUIDE.read_text()):
        if kind == "sh":
            yield from (("command", line) for line in text.splitlines())
        else:
            yield ("file" if re.match(r"# \S+\.py\n", text) else "snippet"), text


@pytest.fixture
def follower(tiger, tmp_path):
    """A developer who types what the guide says."""
    server = Server(tmp_path / "redis", _free_port(), wanted_binary(), password="hush").start()
    try:
        with contextlib.ExitStack() as stack:
            yield Follower(server, tmp_path, stack)
    finally:
        server.stop()


class Follower:
    """Types commands in a folder; what keeps running does so until it is told to stop, or until the end."""

    def __init__(self, server, folder, stack):
        self.server, self.folder, self._stack = server, folder, stack
        self.raw = redis.Redis.from_url(server.tcp_url)
        self.console_port = _free_port()
        self.environment = os.environ | {
            "PATH": f"{self._programs()}:{os.environ['PATH']}",
            "PYTHONPATH": f"{folder}:{ROOT}",
        }
        self.running = {}
        self._stack.callback(self.raw.close)

    def _programs(self):
        """The commands of both environments, of which a developer has one at a time."""
        folder = self.folder / "bin"
        folder.mkdir()
        ours = {"signalbox": "-m queue_core.cli", "python": ""}
        for name, more in ours.items():
            (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {more} "$@"\n')
            (folder / name).chmod(0o755)
        (folder / "tasktiger").symlink_to(COMMAND)
        return folder

    # -- what a step may be --

    def file(self, text):
        path = self.folder / text.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def snippet(self, text):
        self._run(["python", "-c", f"{text}\nimport shop.tasks, queue_core\nassert shop.tasks.tiger.delay.__func__ is "
                   "queue_core.Engine.delay"])  # fmt: skip

    def command(self, line):
        said = self._substituted(line)
        if said.startswith("export "):
            name, _, value = said.removeprefix("export ").partition("=")
            self.environment[name] = value
        elif said.startswith("kill -TERM "):
            self._run(["sh", "-c", said])
            for name in re.findall(r"\$(\w+)", said):
                self._ended(name)
        else:
            keeps_running = {
                "tasktiger": "TASKTIGER_WORKER", "signalbox worker": "OUR_WORKER",
                "signalbox sweeper": "OUR_SWEEPER", "signalbox console": "OUR_CONSOLE",
            }  # fmt: skip
            name = next((name for start, name in keeps_running.items() if said.startswith(start)), None)
            self._start(name, said) if name else self._run(shlex.split(said))

    def _substituted(self, line):
        server = self.server
        line = line.replace("redis://redis.example:6379/0", server.tcp_url)
        line = line.replace("-h redis.example -p 6379", f"-h 127.0.0.1 -p {server.port} -a {server.password}")
        line = line.replace("--port 8030", f"--port {self.console_port}")
        assert "redis.example" not in line
        return line

    def _run(self, program):
        done = subprocess.run(
            program, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def _start(self, name, said):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                shlex.split(said), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, process_group=0, preexec_fn=end_with_parent,
            )  # fmt: skip
        self._stack.enter_context(killed_at_the_end(process))
        self.running[name] = process
        self.environment[name] = str(process.pid)

    def _ended(self, name):
        status = self.running.pop(name).wait(60)
        # a TaskTiger worker that is idle dies of the signal
        assert status == 0 or (name == "TASKTIGER_WORKER" and status == -signal.SIGTERM)

    # -- what should have come of it --

    def enqueue_with_tasktiger(self, order):
        self._run([str(PYTHON), "enqueue.py", order])

    def has_receipt(self, order):
        path = self.folder / "receipts.txt"
        wait_until(lambda: path.exists() and order in path.read_text().splitlines(), 60, f"no receipt for {order}")
        wait_until(lambda: not self.raw.keys("t:task:*"), 60)
        assert_sound(self.raw)

    def told(self, name, text):
        wait_until(lambda: text in (self.folder / f"{name}.log").read_text(), 60, f"{name} should say {text!r}")

    def answers(self):
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.console_port}/login") as page,
        ):
            return page.status == 200


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _theirs_runs(it):
    it.enqueue_with_tasktiger("order-1")
    it.has_receipt("order-1")


def _console_serves(it):
    wait_until(it.answers, 60)
    it.running["OUR_CONSOLE"].terminate()
    it._ended("OUR_CONSOLE")


def _both_run(it):
    it.told("OUR_WORKER", "ready")
    it.enqueue_with_tasktiger("order-2")
    it.has_receipt("order-2")


def _theirs_runs_again(it):
    it.enqueue_with_tasktiger("order-4")
    it.has_receipt("order-4")
    assert set(it.running) == {"TASKTIGER_WORKER"}


def _nothing_of_ours_is_left(it):
    assert not it.raw.keys("t:x:*")
    it.running["TASKTIGER_WORKER"].terminate()
    it._ended("TASKTIGER_WORKER")


OUTCOMES = {
    "tasktiger -h redis.example -p 6379 -m shop.tasks": [_theirs_runs, lambda it: None],
    "export REDIS_URL=redis://redis.example:6379/0": [lambda it: None],
    "signalbox doctor": [lambda it: None],
    "signalbox queues": [lambda it: None] * 2,
    "signalbox users add ann --role operator --generate": [lambda it: None],
    "signalbox console --read-only --port 8030": [_console_serves],
    "signalbox sweeper": [lambda it: it.told("OUR_SWEEPER", "ready")],
    "signalbox worker --compat tasktiger -m shop.tasks": [_both_run],
    'kill -TERM "$TASKTIGER_WORKER"': [lambda it: None],
    "python -m queue_core.compat.tasktiger enqueue.py order-3": [lambda it: it.has_receipt("order-3")],
    'kill -TERM "$OUR_WORKER" "$OUR_SWEEPER"': [_theirs_runs_again],
    "python forget.py": [_nothing_of_ours_is_left],
    "signalbox worker -m shop.tasks": [lambda it: it.told("OUR_WORKER", "ready")],
    "python enqueue.py order-5": [lambda it: it.has_receipt("order-5")],
}
"""What must hold after a command, for each time that the guide says it."""


def test_every_command_of_the_guide_is_expected_here():
    said = [text for kind, text in _steps() if kind == "command"]
    assert {line: said.count(line) for line in said} == {line: len(outcomes) for line, outcomes in OUTCOMES.items()}


def test_the_guide_leads_to_our_workers_and_back_and_every_task_runs(follower):
    # TaskTiger's command reads no variable, the module of the application does
    follower.environment["REDIS_URL"] = follower.server.tcp_url
    outcomes = {line: iter(expected) for line, expected in OUTCOMES.items()}
    for kind, text in _steps():
        getattr(follower, kind)(text)
        if kind == "command":
            next(outcomes[text])(follower)
    receipts = (follower.folder / "receipts.txt").read_text().split()
    assert receipts == [f"order-{number}" for number in range(1, 6)]
