"""The workers and sweepers that are alive, as their page shows them.  Pure.

What they say of themselves stands in Redis, and may be anything.
"""

import math
from dataclasses import dataclass

from console.presenters import moment, size, visible

OVERDUE_SECONDS = 15


@dataclass(frozen=True)
class Run:
    """A task that a worker runs now.  overdue: it has run past its hard timeout, and should have been ended."""

    id: str
    queue: str
    name: str
    started_at: float | None
    hard_timeout_seconds: float | None = None
    overdue: bool = False


@dataclass(frozen=True)
class Process:
    """A process that gave a sign of life.  queues and exclude: names for people.  clock: how wrong it is, if it is."""

    id: str
    kind: str
    host: str
    pid: str
    version: str
    executor: str
    queues: str
    exclude: str
    refused_queues: str
    clock: str
    started_at: float | None
    seen_at: float
    runs: tuple[Run, ...]
    memory: str = ""
    quiet: bool = False
    silent: bool = False
    orders: tuple = ()

    @property
    def takes_orders(self) -> bool:
        return self.kind == "worker"

    @property
    def longest_running_at(self) -> float:
        return min((run.started_at for run in self.runs if run.started_at is not None), default=math.inf)


def process(worker, now: float = 0.0, silent_after_seconds: float = math.inf, orders=()) -> Process:
    """silent_after_seconds: who has said nothing for so long may be frozen.  orders: what it has not taken yet."""
    facts = worker.facts

    def word(name):
        return visible(str(facts.get(name) or ""))

    def names(name):
        return ", ".join(visible(str(each)) for each in _listed(facts.get(name)))

    return Process(
        id=worker.id,
        kind=word("kind") or "unknown",
        host=word("host") or "unknown host",
        pid=word("pid") or "unknown",
        version=word("version"),
        executor=word("executor"),
        queues=names("queues"),
        exclude=names("exclude"),
        refused_queues=names("refused_queues"),
        clock=_clock(moment(facts.get("clock_behind_seconds"))),
        started_at=moment(facts.get("started_at")),
        seen_at=worker.seen_at,
        runs=tuple(_run(each, now) for each in _listed(facts.get("running")) if isinstance(each, dict)),
        memory=_memory(moment(facts.get("memory_bytes"))),
        quiet=facts.get("quiet") is True,
        silent=now - worker.seen_at > silent_after_seconds,
        orders=tuple(orders),
    )


def _clock(behind_seconds) -> str:
    if not behind_seconds or not math.isfinite(behind_seconds):
        return ""
    return f"clock {abs(behind_seconds):,.0f} s {'behind' if behind_seconds > 0 else 'ahead of'} Redis"


def _listed(value):
    return value if isinstance(value, list | tuple) else ()


def _memory(count) -> str:
    return size(count) if count is not None and 0 <= count < math.inf else ""


def _run(facts, now):
    started_at, limit = moment(facts.get("started_at")), moment(facts.get("hard_timeout_seconds"))
    return Run(
        id=str(facts.get("id") or ""),
        queue=str(facts.get("queue") or ""),
        name=visible(str(facts.get("func") or "unknown function")),
        started_at=started_at,
        hard_timeout_seconds=limit,
        overdue=None not in (started_at, limit) and now - started_at > limit + OVERDUE_SECONDS,
    )
