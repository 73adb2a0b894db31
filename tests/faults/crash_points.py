"""Kills a process at every boundary, one after the other, and counts what became of the tasks.

    python -m tests.faults.crash_points                    every row of the table
    python -m tests.faults.crash_points finish sweeper     those whose boundary or process has such a word

Each case has its own prefix on one Redis.  A process with plenty to do dies at the boundary, for real; then a fresh
worker and a fresh sweeper do what is left.  Exit status 0 when nothing was lost, no two runs of a task overlapped, no
task that must not be repeated was started again, every key is one that the protocol knows, and every process did die.
"""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from queue_core import Server, Worker, crash_points, end_with_parent, states
from queue_core.sweeper import Sweeper
from queue_core.text import to_text
from queue_core.worker.executors.sync import LOST_LEASE_STATUS
from tests.checker import faults
from tests.faults.crash_roles import ROLES, Stage
from tests.faults.crash_table import Case, all_cases
from tests.faults.ledger import Ledger, Pen
from tests.servers import wanted_binary
from tests.waiting import wait_until

AT_ONCE = 10
"""Cases that are played side by side: each of them mostly waits for a lease to end."""

_DIES_WITHIN_SECONDS = 20.0
_DRAINS_WITHIN_SECONDS = 40.0
_TRIES = 3


@dataclass
class Ended:
    """What came of a case.  died: it was really killed there."""

    case: Case
    died: bool
    lost: int = 0
    overlapping: int = 0
    started_again: int = 0
    wrong: tuple = ()
    tasks: int = 0

    @property
    def well(self) -> bool:
        return self.died and not (self.lost or self.overlapping or self.started_again or self.wrong)


def main(words) -> int:
    cases = [case for case in all_cases() if not words or any(word in f"{case.boundary} {case.who}" for word in words)]
    folder = Path(tempfile.mkdtemp(prefix="signalbox-crash-"))
    began_at = time.monotonic()
    server = Server(folder / "redis", binary=wanted_binary(), options={"appendonly": "no"}).start()
    try:
        with multiprocessing.get_context("fork").Pool(min(AT_ONCE, len(cases))) as pool:
            play = partial(play_until_it_dies, server.url, folder)
            results = list(pool.imap_unordered(play, enumerate(cases), chunksize=1))
        # with the machine to itself: a process that is slowed down by the other cases may never get to its point
        alone = enumerate(results, start=len(cases))
        results = [one if one.died else play((number, one.case)) for number, one in alone]
    finally:
        server.stop()
    _print(results, time.monotonic() - began_at)
    wrong = [one for one in results if not one.well]
    if not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


# -- one case --


def play_until_it_dies(url, folder, numbered) -> Ended:
    """On a machine that is busy with other things a lease may be lost on the way to the point; then once more."""
    number, case = numbered
    for attempt in range(_TRIES):
        ended = _play(url, folder / f"{number}.{attempt}", f"c{number}.{attempt}", case)
        if ended.died:
            break
    return ended


def _play(url, folder, prefix, case) -> Ended:
    folder.mkdir()
    stage = Stage(url, prefix, folder)
    role = ROLES[case.role](stage, case.style)
    with contextlib.closing(stage.engine(redis_timeout_seconds=20.0)) as engine:
        try:
            role.prepare(engine)
            died = _die(stage, role, case, engine)
            trouble = []
            for step in _afterwards(role, stage, engine):
                trouble += step() or []
            return _judge(stage, role, case, engine, died, trouble)
        except Exception:
            return Ended(case, True, wrong=(traceback.format_exc(),))


def _afterwards(role, stage, engine):
    work = partial(_finish_the_work, stage, engine)
    return [work, partial(role.carry_on, engine), work] if role.comes_late else [partial(role.carry_on, engine), work]


def _die(stage, role, case, engine) -> bool:
    mark = stage.folder / "died"
    process = Process(stage, "victim", lambda: _armed(case.point, mark, role.act))
    until = time.monotonic() + _DIES_WITHIN_SECONDS
    asked = False
    while not process.ended and time.monotonic() < until:
        if not asked and _is_to_stop(role, engine, process):
            process.ask_to_stop()
            asked = True
        time.sleep(0.02)
    process.kill()
    return mark.exists()


def _is_to_stop(role, engine, process) -> bool:
    if role.is_stopped_early:
        return "processing" in process.said or "sweeping" in process.said
    return role.stops_when_drained and _is_drained(engine)


def _armed(point, mark, act):
    def die_once():
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.die = die_once
    crash_points.arm(point)
    act()


