"""A Redis that goes away and comes back, or that is full."""

import contextlib
import socket
import time

import pytest
import redis

from queue_core.embedded import Server
from tests.builders import missing_replica, unwritable_disk
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import executions, lines, members, queue_task, wait_gone
from tests.servers import wanted_binary
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
PATIENT = {"lease_seconds": 30.0, "heartbeat_seconds": 0.5}


@pytest.fixture
def own_server(tmp_path):
    """A server that listens on TCP too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(tmp_path / "redis", port, wanted_binary(), password="sesame").start()
    yield server
    server.stop()


@pytest.fixture
def raw(own_server):
    with redis.Redis.from_url(own_server.url) as client:
        yield client


@BOTH
@pytest.mark.parametrize("over", ["unix socket", "TCP"])
def test_the_outcome_arrives_when_redis_was_restarted_during_the_task(own_server, raw, executor, over, tmp_path):
    url = own_server.url if over == "unix socket" else own_server.tcp_url
    done = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 1.5, score=1)
    failed = queue_task(raw, functions.fail, score=2)
    with seeds.worker_process(url, executor, **PATIENT) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        own_server.kill()
        wait_until(lambda: lines(tmp_path / "log") == ["begin", "end"])
        own_server.start()
        wait_until(lambda: _members(raw, "error") == [failed], 15)
        assert process.poll() is None
    assert not raw.exists(f"t:task:{done}") and not members(raw, "active")
    assert lines(tmp_path / "log") == ["begin", "end"]


@BOTH
def test_a_worker_outlives_a_full_disk_without_hurry_and_goes_on_afterwards(own_server, raw, executor, tmp_path):
    with (
        seeds.worker_process(own_server.url, executor) as process,
        seeds.worker_process(own_server.url, kind="sweeper"),
    ):
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        with unwritable_disk(raw):
            task_id = _left_queued(raw, tmp_path)
            before = _scripts_sent(raw)
            wait_until(lambda: _scripts_sent(raw) > before + 3, 30)
            asked_at = time.monotonic()
            asked = _scripts_sent(raw)
            wait_until(lambda: time.monotonic() - asked_at > 1)
            assert _scripts_sent(raw) - asked < 40
        wait_gone(raw, task_id)
        assert process.poll() is None


def _scripts_sent(raw):
    return raw.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)


def _left_queued(raw, tmp_path):
    raw.config_set("save", "")
    task_id = queue_task(raw, functions.note, str(tmp_path / "log"))
    raw.config_set("save", "3600 1000")
    return task_id


def test_an_idle_worker_hears_of_tasks_again_after_a_restart(own_server, raw, tmp_path):
    with seeds.worker_process(own_server.url, reread_seconds=600.0):
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        own_server.kill()
        own_server.start()
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        wait_gone(raw, queue_task(raw, functions.note, str(tmp_path / "log")))


def test_a_child_ends_before_its_lease_when_redis_stays_away(own_server, raw, tmp_path):
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30)
    with seeds.worker_process(own_server.url) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        child = int((tmp_path / "log").read_text().split()[1])
        own_server.kill()
        wait_until(lambda: not _lives(child), 5, "the lease lasts two seconds")
        own_server.start()
        wait_until(lambda: _members(raw, "error") == [task_id], 15, "recovered")
        assert process.poll() is None
    assert executions(raw, task_id)[0]["x"]["reason"] == "worker_lost"


def test_the_sync_executor_leaves_before_its_lease_ends_when_redis_stays_away(own_server, raw, tmp_path):
    queue_task(raw, functions.last_noted, str(tmp_path / "log"), 30)
    with seeds.worker_process(own_server.url, "sync") as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        own_server.kill()
        assert process.wait(5) == 70


@BOTH
def test_a_full_redis_does_not_stop_a_running_task_or_its_end(own_server, raw, executor, tmp_path):
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 3.0)
    with seeds.worker_process(own_server.url, executor) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"])
        raw.config_set("maxmemory", 1)
        wait_gone(raw, task_id)
        assert process.poll() is None
    assert lines(tmp_path / "log") == ["begin", "end"]


@BOTH
def test_the_outcome_of_a_run_arrives_once_redis_takes_writes_again(own_server, raw, executor, tmp_path):
    log = str(tmp_path / "log")
    task_id = queue_task(raw, functions.last_noted, log, 1.0)
    with seeds.worker_process(own_server.url, executor, **PATIENT) as process:
        wait_until(lambda: lines(log) == ["begin"])
        with missing_replica(raw):
            wait_until(lambda: lines(log) == ["begin", "end"])
            refused_at = time.monotonic()
            wait_until(lambda: time.monotonic() - refused_at > 0.5)
            assert members(raw, "active") == [task_id]
        wait_gone(raw, task_id)
        assert process.poll() is None
    assert lines(log) == ["begin", "end"]


def _members(raw, state):
    with contextlib.suppress(redis.ConnectionError):
        return members(raw, state)


def _lives(pid):
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False
