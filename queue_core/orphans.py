"""What no worker finds: queues that hold tasks and are not listed, and records of failed runs without a task.

Only others leave such things: a TaskTiger heartbeat after the task had moved, a TaskTiger child that outlived its
parent (wire D5, D8).  Finding them takes a walk through all keys, so it is done seldom and in short steps.
"""

import re
from collections.abc import Iterator

from queue_core import states
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

_SCAN_COUNT = 1000
_GLOB = re.compile(rb"[][*?\\]")
_RECORDS = (b":executions", b":executions_count")


class Orphans:
    """The room of whoever mends what others have left."""

    def __init__(self, store: Store):
        self._store = store

    def queues(self) -> Iterator[tuple[str, str] | None]:
        """(state, queue) of every queue that holds tasks in that state and is not listed; None after each step."""
        state_keys = self._pattern(b"[" + b"".join({state[:1].encode() for state in states.ALL}) + b"]*")
        for found in self._scan(state_keys, _type="zset"):
            yield None
            for state, queue in filter(None, map(self._place, found)):
                if self._is_unlisted(state, queue):
                    yield state, queue

    def list_queue(self, state: str, queue: str) -> bool:
        """Puts it back into the set of names, where workers and the sweeper find it; whether that was needed."""
        return self._store.run("list_queue", queue=queue, state=state, publish=state == states.QUEUED) == 1

    def records(self) -> Iterator[list[str]]:
        """Ids of tasks that have failed runs and no payload, a few after each step; some state may hold them yet."""
        prefix = self._store.keys.task_prefix()
        for found in self._scan(self._pattern(b"task:*:executions*")):
            ids = {key[len(prefix) :].removesuffix(_RECORDS[1]).removesuffix(_RECORDS[0]) for key in found}
            yield self._without_payload([to_text(one) for one in ids])

    def _pattern(self, name: bytes) -> bytes:
        root = self._store.keys.task_prefix().removesuffix(b"task:")
        return _GLOB.sub(rb"\\\g<0>", root) + name

    def _scan(self, pattern, **options):
        cursor = None
        while cursor != 0:
            cursor, found = self._store.client.scan(cursor or 0, match=pattern, count=_SCAN_COUNT, **options)
            yield found

    def _place(self, key):
        for state in states.ALL:
            prefix = self._store.keys.state(state, "")
            if key.startswith(prefix):
                return state, to_text(key[len(prefix) :])
        return None

    def _is_unlisted(self, state, queue) -> bool:
        client, keys = self._store.client, self._store.keys
        listed = client.sismember(keys.names(state), to_bytes(queue))
        return not listed and client.exists(keys.state(state, queue)) == 1

    def _without_payload(self, task_ids):
        pipeline = self._store.client.pipeline()
        for task_id in task_ids:
            pipeline.exists(self._store.keys.payload(task_id))
        held = pipeline.execute() if task_ids else []
        return [task_id for task_id, exists in zip(task_ids, held, strict=True) if not exists]
