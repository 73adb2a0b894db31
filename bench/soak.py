"""Everything at once, for as long as you like: `bin/bench soak [--minutes N] [--seed S]`.

Producers, workers, sweepers and operators work on one Redis while all of them are killed, frozen and cut off.  In the
end everything is drained and counted.  Exit status 0 when nothing is wrong.  Method: bench/README.md
"""

import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
import redis

from bench.soaking import load, verdict
from bench.soaking.crew import SoakCrew
from bench.soaking.load import Accepted, Producer
from bench.soaking.memory import Memory
from bench.soaking.people import Operator
from bench.soaking.weather import KINDS, Weather
from queue_core import Actor, Engine, states
from queue_core.errors import NotPaused, SignalboxError
from queue_core.twins import Twins
from tests.checker import faults
from tests.faults.ledger import Ledger
from tests.waiting import wait_until

_PRODUCERS = 3
_SAMPLE_SECONDS = 5.0
_TELL_SECONDS = 10.0
_DRAIN_SECONDS = 240.0
_RECUR_SECONDS = 30.0
_TICKS = "ticks"


@click.command()
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--seed", type=int, help="What is chosen by chance follows from it; without it one is drawn.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(2), help="Half of them sync, half fork.")
@click.option("--transport", default="unix", show_default=True, type=click.Choice(["unix", "tcp"]))
def main(minutes, seed, workers, transport):
    """Soak the engine, and say what became of every task."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    title = f"seed {seed}, {minutes:g} minutes, {workers} workers, over {transport}, appendfsync always"
    print(title, flush=True)
    folder = Path(tempfile.mkdtemp(prefix="signalbox-soak-"))
    crew = SoakCrew(folder, transport, workers)
    try:
        report = Soak(crew, minutes * 60, seed).run()
    finally:
        crew.end()
    for name, value in report.items():
        print(f"{name:<38} {_shown(value)}")
    wrong = [name for name in (*verdict.MUST_BE_NOTHING, "memory grows") if report[name]]
    print(title)
    print(f"WRONG: {', '.join(wrong)}; everything is in {folder}" if wrong else "nothing is wrong")
    if not wrong:
        shutil.rmtree(folder)
    sys.exit(1 if wrong else 0)


class Soak:
    """One run of it."""

    def __init__(self, crew: SoakCrew, seconds: float, seed: int):
        self._crew, self._seconds = crew, seconds
        self._accepted, self._done = Accepted(), _Tail(crew.ledger_path)
        crew.redis.start()
        url = crew.url
        self._producers = [Producer(url, self._accepted, f"{seed} producer {n}") for n in range(_PRODUCERS)]
        self._operator = Operator(url, f"{seed} operator")
        self._weather = Weather(crew, f"{seed} weather")
        self._memory = Memory(url)
        self._engine = Engine(url)
        self._began_at = self._sample_at = self._tell_at = time.monotonic()

    def run(self) -> dict:
        """What became of it all, by name of the count."""
        self._crew.start_all()
        for thread in (*self._producers, self._operator):
            thread.start()
        while time.monotonic() < self._began_at + self._seconds:
            self._weather.pass_by()
            self._look()
        self._end_load()
        wait_until(lambda: self._crew.keep_up() or self._is_drained(), _DRAIN_SECONDS, "all should have been drained")
        self._drained_at_byte = self._crew.ledger_path.stat().st_size
        wait_until(lambda: self._crew.keep_up() or self._recurs_still(), _RECUR_SECONDS, "it should recur still")
        wait_until(lambda: self._crew.keep_up() or self._all_are_there(), _RECUR_SECONDS, "all should have begun")
        statuses = self._crew.stop()
        with contextlib.closing(self._engine):
            return self._report(statuses)

    # -- while it runs --

    def _look(self):
        now = time.monotonic()
        if now >= self._sample_at:
            self._memory.sample(self._accepted.count)
            self._sample_at = now + _SAMPLE_SECONDS
        if now >= self._tell_at + _TELL_SECONDS:
            self._tell_at = now
            self._tell(now)

    def _tell(self, now):
        with contextlib.suppress(SignalboxError):
            sizes = Counter()
            for queue in load.QUEUES:
                sizes.update(self._engine.browse.sizes(queue))
            waiting = sizes["queued"] + sizes["scheduled"] + sizes["active"]
            print(
                f"{now - self._began_at:6.0f} s  accepted {self._accepted.count}  done {self._done.count()}"
                f"  failed {sizes['error']}  waiting {waiting}  strikes {self._weather.done.total()}"
                f"  x: {self._memory.last.keys} keys, {self._memory.last.bytes / 1000:.0f} kB",
                flush=True,
            )

    def _end_load(self):
        self._weather.clear_up()
        for thread in (*self._producers, self._operator):
            thread.stopped.set()
        for thread in (*self._producers, self._operator):
            thread.join(60)
        for pause in self._engine.control.pauses():
            with contextlib.suppress(NotPaused):  # it has lapsed just now
                self._engine.control.resume(pause.queue, actor=_actor())

    def _is_drained(self):
        waiting = (states.QUEUED, states.ACTIVE, states.SCHEDULED)
        return not any(self._engine.browse.sizes(queue)[state] for queue in load.QUEUES for state in waiting)

    def _recurs_still(self):
        """What recurs has run since all was drained."""
        scheduled, active = self._ids(_TICKS, states.SCHEDULED), self._ids(_TICKS, states.ACTIVE)
        if active or not scheduled:
            return False
        (self._tick_id,) = scheduled
        with open(self._crew.ledger_path, "rb") as file:
            file.seek(self._drained_at_byte)
            return f"done {self._tick_id} ".encode() in file.read()

    def _all_are_there(self):
        """Whoever is still about to begin would not end as it is asked to."""
        return self._crew.pids <= {one.facts.get("pid") for one in self._engine.workers.alive()}

    def _ids(self, queue, state):
        return [row.id for row in self._engine.browse.page(queue, state).rows]

    # -- in the end --

    def _report(self, statuses) -> dict:
        ledger = Ledger.read(self._crew.ledger_path)
        in_error = verdict.errors(self._engine, [*load.QUEUES, _TICKS])
        why = Counter(reason for _, reason in in_error.values())
        judged = verdict.Verdict(ledger, self._accepted, self._operator, in_error)
        flat, memory = self._memory.judgement()
        logged = self._crew.log_lines('"event": "exception"')
        return {
            "seconds": round(time.monotonic() - self._began_at, 1),
            "accepted": self._accepted.count,
            "runs": sum(map(len, ledger.runs.values())),
            "  of what recurs": len(ledger.runs[self._tick_id]),
            "finished": len(ledger.done),
            **{f"in error: {reason}": count for reason, count in sorted(why.items())},
            "runs that ended with their process": ledger.count("gone"),
            "runs that raised": ledger.count("raised"),
            "runs broken off, by guard or frozen": ledger.count("broken off"),
            "started again, may be repeated": len(ledger.started_again(repeatable=True)),
            "enqueue: reply lost, repeated": self._accepted.uncertain,
            "enqueue: Redis away, repeated": self._accepted.away,
            "enqueue: queue full": self._accepted.full,
            "acts of operators": dict(self._operator.acts),
            "strikes": self._weather.done.total(),
            **{f"  {kind}": self._weather.done[kind] for kind in KINDS},
            "  Redis away, seconds": round(self._weather.away_seconds, 1),
            "ended by themselves, and status": {f"{who} {status}": n for (who, status), n in self._crew.left.items()},
            **{f"memory of x: {name}": value for name, value in memory.items()},
            "memory grows": not flat,
            **judged.counts(),
            **self._of_redis(),
            "errors in the logs": logged[:5] or 0,
            "bad exit status at the end": {name: status for name, status in statuses.items() if status} or 0,
        }

    def _of_redis(self) -> dict:
        """Sound as it is; and empty, but for what we keep of our own, once people have put away what failed."""
        with redis.Redis.from_url(self._crew.url) as raw:
            unsound = list(faults(raw))
            for queue in (*load.QUEUES, _TICKS):
                self._engine.control.purge(queue, states.ERROR, actor=_actor())
            for state in (states.QUEUED, states.SCHEDULED):  # it may have been about to recur
                self._engine.control.purge(_TICKS, state, actor=_actor())
            for _ in Twins(self._engine.store).part():
                pass
            unsound += list(faults(raw))
            left = [key for key in raw.scan_iter(count=1000) if not key.startswith((b"t:x:", b"t:lockv2:queue_"))]
            left += [key for key in (b"t:x:twins", b"t:x:recoveries") if raw.exists(key)]
        return {"not sound in Redis": unsound or 0, "left over in Redis": left or 0}


class _Tail:
    """Counts the runs that ended well, reading the ledger as it grows."""

    def __init__(self, path):
        self._path, self._at, self._count = path, 0, 0

    def count(self) -> int:
        if self._path.exists():
            with open(self._path, "rb") as file:
                file.seek(self._at)
                read = file.read()
            whole = read[: read.rfind(b"\n") + 1]
            self._at += len(whole)
            self._count += sum(line.startswith(b"done ") for line in whole.splitlines())
        return self._count


def _actor():
    return Actor("soak", "command line")


def _shown(value) -> str:
    text = str(value)
    return text if len(text) <= 600 else f"{text[:600]} … ({len(value)} in all)"


if __name__ == "__main__":
    main()
