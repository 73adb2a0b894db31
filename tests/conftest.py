"""Fixtures: one real Redis per test process, emptied before every test."""

import os
import tempfile

import pytest
import redis
import structlog

from queue_core.embedded import Server
from queue_core.errors import NoServer
from tests import chromium
from tests.servers import wanted_binary

MARKS = {
    "interop": "interop",
    "faults": "fault",
    "bench": "slow",
    # these wait for whole worker processes
    "queue_core/worker/test_holding.py": "slow",
    "queue_core/worker/test_loop.py": "slow",
    "queue_core/worker/test_store_away.py": "slow",
}
KINDS = {"browser", "interop", "redis62", "redis70"}
REQUIRED = set(filter(None, os.environ.get("SIGNALBOX_REQUIRE", "").split(",")))


def pytest_configure(config):
    if unknown := REQUIRED - KINDS:
        raise pytest.UsageError(f"SIGNALBOX_REQUIRE names unknown kinds: {', '.join(sorted(unknown))}")


def pytest_collection_modifyitems(items):
    for item in items:
        for place, mark in MARKS.items():
            if item.path.is_relative_to(item.config.rootpath / "tests" / place):
                item.add_marker(mark)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and (kinds := _kinds_of(item) & REQUIRED):
        report.outcome = "failed"
        report.longrepr = f"skipped, but {', '.join(sorted(kinds))} is required here: {call.excinfo.value}"
    return report


def _kinds_of(item) -> set[str]:
    # every test needs the server it was told to run on
    server = "redis70" if os.environ.get("SIGNALBOX_TEST_REDIS") == "7.0" else "redis62"
    return {kind for kind in KINDS if item.get_closest_marker(kind)} | {server}


@pytest.fixture(autouse=True)
def _logs_as_delivered():
    """A command that ran inside a test has set up the logs of the whole process."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def session_server():
    """The server of this test process; tests that stop or kill a server make their own with `own_server`."""
    try:
        binary = wanted_binary()
    except NoServer as error:
        pytest.skip(str(error))
    with tempfile.TemporaryDirectory(prefix="signalbox-test-") as folder:
        server = Server(folder, binary=binary, options={"appendonly": "no"}).start()
        yield server
        server.stop()


@pytest.fixture
def server(session_server):
    """The shared server, empty."""
    with redis.Redis.from_url(session_server.url) as client:
        client.flushall()
        client.config_resetstat()
        client.slowlog_reset()
    return session_server


@pytest.fixture
def redis_url(server) -> str:
    """The address of an empty Redis."""
    return server.url


@pytest.fixture
def raw(redis_url):
    """A plain client (bytes) on the same Redis, to see what is really there."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def own_server(tmp_path):
    """A server of this test alone, with the append-only file on: it may be killed, stopped and started again."""
    server = Server(tmp_path / "redis", binary=wanted_binary()).start()
    yield server
    server.stop()


@pytest.fixture
def engine(redis_url):
    """An engine with default settings on the empty Redis."""
    from queue_core import Engine

    engine = Engine(redis_url)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def browser():
    """A running Chromium (playwright's Browser); tests that use it are skipped where there is none."""
    if not chromium.program():
        pytest.skip("there is no chromium here")
    with chromium.launched() as running:
        yield running
