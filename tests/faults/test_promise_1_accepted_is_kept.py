"""Accepted is kept: through a cut file, a server that is stopped and started again, and connections that break."""

import contextlib
import time

import pytest
import redis

from queue_core import Engine, Settings
from queue_core.errors import EnqueueUncertain, StoreUnavailable
from queue_core.payload import plain_id
from tests.checker import assert_sound
from tests.faults import crash_tasks, tasks
from tests.faults.crew import Crew
from tests.faults.ledger import Ledger
from tests.proxy import Proxy
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import lines, members, queue_task
from tests.waiting import wait_until

COUNT = 300


@pytest.mark.parametrize("cut_bytes", [1, 100, 1000, 5000, 20_000])
def test_a_file_whose_end_is_lost_costs_the_newest_tasks_and_no_other(own_server, cut_bytes):
    with contextlib.closing(Engine(own_server.url)) as engine:
        ids = [engine.delay(crash_tasks.again, queue="orders").id for _ in range(COUNT)]
    own_server.kill()
    file = _append_only_file(own_server)
    size = file.stat().st_size
    with open(file, "r+b") as opened:
        opened.truncate(size - cut_bytes)
    own_server.start()
    with redis.Redis.from_url(own_server.url) as raw:
        left = members(raw, "queued")
        assert_sound(raw)
    # one task takes some hundred bytes of the file; of the one that was cut in two nothing is left
    assert left == ids[: len(left)]
    assert COUNT - len(left) <= cut_bytes * COUNT / size + 2
    assert size - cut_bytes - size / COUNT * 2 <= own_server.torn_at <= size - cut_bytes


def _append_only_file(server):
    (newest,) = sorted(server.folder.glob("**/appendonly*.aof"), key=lambda path: "incr" in path.name)[-1:]
    return newest


def test_a_server_that_is_stopped_and_started_under_load_loses_nothing(tmp_path):
    crew = Crew(tmp_path, "unix", workers=2, appendfsync="everysec")
    try:
        crew.start()
        accepted = set()
        with contextlib.closing(Engine(crew.url, Settings(redis_timeout_seconds=1.0))) as engine:
            for number in range(600):
                if number in (200, 400):
                    crew.redis.stop()
                    crew.redis.start()
                accepted.add(_insist(engine))
            wait_until(lambda: _is_drained(engine), 60, "all should have run")
        assert not Ledger.read(crew.ledger_path).lost(accepted, held=set())
        assert not crew.left
    finally:
        crew.end()


def _insist(engine) -> str:
    task_id = plain_id()
    while True:
        try:
            engine.delay(tasks.work_again, [0.001], queue="orders", task_id=task_id, remember_seconds=600)
            return task_id
        except (EnqueueUncertain, StoreUnavailable):
            time.sleep(0.05)


def _is_drained(engine) -> bool:
    with contextlib.suppress(StoreUnavailable):
        return not any(engine.browse.sizes("orders")[state] for state in ("queued", "active", "scheduled"))
    return False


@pytest.mark.parametrize("executor", ["sync", "fork"])
def test_connections_that_break_in_the_middle_of_a_reply_neither_lose_a_task_nor_repeat_it(
    server, raw, executor, tmp_path
):
    log = str(tmp_path / "log")
    with contextlib.closing(Proxy(server.socket_path)) as proxy:
        ids = [queue_task(raw, functions.note, log, f"{number}", score=number + 1) for number in range(60)]
        with (
            seeds.worker_process(proxy.url, executor, lease_seconds=20.0) as process,
            seeds.worker_process(server.url, kind="sweeper", lease_seconds=20.0),
        ):
            for size in (1, 17, 60, 150, 300, 700):
                proxy.cut_after(size)
                wait_until(lambda: proxy.was_cut.is_set() or not raw.exists("t:queued"), 20)
            wait_until(lambda: not raw.exists("t:queued:orders"), 30)
            # a claim whose reply was cut comes back untouched when its lease is over
            wait_until(lambda: not (raw.exists("t:active") or raw.exists("t:queued")), 60, "all should have run")
            assert process.poll() is None
    assert sorted(lines(log), key=int) == [f"{number}" for number in range(60)]
    assert not raw.exists(*(f"t:task:{one}" for one in ids)) and not members(raw, "error")