def _finish_the_work(stage, engine) -> list[str]:
    def work():
        Worker(stage.engine_at_work(), executor="sync").run()

    def sweep():
        Sweeper(stage.engine()).run()

    fresh = {"worker": Process(stage, "worker", work), "sweeper": Process(stage, "sweeper", sweep)}

    def drained():
        if fresh["worker"].ended and fresh["worker"].status == LOST_LEASE_STATUS:
            fresh["worker"] = Process(stage, "worker", work)  # as a service manager does
        return "ready" in fresh["worker"].said and _is_drained(engine) and not engine.operations.running()

    try:
        wait_until(lambda: "ready" in fresh["sweeper"].said, 20, "the sweeper should be there")
        wait_until(drained, _DRAINS_WITHIN_SECONDS, f"all should have been drained of {stage.prefix}")
        for process in fresh.values():
            process.ask_to_stop()
        return [f"the fresh {name} left with {one.wait(10)}" for name, one in fresh.items() if one.wait(10)]
    finally:
        for process in fresh.values():
            process.kill()


def _judge(stage, role, case, engine, died, trouble) -> Ended:
    ledger = Ledger.read(stage.ledger_path)
    held = {to_text(one) for queue in engine.leases.queues(states.ERROR) for one in _members(engine, "error", queue)}
    with redis.Redis.from_url(stage.url) as raw:
        unsound = list(faults(raw, stage.prefix, alone=False))
    lost = ledger.lost(stage.accepted, held) - stage.removed
    told = [f"lost {one}, which {ledger.runs.get(one) or 'never began'}; see {stage.folder}" for one in lost]
    return Ended(
        case,
        died,
        lost=len(lost),
        overlapping=len(ledger.overlaps()),
        started_again=len(ledger.started_again(repeatable=False)),
        wrong=(*trouble, *unsound, *told, *role.wrong(engine)),
        tasks=len(stage.accepted),
    )


def _is_drained(engine) -> bool:
    """One atomic look: between two of them a task could change its state unseen."""
    look = engine.store.client.pipeline(transaction=True)
    for state in (states.QUEUED, states.ACTIVE, states.SCHEDULED):
        look.smembers(engine.store.keys.names(state))
    return set().union(*look.execute()) <= {b"recurring", b"held"}


def _members(engine, state, queue):
    return engine.store.client.zrange(engine.store.keys.state(state, queue), 0, -1)


class Process:
    """A process of a case; its end stands in the ledger.  status: its exit status, None while it lives."""

    def __init__(self, stage, name, act):
        self.status = None
        self._name = name
        self._pen = Pen(stage.ledger_path)
        self._log_path = stage.folder / f"{name}.{time.monotonic()}.log"
        self._pid = os.fork()
        if self._pid == 0:
            _be(act, self._log_path)

    @property
    def said(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    @property
    def ended(self) -> bool:
        return self._reap(os.WNOHANG)

    def ask_to_stop(self):
        self._signal(signal.SIGTERM)

    def kill(self):
        self._signal(signal.SIGKILL)
        self._reap(0)
        self._pen.close()

    def wait(self, seconds) -> int:
        """Its exit status."""
        wait_until(lambda: self.ended, seconds, f"the {self._name} should have stopped")
        return self.status

    def _signal(self, number):
        if self.status is None:
            os.kill(self._pid, number)

    def _reap(self, options) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self._pid, options)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                self._pen.note_gone(self._pid)
        return self.status is not None


def _be(act, log_path):
    status = 1
    try:
        end_with_parent(signal.SIGKILL)
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        act()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


# -- telling --


def _print(results, seconds):
    by_boundary = defaultdict(list)
    for one in results:
        by_boundary[one.case.boundary].append(one)
    for boundary in sorted(by_boundary, key=lambda name: (name.split(":")[1], name)):
        outcomes = "   ".join(
            f"{one.case.who}: {_outcome(one)}" for one in sorted(by_boundary[boundary], key=lambda one: one.case.who)
        )
        print(f"{boundary:<30} {outcomes}")
    for one in results:
        for why in one.wrong:
            print(f"\n{one.case.boundary} ({one.case.who}): {why}")
    total = Counter()
    for one in results:
        total.update(lost=one.lost, overlapping=one.overlapping, again=one.started_again, tasks=one.tasks)
    print(
        f"\n{len(results)} deaths at {len(by_boundary)} boundaries, {total['tasks']} tasks, {seconds:.0f} s: "
        f"lost {total['lost']}, overlapping {total['overlapping']}, started again {total['again']}, "
        f"not sound {sum(bool(one.wrong) for one in results)}, not reached {sum(not one.died for one in results)}"
    )


def _outcome(one) -> str:
    if not one.died:
        return "NOT REACHED"
    faulty = {"LOST": one.lost, "OVERLAP": one.overlapping, "AGAIN": one.started_again, "UNSOUND": len(one.wrong)}
    return " ".join(f"{word} {count}" for word, count in faulty.items() if count) or "ok"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
