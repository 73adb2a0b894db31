"""Child processes kept alive and ended in order."""

import os
import signal
import subprocess
import sys

import pytest

from console.supervisor import Child, Supervisor, last_lines
from tests.waiting import wait_until

ENDLESS = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    with open("ended", "a") as file:
        file.write(sys.argv[1] + " ")
    sys.exit()
signal.signal(15, end)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def told():
    return []


@pytest.fixture
def supervisor(told):
    supervisor = Supervisor(told.append)
    yield supervisor
    supervisor.kill()


@pytest.fixture
def child(tmp_path):
    """Makes children that run a piece of Python."""

    def made(name, source, stage=0):
        argv = (sys.executable, "-c", source, name)
        return Child(name, argv, stage, tmp_path / "logs" / f"{name}.log", dict(os.environ), tmp_path)

    return made


def is_ready(child):
    return "ready" in last_lines(child.log_path)


def test_a_child_that_dies_is_started_again_and_that_is_said(supervisor, child, told):
    worker = child("worker", ENDLESS)
    supervisor.start([worker])
    first = worker.process.pid
    worker.process.kill()
    worker.process.wait()
    supervisor.look_after()
    assert "The worker was killed by signal 9; it starts again in 0.5 s" in told[0]
    wait_until(lambda: supervisor.look_after() or worker.running)
    assert worker.process.pid != first
    assert len(told) == 1


def test_a_child_that_keeps_dying_waits_longer_each_time(supervisor, child, told):
    worker = child("worker", "raise SystemExit(3)")
    supervisor.start([worker])
    wait_until(lambda: supervisor.look_after() or len(told) == 2)
    assert "ended with status 3; it starts again in 0.5 s" in told[0]
    assert "starts again in 1 s" in told[1]


def test_children_end_in_the_opposite_order_of_their_start(supervisor, child, tmp_path):
    children = [child("first", NOTES_ITS_END, 1), child("last", NOTES_ITS_END, 3), child("middle", NOTES_ITS_END, 2)]
    supervisor.start(children)
    wait_until(lambda: all(map(is_ready, children)))
    supervisor.stop(10)
    assert (tmp_path / "ended").read_text().split() == ["last", "middle", "first"]


def test_a_child_that_does_not_end_in_time_is_killed_and_that_is_said(supervisor, child, told):
    deaf = child("worker", DEAF)
    supervisor.start([deaf])
    wait_until(lambda: is_ready(deaf))
    supervisor.stop(0.1)
    assert deaf.process.returncode == -signal.SIGKILL
    assert "does not end in time" in told[0]


SUPERVISOR = """
import os, sys, time
from pathlib import Path
from console.supervisor import Child, Supervisor
child = Child("child", (sys.executable, "-c", "import time; time.sleep(600)"), 0, Path(sys.argv[1]), dict(os.environ),
              Path.cwd())
Supervisor(print).start([child])
print(child.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")
def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path):
    arguments = [sys.executable, "-c", SUPERVISOR, str(tmp_path / "child.log")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as supervisor:
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    wait_until(lambda: not is_alive(pid))


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_end_of_a_log_is_safe_to_print(tmp_path):
    (tmp_path / "log").write_bytes(b"one\n\ntwo \x1b[31m\xff\nthree\n")
    assert last_lines(tmp_path / "log", 2) == "two [31m\ufffd\nthree"
    assert last_lines(tmp_path / "missing") == ""


def test_a_log_that_has_grown_large_is_put_aside(supervisor, child, monkeypatch):
    monkeypatch.setattr("console.supervisor.LARGEST_LOG_BYTES", 3)
    worker = child("worker", ENDLESS)
    worker.log_path.parent.mkdir()
    worker.log_path.write_text("long ago")
    supervisor.start([worker])
    assert worker.log_path.with_suffix(".old.log").read_text() == "long ago"
    assert worker.log_path.read_text() == ""
