import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from queue_core import Engine, Server, Settings, Worker, end_with_parent
from tests.checker import faults
from tests.interop import errands
from tests.interop.both.engines import both_sides
from tests.interop.tiger import PYTHON, ROOT, Tiger, environment, killed_at_the_end
from tests.servers import wanted_binary
from tests.waiting import wait_until

MODULE = "tests.interop.errands"
QUICK = {
    "log_format": "json",
    "lease_seconds": 2.0,
    "heartbeat_seconds": 0.5,
    "recover_seconds": 0.2,
    "promote_seconds": 0.1,
    "poll_seconds": 0.1,
    "lock_retry_seconds": 0.1,
    "redis_timeout_seconds": 1.0,
}
LEFT = {
    "claims_may_stay": "t:x:claims:*",
    "recoveries_may_stay": "t:x:recoveries",
    "semaphores_may_stay": "t:qslock:*",
}
"""What such a test may leave, and cannot help it: docs/redis_keys.md."""


@pytest.fixture(scope="session")
def session_server():
    """As everywhere, and on TCP too: TaskTiger's command knows no sockets."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="signalbox-test-") as folder:
        server = Server(folder, port, wanted_binary(), password="hush", options={"appendonly": "no"}).start()
        yield server
        server.stop()


@pytest.fixture(autouse=True)
def _sound_at_the_end(raw, request):
    """Whatever both sides have done, nothing is left in Redis that the protocol does not allow."""
    yield
    for pattern in (one for name, one in LEFT.items() if name in request.fixturenames):
        for key in raw.keys(pattern):
            if not pattern.startswith("t:qslock") or raw.zscore(key, "SYSTEM_LOCK") is None:
                raw.delete(key)
    if found := list(faults(raw)):
        pytest.fail("\n".join(found))


@pytest.fixture(scope="session")
def sides():
    """{"tasktiger": …, "compat": …}: both engines, each apart on a Redis of its own."""
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    with both_sides() as sides:
        yield sides


@pytest.fixture
def claims_may_stay():
    """Theirs takes a task of ours: our claim then stays behind until it expires."""


@pytest.fixture
def recoveries_may_stay():
    """Ours puts a task back that took down a worker, and theirs finishes it: the count stays until it expires."""


@pytest.fixture
def semaphores_may_stay():
    """A limited worker of theirs is killed: its place in a queue then stays until somebody enters the queue."""


@pytest.fixture
def tiger(_sound_at_the_end, server, tmp_path):
    """The other side, on the same empty Redis."""
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    return Tiger(server, tmp_path / "tiger.log")


@pytest.fixture
def engine(redis_url):
    """Our engine, with quick timers and patient with a busy machine; it may run the errands."""
    engine = Engine(redis_url, Settings(**QUICK | {"redis_timeout_seconds": 10.0}), allow_modules=[MODULE])
    yield engine
    engine.close()


@pytest.fixture(params=["fork", "sync"])
def work(request, engine):
    """Runs all that is queued, on a worker of ours in this process."""
    return lambda: Worker(engine, executor=request.param).run(once=True)


@pytest.fixture
def our_worker(redis_url, tmp_path):
    """Call it for a context with a worker of ours as a process of its own (or with the sweeper: kind="sweeper").

    Positional arguments go to the command, the others are settings."""

    @contextlib.contextmanager
    def running(*options, kind="worker", **settings):
        variables = {f"SIGNALBOX_{name.upper()}": str(value) for name, value in (QUICK | settings).items()}
        program = ["worker", "-m", MODULE] if kind == "worker" else [kind]
        with open(tmp_path / f"{kind}.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "queue_core.cli", *program, *options, "--redis-url", redis_url],
                cwd=ROOT, env=environment() | variables, stdout=log, stderr=log, process_group=0,
                preexec_fn=end_with_parent,
            )  # fmt: skip
        with killed_at_the_end(process):
            yield process

    return running


@pytest.fixture
def notes(tmp_path):
    """A file for the errands to write into."""
    return Notes(tmp_path / "notes")


class Notes(os.PathLike):
    def __init__(self, path: Path):
        self.path = path

    def __fspath__(self):
        return str(self.path)

    __str__ = __fspath__

    @property
    def words(self) -> list[str]:
        """What has been noted, in order."""
        return [line.split()[0] for line in self.path.read_text().splitlines()] if self.path.exists() else []


@pytest.fixture
def visited(tiger, engine, notes):
    """Call it while one worker runs: by then that has looked at every queue again, and more than once.

    It enqueues with us and waits for the runs, so that the word `other` gets into the notes."""

    def visit():
        for _ in range(3):
            before = len(notes.words)
            engine.delay(errands.note, args=[str(notes), "other"], queue="elsewhere")
            wait_until(lambda seen=before: len(notes.words) > seen, 60)

    return visit


@pytest.fixture
def our_log(tmp_path):
    """Call it for the lines of the log of our worker that tell that event, oldest first."""
    return lambda event, kind="worker": told_in(tmp_path / f"{kind}.log", event)


def told_in(path: Path, event: str) -> list[dict]:
    """The lines of that event in a log; what is no JSON, or not written whole yet, is left out."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [line for line in found if isinstance(line, dict) and line.get("event") == event]
