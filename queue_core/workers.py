"""Who is alive, and who has which duty.

Workers of ours report themselves; TaskTiger's do not, and are seen only by what they hold.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass

from queue_core.queue_filter import QueueFilter
from queue_core.store import Store
from queue_core.text import json_object, shown, to_bytes, to_text

_LISTED = 500
_PRUNED = 500


@dataclass(frozen=True)
class WorkerInfo:
    """facts: kind, host, pid, version, queues, exclude, executor, started_at, running, refused_queues, ….

    clock_behind_seconds: where its clock differs by more than a second from that of Redis; negative: it is ahead."""

    id: str
    seen_at: float
    facts: dict


class Workers:
    """The registry of processes, and the leases on duties that only one process may have."""

    def __init__(self, store: Store):
        self._store = store

    def register(self, worker_id: str, facts: dict) -> None:
        """Says that a process has begun; the same as `beat`."""
        self.beat(worker_id, facts)

    def beat(self, worker_id: str, facts: dict) -> None:
        """Says that a process lives, what it does, and by how much its clock differs from that of Redis."""
        if offset_seconds := self._store.clock.applied_offset_seconds:
            facts = facts | {"clock_behind_seconds": round(offset_seconds, 1)}
        pipeline = self._store.client.pipeline()
        key = self._store.keys.worker(worker_id)
        # in this order, and the other way round when it leaves: no facts without a place on the list
        pipeline.zadd(self._store.keys.workers(), {to_bytes(worker_id): self._store.now()})
        pipeline.set(key, json.dumps(facts), ex=math.ceil(self._store.settings.worker_silence_seconds * 2))
        pipeline.execute()

    def leave(self, worker_id: str) -> None:
        """Takes a process off the list."""
        pipeline = self._store.client.pipeline()
        pipeline.delete(self._store.keys.worker(worker_id))
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

    def serving(self, queues) -> dict[str, int]:
        """How many workers of ours that are alive take new tasks from each of `queues`; TaskTiger's are unknown."""
        # fifty workers of a deployment share one filter
        filters = Counter(_filter(one.facts) for one in self.alive() if _takes_tasks(one.facts))
        return {queue: sum(count for each, count in filters.items() if each.accepts(shown(queue))) for queue in queues}

    def prune(self) -> int:
        """Takes those off the list that have been silent for too long, at most 500; gives how many."""
        listed, until = self._store.keys.workers(), self._store.now() - self._store.settings.worker_silence_seconds
        silent = self._store.client.zrangebyscore(listed, "-inf", until, start=0, num=_PRUNED, withscores=True)
        if not silent:
            return 0
        self._store.client.delete(*[self._store.keys.worker(to_text(worker_id)) for worker_id, _ in silent])
        # by score, not by name: one that speaks again in this moment stays on the list
        return self._store.client.zremrangebyscore(listed, "-inf", silent[-1][1])

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


def _takes_tasks(facts) -> bool:
    return facts.get("kind") == "worker"


def _filter(facts) -> QueueFilter:
    return QueueFilter.of(_names(facts.get("queues")), _names(facts.get("exclude")))


def _names(value) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
