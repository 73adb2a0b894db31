"""Our side runs real workers; the other side is the real TaskTiger, where that is cheap."""

import json
import subprocess

import pytest

from queue_core import Engine, Settings, Worker
from tests.builders import World
from tests.defects import functions
from tests.interop.tiger import PYTHON, environment
from tests.queue_core.worker.seeds import MODULE, QUICK

PATIENT = {"redis_timeout_seconds": 10.0}
"""Thousands of tasks in one step take a moment on a busy machine."""

_PRELUDE = """
import json, sys
import redis
from tasktiger import Task, TaskTiger, Worker
told = json.loads(sys.argv[1])
connection = redis.Redis(unix_socket_path=told["socket"], decode_responses=True)
tiger = TaskTiger(connection, config=told["config"], setup_structlog=True)
def tell(value):
    print(json.dumps(value))
"""


@pytest.fixture
def make_engine(redis_url):
    """Call it for an engine with quick timers and these settings; its workers may run the functions of the tests."""
    engines = []

    def make(**settings):
        engines.append(
            Engine(redis_url, Settings(**{**QUICK, **PATIENT, **settings}), allow_modules=[MODULE, functions.__name__])
        )
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(make_engine):
    return make_engine()


@pytest.fixture
def world(raw, engine):
    return World(raw, engine.store)


@pytest.fixture
def run_once(engine):
    """Runs a worker of ours in this process, for the queues of the tests, until nothing is left to run."""
    return lambda executor="fork": Worker(engine, queues=["orders", "mail"], executor=executor).run(once=True)


@pytest.fixture
def tasktiger(server):
    """Runs a program in the real TaskTiger, with `tiger`, `connection` and `told`; (exit status, what it told last)."""
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")

    def run(program, config=(), **values):
        told = json.dumps({"socket": server.socket_path, "config": dict(config), **values})
        done = subprocess.run(
            [PYTHON, "-c", _PRELUDE + program, told],
            env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        return done.returncode, json.loads(lines[-1]) if lines else done.stderr

    return run
