"""The checker: reads a whole Redis and says what the protocol does not allow in it."""

import json
import re
from collections import Counter

from queue_core import states
from queue_core.text import to_text

EXPIRING = r"(lockv2|qslock|x:remembered|x:worker|x:lease|x:login_failures):|x:snapshot$"
"""What must not stay for ever."""

TYPES = {
    r"qslock:.*|x:paused|x:operations|x:operations:running|x:workers": "zset",
    r"x:claims:.*|x:pauses|x:users|x:recoveries|x:operation:[^:]+": "hash",
    r"(lockv2|x:remembered|x:worker|x:lease|x:login_failures):.*|x:snapshot|x:secret": "string",
    r"x:operation:[^:]+:ids": "list",
    r"x:audit": "stream",
}


def assert_sound(raw, prefix="t") -> None:
    assert not list(faults(raw, prefix))


def faults(raw, prefix="t"):
    """What is wrong, in words; nothing when every key obeys the protocol."""
    yield from _Checker(raw, prefix).faults()


class _Checker:
    def __init__(self, raw, prefix):
        self.raw, self.prefix = raw, prefix
        types = {to_text(key): to_text(raw.type(key)) for key in raw.keys("*")}
        self.types = {key: kind for key, kind in types.items() if kind != "none"}  # expired just now
        self.members = {}  # (state, queue) -> {id: score}
        self.per_task = {}  # id -> kinds of keys

    def faults(self):
        for key in self.types:
            if not key.startswith(self.prefix + ":"):
                yield f"{key!r} is not under the prefix"
            else:
                yield from self._look_at(key, key[len(self.prefix) + 1 :])
        yield from self._names()
        yield from self._tasks()
        yield from self._claims()
        yield from self._recoveries()
        yield from self._pauses()
        yield from self._operations()

    def _look_at(self, key, name):
        state, colon, queue = name.partition(":")
        if state in states.ALL:
            yield from self._typed(key, "zset" if colon else "set")
            if colon:
                self.members[state, queue] = dict(self._scores(key))
        elif name.startswith("task:"):
            yield from self._task_key(key, name[5:])
        else:
            yield from self._other_key(key, name)

    def _other_key(self, key, name):
        wanted = next((kind for pattern, kind in TYPES.items() if re.fullmatch(pattern, name, re.DOTALL)), None)
        if wanted is None:
            yield f"{key!r} is no key of the protocol"
        else:
            yield from self._typed(key, wanted)
        if re.match(EXPIRING, name) and self.raw.ttl(self._bytes(key)) == -1:
            yield f"{key!r} has no expiry"

    def _typed(self, key, wanted):
        if self.types[key] != wanted:
            yield f"{key!r} is a {self.types[key]}, not a {wanted}"

    def _task_key(self, key, rest):
        for suffix, kind, wanted in ((":executions_count", "count", "string"), (":executions", "list", "list")):
            if rest.endswith(suffix):
                task_id, found = rest.removesuffix(suffix), (kind, wanted)
                break
        else:
            task_id, found = rest, ("payload", "string")
        self.per_task.setdefault(task_id, set()).add(found[0])
        yield from self._typed(key, found[1])

    def _names(self):
        for state in states.ALL:
            listed = {to_text(one) for one in self.raw.smembers(f"{self.prefix}:{state}")}
            real = {queue for at, queue in self.members if at == state}
            for queue in listed ^ real:
                yield f"{state}: {queue!r} is {'listed' if queue in listed else 'there'} and not the other"

    def _tasks(self):
        held = Counter(task_id for members in self.members.values() for task_id in members)
        for task_id in held.keys() - {one for one, kinds in self.per_task.items() if "payload" in kinds}:
            yield f"{task_id!r} is in a state and has no payload"
        for task_id, kinds in self.per_task.items():
            if not held[task_id]:
                yield f"{task_id!r} is in no state and has {sorted(kinds)}"
            elif held[task_id] > 1 and not self._unique(task_id):
                yield f"{task_id!r} is in {held[task_id]} places and is not unique"

    def _unique(self, task_id):
        raw = self.raw.get(self._bytes(f"{self.prefix}:task:{task_id}"))
        return bool(raw and json.loads(raw).get("unique"))

    def _claims(self):
        start = f"{self.prefix}:x:claims:"
        for key in self.types:
            if key.startswith(start):
                active = self.members.get((states.ACTIVE, key[len(start) :]), {})
                for task_id in map(to_text, self.raw.hkeys(self._bytes(key))):
                    if task_id not in active:
                        yield f"{task_id!r} is claimed and not active"

    def _recoveries(self):
        waiting = {one for (state, _), ids in self.members.items() if state != states.ERROR for one in ids}
        for task_id in map(to_text, self.raw.hkeys(f"{self.prefix}:x:recoveries")):
            if task_id not in waiting:
                yield f"{task_id!r} has recoveries and will not run"

    def _pauses(self):
        paused = set(self.raw.zrange(f"{self.prefix}:x:paused", 0, -1))
        for queue in paused ^ set(self.raw.hkeys(f"{self.prefix}:x:pauses")):
            yield f"{queue!r} is paused without a record, or the other way round"
        for queue in paused:
            if self.raw.zscore(f"{self.prefix}:qslock:".encode() + queue, "SYSTEM_LOCK") is None:
                yield f"{queue!r} is paused for our workers only"

    def _operations(self):
        listed = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:operations", 0, -1)))
        running = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:operations:running", 0, -1)))
        start = f"{self.prefix}:x:operation:"
        for key in self.types:
            if not key.startswith(start):
                continue
            operation_id, _, ids = key[len(start) :].partition(":")
            if operation_id not in listed:
                yield f"operation {operation_id!r} is not listed"
            if ids:
                if operation_id not in running:
                    yield f"operation {operation_id!r} has ended and keeps its selection"
            elif (self.raw.hget(key, "status") == b"running") != (operation_id in running):
                yield f"operation {operation_id!r} has another status than its list says"
            elif operation_id not in running and self.raw.ttl(key) == -1:
                yield f"operation {operation_id!r} has ended and does not expire"

    def _scores(self, key):
        if self.types[key] == "zset":
            for one, score in self.raw.zrange(self._bytes(key), 0, -1, withscores=True):
                yield to_text(one), score

    def _bytes(self, key):
        return key.encode("utf-8", "surrogateescape")
