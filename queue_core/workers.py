"""Who is alive, who has which duty, and what people ask of a worker.

Workers of ours report themselves; TaskTiger's do not, and are seen only by what they hold.

An order to a worker is left for it in Redis, and expires.  The worker takes it with its next sign of life; nobody else
acts on it, so a worker that is gone or frozen does nothing, and no task is touched by the order itself.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import InvalidRequest, WorkerNotFound
from queue_core.queue_filter import QueueFilter
from queue_core.store import Store
from queue_core.text import json_object, shown, to_bytes, to_text

_LISTED = 500
_PRUNED = 500
_ORDERS_READ = 200

QUIET, WAKE, STOP, KILL = "quiet", "wake", "stop", "kill"
ORDERS = {
    QUIET: "take nothing new",
    WAKE: "take new tasks again",
    STOP: "finish the task and leave",
    KILL: "end a task as at its hard timeout",
}
"""What can be asked of a worker, and what it means."""
ORDER_SECONDS = 300
"""An order that nobody has taken by then is forgotten: whoever thaws after hours is not to be surprised by it."""

_HELD_QUEUES = 50
_HELD_TASKS = 20


@dataclass(frozen=True)
class WorkerInfo:
    """facts: kind, host, pid, version, queues, exclude, executor, started_at, running, refused_queues, ….

    clock_behind_seconds: where its clock differs by more than a second from that of Redis; negative: it is ahead."""

    id: str
    seen_at: float
    facts: dict


@dataclass(frozen=True)
class Order:
    """verb: one of ORDERS.  queue, task_id: of the task that `kill` means."""

    verb: str
    by: str = ""
    door: str = ""
    reason: str = ""
    at: float = 0.0
    queue: str = ""
    task_id: str = ""


@dataclass(frozen=True)
class Held:
    """What others than our workers hold of a queue: TaskTiger's, or nobody any more.

    active: tasks in that state, all of them; looked_at: how many of these were looked at, those silent for longest;
    tasks: (id, last sign of life) of those among them that no worker of ours has claimed."""

    queue: str
    active: int
    looked_at: int
    tasks: tuple[tuple[str, float], ...]


class Workers:
    """The registry of processes, and the leases on duties that only one process may have."""

    def __init__(self, store: Store):
        self._store = store

    def register(self, worker_id: str, facts: dict) -> None:
        """Says that a process has begun; the same as `beat`."""
        self.beat(worker_id, facts)

    def beat(self, worker_id: str, facts: dict) -> list[Order]:
        """Says that a process lives, what it does, and by how much its clock differs from that of Redis.

        Gives the orders that were left for it, which are taken by that: nobody gets them twice."""
        if offset_seconds := self._store.clock.applied_offset_seconds:
            facts = facts | {"clock_behind_seconds": round(offset_seconds, 1)}
        # one transaction, so that an order is neither taken twice nor lost between the look and the taking
        pipeline = self._store.client.pipeline(transaction=True)
        key = self._store.keys.worker(worker_id)
        # in this order, and the other way round when it leaves: no facts without a place on the list
        pipeline.zadd(self._store.keys.workers(), {to_bytes(worker_id): self._store.now()})
        pipeline.set(key, json.dumps(facts), ex=math.ceil(self._store.settings.worker_silence_seconds * 2))
        orders = self._store.keys.orders(worker_id)
        pipeline.hgetall(orders)
        pipeline.delete(orders)
        return _orders(pipeline.execute()[2])

    def leave(self, worker_id: str) -> None:
        """Takes a process off the list."""
        pipeline = self._store.client.pipeline()
        pipeline.delete(self._store.keys.worker(worker_id), self._store.keys.orders(worker_id))
        pipeline.zrem(self._store.keys.workers(), to_bytes(worker_id))
        pipeline.execute()

    def alive(self) -> list[WorkerInfo]:
        """Processes that gave a sign of life within `settings.worker_silence_seconds`, newest first, at most 500."""
        since = self._store.now() - self._store.settings.worker_silence_seconds
        rows = self._store.client.zrevrangebyscore(
            self._store.keys.workers(), "+inf", since, start=0, num=_LISTED, withscores=True
        )
        if not rows:
            return []
        raw_facts = self._store.client.mget([self._store.keys.worker(to_text(worker_id)) for worker_id, _ in rows])
        return [
            WorkerInfo(to_text(worker_id), seen_at, json_object(raw))
            for (worker_id, seen_at), raw in zip(rows, raw_facts, strict=True)
        ]

    def get(self, worker_id: str) -> WorkerInfo:
        """One process that is alive.  Raises WorkerNotFound."""
        pipeline = self._store.client.pipeline()
        pipeline.zscore(self._store.keys.workers(), to_bytes(worker_id))
        pipeline.get(self._store.keys.worker(worker_id))
        seen_at, raw = pipeline.execute()
        if seen_at is None or seen_at < self._store.now() - self._store.settings.worker_silence_seconds:
            raise WorkerNotFound(f"No worker of ours that is alive has the id {shown(worker_id)}.", worker_id=worker_id)
        return WorkerInfo(worker_id, seen_at, json_object(raw))

    def unserved(self, queues) -> list[str] | None:
        """Those of `queues` from which no worker of ours that is alive takes new tasks; TaskTiger's are unknown.

        None: so many processes are alive that not all of them are looked at."""
        alive = self.alive()
        if len(alive) >= _LISTED:
            return None
        return [queue for queue, count in _serving(queues, alive).items() if not count]

    def serving(self, queues) -> dict[str, int]:
        """How many workers of ours that are alive take new tasks from each of `queues`; TaskTiger's are unknown."""
        return _serving(queues, self.alive())

    def prune(self) -> int:
        """Takes those off the list that have been silent for too long, at most 500; gives how many."""
        listed, until = self._store.keys.workers(), self._store.now() - self._store.settings.worker_silence_seconds
        silent = self._store.client.zrangebyscore(listed, "-inf", until, start=0, num=_PRUNED, withscores=True)
        if not silent:
            return 0
        self._store.client.delete(*[self._store.keys.worker(to_text(worker_id)) for worker_id, _ in silent])
        # by score, not by name: one that speaks again in this moment stays on the list
        return self._store.client.zremrangebyscore(listed, "-inf", silent[-1][1])

    # -- orders --

    def order(
        self, verb: str, worker_id: str, *, actor: Actor, reason: str = "", queue: str = "", task_id: str = ""
    ) -> None:
        """Asks a worker of ours for one of ORDERS; it does so with its next sign of life, within `heartbeat_seconds`.

        queue, task_id: what `kill` means; a task that it does not run any more by then is left alone.
        Raises WorkerNotFound, InvalidRequest."""
        if verb not in ORDERS:
            raise InvalidRequest(f"A worker can be asked to {', '.join(ORDERS)}, not to {verb}.")
        if verb == KILL and not (task_id and reason.strip()):
            raise InvalidRequest("Killing a task needs its id and a reason: whoever finds it failed will ask.")
        one = self.get(worker_id)
        if one.facts.get("kind") != "worker":
            raise InvalidRequest("Only workers take orders; a sweeper is stopped where it runs.")
        place = {"queue": queue, "task_id": task_id} if verb == KILL else {}
        record = {"by": actor.name, "door": actor.door, "reason": reason, "at": self._store.now(), **place}
        where = {"worker": worker_id, "host": one.facts.get("host"), "pid": one.facts.get("pid")}
        pipeline = self._store.client.pipeline(transaction=True)
        key = self._store.keys.orders(worker_id)
        # the newest word counts: who is woken is not to fall quiet by an older order
        pipeline.hdel(key, *{QUIET: (WAKE,), WAKE: (QUIET,)}.get(verb, (verb,)))
        pipeline.hset(key, verb, json.dumps(record))
        pipeline.expire(key, ORDER_SECONDS)
        pipeline.xadd(
            self._store.keys.audit(),
            {"act": act(f"{verb}_worker", actor, reason=reason, **{n: v or None for n, v in place.items()}, **where)},
            maxlen=self._store.settings.max_audit_entries,
            approximate=True,
        )
        pipeline.execute()

    def orders(self, worker_ids: list[str]) -> dict[str, list[Order]]:
        """{worker id: orders that it has not taken yet}, of those that have any; at most 200 workers are looked at."""
        pipeline = self._store.client.pipeline()
        looked_at = worker_ids[:_ORDERS_READ]
        for worker_id in looked_at:
            pipeline.hgetall(self._store.keys.orders(worker_id))
        replies = pipeline.execute(raise_on_error=False) if looked_at else []
        found = {worker_id: _orders(reply) for worker_id, reply in zip(looked_at, replies, strict=True)}
        return {worker_id: orders for worker_id, orders in found.items() if orders}

    # -- what others hold --

    def held_by_others(self, queues: list[str]) -> list[Held]:
        """Of up to 50 queues, those with active tasks that no worker of ours has claimed.

        The wire names no worker, so who holds them cannot be told.  20 tasks of each queue are looked at."""
        keys, queues = self._store.keys, queues[:_HELD_QUEUES]
        pipeline = self._store.client.pipeline()
        for queue in queues:
            pipeline.zcard(keys.state(states.ACTIVE, queue))
            pipeline.zrange(keys.state(states.ACTIVE, queue), 0, _HELD_TASKS - 1, withscores=True)
        replies = pipeline.execute(raise_on_error=False) if queues else []
        found = [
            (queue, size, members)
            for queue, size, members in zip(queues, replies[::2], replies[1::2], strict=True)
            if isinstance(size, int) and isinstance(members, list) and members
        ]
        for queue, _, members in found:
            pipeline.hmget(keys.claims(queue), [task_id for task_id, _ in members])
        claims = pipeline.execute(raise_on_error=False) if found else []
        held = [
            Held(queue, size, len(members), _unclaimed(members, records))
            for (queue, size, members), records in zip(found, claims, strict=True)
        ]
        return [one for one in held if one.tasks]

    def have_claimed(self, queues: list[str]) -> bool:
        """Whether a worker of ours, alive or dead, has claimed anything in one of the first 50 of `queues`."""
        keys = [self._store.keys.claims(queue) for queue in queues[:_HELD_QUEUES]]
        return bool(keys) and self._store.client.exists(*keys) > 0

    # -- duties --

    def hold(self, duty: str, token: str, seconds: float) -> bool:
        """Takes or renews a duty's lease; whether it is ours now."""
        return self._store.run("hold", lease=self._store.keys.lease(duty), token=token, seconds=seconds) == 1

    def drop(self, duty: str, token: str) -> None:
        """Gives a duty up, if it is ours."""
        self._store.run("release_lock", lock=self._store.keys.lease(duty), token=token)

    def holder(self, duty: str) -> str | None:
        """The token of the process that has the duty now."""
        token = self._store.client.get(self._store.keys.lease(duty))
        return to_text(token) if token else None


