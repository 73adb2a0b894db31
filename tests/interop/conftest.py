import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from queue_core import Engine, Settings, Worker, end_with_parent
from tests.interop.tiger import PYTHON, ROOT, Tiger, environment, killed_at_the_end

MODULE = "tests.interop.errands"
QUICK = {
    "lease_seconds": 2.0,
    "heartbeat_seconds": 0.5,
    "recover_seconds": 0.2,
    "promote_seconds": 0.1,
    "lock_retry_seconds": 0.1,
    "redis_timeout_seconds": 1.0,
}


@pytest.fixture
def tiger(server, tmp_path):
    """The other side, on the same empty Redis."""
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    return Tiger(server.socket_path, tmp_path / "tiger.log")


@pytest.fixture
def engine(redis_url):
    """Our engine, with quick timers; it may run the errands."""
    engine = Engine(redis_url, Settings(**QUICK), allow_modules=[MODULE])
    yield engine
    engine.close()


@pytest.fixture(params=["fork", "sync"])
def work(request, engine):
    """Runs all that is queued, on a worker of ours in this process."""
    return lambda: Worker(engine, executor=request.param).run(once=True)


@pytest.fixture
def our_worker(redis_url, tmp_path):
    """Call it for a context with a worker of ours as a process of its own (or with the sweeper: kind="sweeper")."""

    @contextlib.contextmanager
    def running(kind="worker", **settings):
        variables = {f"SIGNALBOX_{name.upper()}": str(value) for name, value in (QUICK | settings).items()}
        program = ["worker", "-m", MODULE] if kind == "worker" else [kind]
        with open(tmp_path / f"{kind}.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "queue_core.cli", *program, "--redis-url", redis_url],
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
