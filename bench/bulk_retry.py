"""Retry all of 200,000 errors while the sweeper is killed: `bin/bench bulk_retry [--tasks N] [--kills N]`.

The operation is carried out by a real sweeper that is killed with -9 in the middle and started again, while another
client works on the same Redis.  Exit status 1 when a task is lost, doubled or miscounted, or Redis was held up for more
than 10 ms.  Method: bench/README.md
"""

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import redis

from bench import stamps
from bench.console_pages.fill import ACTOR, write_errors
from queue_core import Engine, end_with_parent, states
from queue_core.embedded import Server
from queue_core.errors import StoreError

ROOT = Path(__file__).resolve().parent.parent
QUEUE, BESIDE = "payments.capture", "mail.beside"
SLOW_MICROSECONDS = 10_000
_QUICK = {"SIGNALBOX_SWEEPER_LEASE_SECONDS": "3", "SIGNALBOX_LOG_FORMAT": "json"}
_TELL_SECONDS = 5.0
_PAUSE_SECONDS = 0.02
_LONGEST_SECONDS = 3600.0


@dataclass
class Report:
    """still_seconds: how long nothing moved after each kill.  wrong: what must not be, in words."""

    matched: int
    done: int
    skipped: int
    seconds: float
    still_seconds: list[float]
    pings_ms: list[float]
    enqueues_ms: list[float]
    slow: list[str]
    wrong: list[str] = field(default_factory=list)


