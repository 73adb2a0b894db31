"""Kills and freezes workers, sweeper and Redis under load, and counts what became of the tasks.

    python -m tests.faults.kill_everything --tasks 10000 --kills 24 --transport tcp

Exit status 0 when no accepted task was lost, none ran twice at the same time, and none that must not be repeated was
started again.

Redis writes its append-only file before it answers, with `--appendfsync always`.  With `everysec` it does so only while
no sync is under way: killed in such a moment it forgets what it has just acknowledged, which is nobody's fault here but
shows in the counts at times.  Power loss is not played.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import redis

from queue_core import Engine, states
from tests.checker import faults
from tests.faults.crew import Crew
from tests.faults.ledger import WAKING_SECONDS, Ledger
from tests.faults.producer import QUEUES, Producer
from tests.waiting import wait_until

KILLS = {"kill worker": 9, "kill sweeper": 3, "kill redis": 5, "kill redis and worker": 2, "kill child": 2}
FREEZES = {"freeze worker": 2, "freeze redis": 1}
"""What is done, and how often in comparison.  Frozen means stopped, and let go on later."""

FROZEN_SECONDS = (2.0, 7.0)
"""Shorter than a lease, and longer."""

_LONGEST_AWAY_SECONDS = 1.5
_DRAIN_SECONDS = 180.0


@dataclass
class Options:
    tasks: int
    kills: int
    freezes: int
    transport: str
    appendfsync: str
    workers: int
    seed: int
    backlog: int = 300


def main(arguments=None) -> int:
    options = _options(arguments)
    folder = Path(tempfile.mkdtemp(prefix="signalbox-faults-"))
    kept = f"appendfsync {options.appendfsync}"
    print(f"over {options.transport}, {kept}, {options.workers} workers, seed {options.seed}", flush=True)
    crew = Crew(folder, options.transport, options.workers, options.appendfsync)
    try:
        report = play(crew, options)
    finally:
        crew.end()
    for name, value in report.items():
        print(f"{name:<36} {value}")
    wrong = {name for name in MUST_BE_NOTHING if report[name]}
    if report["accepted"] != options.tasks:
        wrong.add("accepted")
    print(f"WRONG: {', '.join(sorted(wrong))}; everything is in {folder}" if wrong else "nothing is wrong")
    if not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


def play(crew: Crew, options: Options) -> dict:
    """The whole run; what became of the tasks, by name of the count."""
    began_at = time.monotonic()
    crew.start()
    producer = Producer(crew.url, options.tasks, options.backlog, options.seed)
    producer.start()
    struck = _strike_at_random(crew, producer, options)
    wait_until(lambda: crew.keep_up() or not producer.is_alive(), 600, "the producer should have ended")
    with contextlib.closing(Engine(crew.url)) as engine:
        wait_until(lambda: crew.keep_up() or _is_drained(engine), _DRAIN_SECONDS, "all should have been drained")
        drained_at = time.monotonic()
        statuses = crew.stop()
        return {
            **_of_tasks(engine, crew, producer),
            "kills": sum(struck[kind] for kind in KILLS),
            **{f"  {kind}": struck[kind] for kind in KILLS | FREEZES},
            "enqueue: reply lost, repeated": producer.uncertain,
            "enqueue: Redis away, repeated": producer.away,
            "ended by themselves, and status": _listed(crew.left),
            "bad exit status at the end": {name: status for name, status in statuses.items() if status} or 0,
            "seconds": round(drained_at - began_at, 1),
        }


MUST_BE_NOTHING = (
    "lost",
    "overlapping",
    "started again, must not be repeated",
    "not sound in Redis",
    "bad exit status at the end",
)


def _of_tasks(engine, crew, producer) -> dict:
    ledger, accepted = Ledger.read(crew.ledger_path), set(producer.accepted)
    in_error = _errors(engine)
    held = {task_id for ids in in_error.values() for task_id in ids}
    with redis.Redis.from_url(crew.url) as raw:
        unsound = list(faults(raw))
    return {
        "accepted": len(accepted),
        "finished": len(accepted & ledger.done),
        "finished, yet in error": len(ledger.done & held),
        **{f"in error: {reason}": len(ids) for reason, ids in sorted(in_error.items())},
        "lost": ledger.lost(accepted, held) or 0,
        "overlapping": ledger.overlaps(WAKING_SECONDS) or 0,
        "started again, must not be repeated": ledger.started_again(repeatable=False) or 0,
        "started again, may be repeated": len(ledger.started_again(repeatable=True)),
        "runs": sum(map(len, ledger.runs.values())),
        "runs that ended with their process": ledger.count("gone"),
        "runs that raised": ledger.count("raised"),
        "runs broken off, by guard or frozen": ledger.count("broken off"),
        "not sound in Redis": unsound or 0,
    }


# -- killing --


def _strike_at_random(crew, producer, options) -> Counter:
    """What is done to the processes, spread evenly over the enqueues, each at a random moment of its share."""
    chance = random.Random(options.seed)
    plan = _plan(KILLS, options.kills, chance) + _plan(FREEZES, options.freezes, chance)
    chance.shuffle(plan)
    for number, kind in enumerate(plan):
        at_count = options.tasks * (number + chance.random()) / len(plan)
        wait_until(lambda count=at_count: crew.keep_up() or _accepted(producer) >= count, 300, "the load should go on")
        time.sleep(chance.uniform(0, 0.3))
        _strike(kind, crew, chance)
    return Counter(plan)


def _accepted(producer) -> float:
    return len(producer.accepted) if producer.is_alive() else float("inf")


def _plan(weights, count, chance) -> list[str]:
    """Each kind at least once where there is room, the others by weight."""
    kinds = list(weights)[:count]
    return kinds + chance.choices(list(weights), weights.values(), k=count - len(kinds))


def _strike(kind, crew, chance):
    if kind == "kill sweeper":
        crew.kill("sweeper")
    elif kind == "kill worker":
        crew.kill(chance.choice(crew.workers))
    elif kind == "kill child":
        wait_until(crew.kill_child, 60, "a child should run a task")
    elif kind == "freeze worker":
        crew.freeze(chance.choice(crew.workers), chance.uniform(*FROZEN_SECONDS))
    elif kind == "freeze redis":
        crew.freeze_redis(chance.uniform(*FROZEN_SECONDS))
    else:
        crew.kill_redis()
        time.sleep(chance.uniform(0, _LONGEST_AWAY_SECONDS / 2))
        if kind == "kill redis and worker":
            crew.kill(chance.choice(crew.workers))
        time.sleep(chance.uniform(0, _LONGEST_AWAY_SECONDS / 2))
        crew.restart_redis()


# -- looking --


def _is_drained(engine) -> bool:
    waiting = (states.QUEUED, states.ACTIVE, states.SCHEDULED)
    return not any(engine.browse.sizes(queue)[state] for queue in QUEUES for state in waiting)


def _listed(left) -> str:
    return ", ".join(f"{count} {name}: {status}" for (name, status), count in left.items()) or "0"


def _errors(engine) -> dict[str, list[str]]:
    """{why: task ids} of all tasks in error."""
    found = {}
    for queue in QUEUES:
        cursor = None
        while True:
            page = engine.browse.page(queue, states.ERROR, cursor=cursor, limit=200)
            for row in page.rows:
                why = (row.failure and (row.failure.reason or row.failure.exception_name)) or row.problem or "unknown"
                found.setdefault(why, []).append(row.id)
            cursor = page.next_cursor
            if cursor is None:
                break
    return found


def _options(arguments) -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--freezes", type=int, default=4)
    parser.add_argument("--transport", choices=("unix", "tcp"), default="unix")
    parser.add_argument("--appendfsync", choices=("always", "everysec"), default="always")
    parser.add_argument("--workers", type=int, default=4, help="half of them sync, half of them fork")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
