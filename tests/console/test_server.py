"""The observer beside the server, and what the server is told."""

import os
import signal
import socket
import sys
import time

import pytest

from console import server
from console.server import Application, Observer, Place, serve
from console.settings import ConsoleSettings
from queue_core.errors import InvalidSettings
from tests.waiting import wait_until

LIVES = (sys.executable, "-c", "import time; time.sleep(600)")
DIES = (sys.executable, "-c", "")


@pytest.fixture
def observer(monkeypatch):
    """Makes an observer that runs another command."""
    made = []

    def make(command, redis_url=None):
        monkeypatch.setattr(server, "OBSERVE", command)
        made.append(Observer(redis_url))
        return made[-1]

    yield make
    for observer in made:
        observer.stop()


def kept_alive(observer, seconds):
    """The different processes seen while it is kept alive for so long."""
    deadline, pids = time.monotonic() + seconds, set()
    while time.monotonic() < deadline:
        observer.keep_alive()
        pids.add(observer.pid)
    return pids


# -- the observer --
def test_an_observer_that_lives_is_left_alone(observer):
    assert len(kept_alive(observer(LIVES), 0.3)) == 1


def test_an_observer_that_was_killed_is_started_again(observer):
    living = observer(LIVES)
    living.keep_alive()
    first = living.pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: living.keep_alive() or living.pid != first)


def test_an_observer_that_dies_at_once_is_started_again_after_a_pause(observer):
    assert len(kept_alive(observer(DIES), 0.5)) == 1


def test_the_pause_grows_while_the_observer_keeps_dying_and_starts_over_when_it_held(observer):
    dying, pauses = observer(DIES), []
    for lived_seconds in (0, 0, 0, 0, 0, 0, 0, 61):
        dying._pause_seconds = dying._next_pause(lived_seconds)
        pauses.append(dying._pause_seconds)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 1]


def test_an_observer_that_does_not_end_is_killed(observer, monkeypatch):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    stubborn = observer((sys.executable, "-c", deaf))
    monkeypatch.setattr(server, "STOP_PATIENCE_SECONDS", 0.3)
    stubborn.keep_alive()
    pid = stubborn.pid
    stubborn.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_observer_is_told_the_address_of_redis_in_its_environment(observer, tmp_path):
    file = tmp_path / "address"
    script = f"import os, pathlib; pathlib.Path({str(file)!r}).write_text(os.environ['SIGNALBOX_REDIS_URL'])"
    observer((sys.executable, "-c", script), "redis://:secret@127.0.0.1:1/0").keep_alive()
    assert wait_until(lambda: file.exists() and file.read_text()) == "redis://:secret@127.0.0.1:1/0"


# -- the server --
def test_the_server_opens_no_control_socket_and_writes_no_access_log(redis_url):
    application = Application(Place("::1", 8030, redis_url, 3, 5), ConsoleSettings(), Observer(None))
    told = application.cfg
    assert told.control_socket_disable
    assert told.accesslog is None
    assert told.address == [("::1", 8030)]
    assert (told.workers, told.threads, told.worker_class_str, told.graceful_timeout) == (3, 5, "gthread", 5)
    assert told.forwarded_allow_ips == []


def test_the_settings_of_somebody_elses_gunicorn_take_no_part(redis_url, monkeypatch):
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--bind 0.0.0.0:1 --access-logfile -")
    told = Application(Place("127.0.0.1", 8030, redis_url), ConsoleSettings(), Observer(None)).cfg
    assert told.address == [("127.0.0.1", 8030)]
    assert told.accesslog is None


def test_a_port_that_is_taken_is_refused_in_one_sentence(redis_url):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettings, match=rf"^Port {port} on \S+ cannot be used: Address already in use"):
            serve(Place("127.0.0.1", port, redis_url), ConsoleSettings())


def test_an_address_that_is_not_of_this_machine_is_refused_in_one_sentence(redis_url):
    with pytest.raises(InvalidSettings, match=r"on 192\.0\.2\.1 cannot be used"):
        serve(Place("192.0.2.1", 0, redis_url), ConsoleSettings())