@click.command()
@click.option("--tasks", default=200_000, show_default=True, type=click.IntRange(100))
@click.option("--kills", default=3, show_default=True, type=click.IntRange(0))
def main(tasks, kills):
    """Retry all of a queue under fire, and say what became of every task."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "redis").start()
        try:
            print(f"{server.title}, Python {platform.python_version()}, {os.cpu_count()} processors")
            print(f"{tasks:,} errors, the sweeper is killed {kills} times", flush=True)
            found = run(server, Path(folder), tasks, kills, tell=lambda line: print(line, flush=True))
        finally:
            server.stop()
    print(f"{found.done:,} done and {found.skipped:,} skipped of {found.matched:,} in {found.seconds:.1f} s", end=", ")
    print(f"{found.done / found.seconds:,.0f} a second; a load of {os.getloadavg()[1]:.1f} on the machine")
    print(f"stood still after the kills: {', '.join(f'{one:.1f} s' for one in found.still_seconds) or 'never killed'}")
    for what, took in (("PING", found.pings_ms), ("enqueue", found.enqueues_ms)):
        parts = f"p50 {_part(took, 50)}, p99 {_part(took, 99)}, worst {_part(took, 100)}"
        print(f"beside it, {len(took):,} times {what}: {parts}")
    wrong = [*found.wrong, *(f"Redis was held up: {one}" for one in found.slow)]
    print("\n".join([f"{len(wrong)} WRONG", *wrong]) if wrong else "nothing is wrong")
    sys.exit(1 if wrong else 0)


def run(server: Server, folder: Path, tasks: int, kills: int, tell=lambda line: None) -> Report:
    """One such retry, from the filling of Redis to the count of every id."""
    with contextlib.closing(Engine(server.url)) as engine, redis.Redis.from_url(server.url) as raw:
        write_errors(engine, QUEUE, tasks)
        before = _ids(engine, states.ERROR)
        operation = engine.operations.start("retry", QUEUE, states.ERROR, actor=ACTOR, reason="the gateway is back")
        elsewhere = _meddle(engine, sorted(before))
        raw.config_set("slowlog-log-slower-than", SLOW_MICROSECONDS)
        raw.slowlog_reset()
        began_at = time.monotonic()
        with _Beside(server.url) as beside:
            still = _carried_out(engine, server.url, folder, operation, kills, tell)
        seconds = time.monotonic() - began_at
        ended = engine.operations.get(operation.id)
        report = Report(
            ended.matched, ended.done, ended.skipped, seconds, still, beside.pings_ms, beside.enqueues_ms, _slow(raw)
        )
        report.wrong = list(_wrong(engine, ended, before, elsewhere))
        return report


@dataclass(frozen=True)
class _Elsewhere:
    """What others did to the selection after it was frozen."""

    retried: frozenset
    deleted: frozenset
    spoilt: frozenset


def _meddle(engine, ids) -> _Elsewhere:
    """Another person retries and deletes some of the tasks, and some lose their payload; they lie over all of it."""
    count = max(3, len(ids) // 1000)
    chosen = ids[:: max(1, len(ids) // (3 * count))]
    retried, deleted, spoilt = chosen[0::3], chosen[1::3], chosen[2::3]
    for task_id in retried:
        engine.control.retry(QUEUE, task_id, actor=ACTOR)
    for task_id in deleted:
        engine.control.delete(QUEUE, states.ERROR, task_id, actor=ACTOR)
    for task_id in spoilt:
        engine.store.client.delete(engine.store.keys.payload(task_id))
    return _Elsewhere(frozenset(retried), frozenset(deleted), frozenset(spoilt))


def _carried_out(engine, url, folder, operation, kills, tell) -> list[float]:
    """Sees the operation to its end; gives how long it stood still after each kill."""
    marks = [operation.matched * (number + 1) // (kills + 1) for number in range(kills)]
    sweeper, still, killed, told_at = _sweeper(url, folder), [], None, 0.0
    deadline = time.monotonic() + _LONGEST_SECONDS
    try:
        while not (now := engine.operations.get(operation.id)).ended and time.monotonic() < deadline:
            if killed and now.met > killed[0]:
                still.append(time.monotonic() - killed[1])
                killed = None
            if marks and now.met >= marks[0]:
                marks.pop(0)
                sweeper.kill()
                sweeper.wait()
                killed = (engine.operations.get(operation.id).met, time.monotonic())
                tell(f"killed at {killed[0]:,}")
                sweeper = _sweeper(url, folder)
            if time.monotonic() > told_at + _TELL_SECONDS:
                told_at = time.monotonic()
                tell(f"{now.percent:3} %  {now.done:,} done, {now.skipped:,} skipped of {now.matched:,}")
            time.sleep(_PAUSE_SECONDS)
    finally:
        sweeper.terminate()
        sweeper.wait()
    return still


def _sweeper(url, folder):
    with open(folder / "sweeper.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "queue_core.cli", "sweeper"], cwd=ROOT, env=os.environ | _QUICK | {"REDIS_URL": url},
            stdout=log, stderr=log, preexec_fn=end_with_parent,
        )  # fmt: skip


class _Beside:
    """Another client, which asks and enqueues all the while and keeps how long each took."""

    def __init__(self, url):
        self._url, self._over = url, threading.Event()
        self.pings_ms, self.enqueues_ms = [], []
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _work(self):
        with contextlib.closing(Engine(self._url)) as engine, contextlib.suppress(StoreError):
            while not self._over.wait(_PAUSE_SECONDS):
                self.pings_ms.append(_timed(engine.store.client.ping))
                self.enqueues_ms.append(_timed(lambda: engine.delay(stamps.stamp, queue=BESIDE)))


def _timed(act) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _part(values, percent) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    return f"{ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]:.1f} ms"


def _slow(raw) -> list[str]:
    return [
        f"{one['command'][:40].decode(errors='replace')} {one['duration'] / 1000:.1f} ms"
        for one in raw.slowlog_get(128)
    ]


def _ids(engine, state) -> set[str]:
    key = engine.store.keys.state(state, QUEUE)
    return {one.decode() for one, _ in engine.store.client.zscan_iter(key, count=1000)}


def _wrong(engine, ended, before, elsewhere):
    """What must not be, in words: every id is accounted for, and the record says what happened."""
    queued, failed = _ids(engine, states.QUEUED), _ids(engine, states.ERROR)
    expected = before - elsewhere.deleted - elsewhere.spoilt
    if ended.status != "done":
        yield f"the operation is {ended.status}"
    if ended.done + ended.skipped != ended.matched or ended.matched != len(before):
        yield f"{ended.done} done and {ended.skipped} skipped are not the {len(before)} that were there"
    if ended.done != len(expected - elsewhere.retried):
        yield f"{ended.done} done, and {len(expected - elsewhere.retried)} could be retried"
    if ended.stayed != len(elsewhere.spoilt):
        yield f"{ended.stayed} stayed, and {len(elsewhere.spoilt)} had no payload"
    if queued != expected:
        yield f"{len(expected - queued)} are not queued, {len(queued - expected)} are queued that should not be"
    if failed != elsewhere.spoilt:
        yield f"{len(failed)} are in error, and {len(elsewhere.spoilt)} should be"
    lost = [one for one in queued if not engine.store.client.exists(engine.store.keys.payload(one))]
    if lost:
        yield f"{len(lost)} have lost their payload"


if __name__ == "__main__":
    main()