def _serving(queues, alive) -> dict[str, int]:
    # fifty workers of a deployment share one filter
    filters = Counter(_filter(one.facts) for one in alive if _takes_tasks(one.facts))
    return {queue: sum(count for each, count in filters.items() if each.accepts(shown(queue))) for queue in queues}


def _takes_tasks(facts) -> bool:
    return facts.get("kind") == "worker" and not facts.get("quiet")


def _filter(facts) -> QueueFilter:
    return QueueFilter.of(_names(facts.get("queues")), _names(facts.get("exclude")))


def _names(value) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _orders(reply) -> list[Order]:
    """What stands in a hash of orders; what is not one of ours is passed over."""
    if not isinstance(reply, dict):
        return []
    read = [(to_text(verb), json_object(raw)) for verb, raw in reply.items()]
    return sorted((_order(verb, record) for verb, record in read if verb in ORDERS), key=lambda one: one.at)


def _order(verb, record) -> Order:
    texts = {name: record[name] for name in ("by", "door", "reason", "queue", "task_id") if _is(record.get(name), str)}
    at = record.get("at")
    return Order(verb, at=float(at) if _is(at, int | float) and math.isfinite(at) else 0.0, **texts)


def _is(value, kind) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _unclaimed(members, records) -> tuple[tuple[str, float], ...]:
    if not isinstance(records, list):
        return ()
    return tuple(
        (to_text(task_id), score)
        for (task_id, score), record in zip(members, records, strict=True)
        if not _claims(record, score)
    )


def _claims(record, score) -> bool:
    """Whether the claim record is that of the present holder: it counts only together with the score it names."""
    try:
        return record is not None and float(record.split(b" ", 1)[0]) == score
    except ValueError:
        return False
