"""The checker: reads a whole Redis and says what the protocol does not allow in it.

Which keys there are, and of which types, stands in `queue_core.keys`; which of them must not stay for ever, in
docs/redis_keys.md.
"""

import json
import math
import re
from collections import Counter
from pathlib import Path

from queue_core import states
from queue_core.error_group import place
from queue_core.keys import CATALOGUE
from queue_core.text import to_text

_DOCUMENT = Path(__file__).parents[1] / "docs" / "redis_keys.md"
_ROW = re.compile(r"^\| `<p>:(?P<pattern>[^`]+)` \|.*\| (?P<bound>[^|]*\bexpires\b[^|]*) \|[^|]*\|$", re.MULTILINE)
_LONGEST_LOCK_SECONDS = 86_400


def _as_expression(pattern) -> str:
    return ".*".join(map(re.escape, re.split(r"<[^>]+>", pattern)))


TYPES = {_as_expression(pattern): kind for kind, pattern, _ in CATALOGUE.values() if pattern[0] != "<"}

EXPIRING = "|".join(
    _as_expression(row["pattern"])
    for row in _ROW.finditer(_DOCUMENT.read_text(encoding="utf-8"))
    if "after its end" not in row["bound"]
)
"""What must not stay for ever."""


def assert_sound(raw, prefix="t") -> None:
    assert not list(faults(raw, prefix))


def faults(raw, prefix="t", alone=True):
    """What is wrong, in words; nothing when every key obeys the protocol.

    alone: nothing else may be in this Redis."""
    yield from _Checker(raw, prefix, alone).faults()


class _Checker:
    def __init__(self, raw, prefix, alone):
        self.raw, self.prefix = raw, prefix
        types = {to_text(key): to_text(raw.type(key)) for key in raw.keys("*" if alone else f"{prefix}:*")}
        self.types = {key: kind for key, kind in types.items() if kind != "none"}  # expired just now
        self.members = {}  # (state, queue) -> {id: score}
        self.per_task = {}  # id -> kinds of keys

    def faults(self):
        for key in self.types:
            if not key.startswith(self.prefix + ":"):
                yield f"{key!r} is not under the prefix"
            else:
                yield from self._look_at(key, key[len(self.prefix) + 1 :])
        for look in (
            self._names,
            self._scores_are_moments,
            self._tasks,
            self._records,
            self._claims,
            self._recoveries,
            self._twins,
            self._pauses,
            self._holds,
            self._processes,
            self._operations,
            self._followed,
            self._error_groups,
            self._trash,
            self._audit,
        ):
            yield from look()

    # -- every key by itself --

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
        wanted = {kind for pattern, kind in TYPES.items() if re.fullmatch(pattern, name, re.DOTALL)}
        if not wanted:
            yield f"{key!r} is no key of the protocol"
        elif self.types[key] not in wanted:
            yield f"{key!r} is a {self.types[key]}, not a {' or '.join(sorted(wanted))}"
        if re.fullmatch(EXPIRING, name, re.DOTALL):
            yield from self._expires(key, name)

    def _expires(self, key, name):
        seconds = self.raw.ttl(self._bytes(key))
        if seconds == -1:
            yield f"{key!r} has no expiry"
        elif name.startswith("lockv2:") and seconds > _LONGEST_LOCK_SECONDS:
            yield f"{key!r} is locked for {seconds} seconds"

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

    # -- tasks --

    def _names(self):
        for state in states.ALL:
            listed = {to_text(one) for one in self.raw.smembers(f"{self.prefix}:{state}")}
            real = {queue for at, queue in self.members if at == state}
            for queue in listed ^ real:
                yield f"{state}: {queue!r} is {'listed' if queue in listed else 'there'} and not the other"

    def _scores_are_moments(self):
        for (state, _), members in self.members.items():
            for task_id, score in members.items():
                if not 0 <= score < math.inf:
                    yield f"{task_id!r} is {state} at {score}"

    def _tasks(self):
        held = Counter(task_id for members in self.members.values() for task_id in members)
        for task_id in held.keys() - {one for one, kinds in self.per_task.items() if "payload" in kinds}:
            yield f"{task_id!r} is in a state and has no payload"
        # what stood in two queues keeps its record until the sweeper has looked for it
        marked = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:twins", 0, -1)))
        for task_id, kinds in self.per_task.items():
            if not held[task_id] and task_id not in marked:
                yield f"{task_id!r} is in no state and has {sorted(kinds)}"
            if held[task_id] > 1 and not self._unique(task_id):
                yield f"{task_id!r} is in {held[task_id]} places and is not unique"

    def _unique(self, task_id):
        raw = self.raw.get(self._bytes(f"{self.prefix}:task:{task_id}"))
        return bool(raw and json.loads(raw).get("unique"))

    def _records(self):
        for task_id, kinds in self.per_task.items():
            key = self._bytes(f"{self.prefix}:task:{task_id}")
            if "list" not in kinds or self.types[to_text(key + b":executions")] != "list":
                continue
            # a retry with a fresh budget drops the count and keeps the list, so that it may be the lower one
            counted = self.raw.get(key + b":executions_count") or b"0"
            if not counted.isdigit():
                yield f"{task_id!r} counts {counted!r} failed runs"

    # -- what is ours --

    def _claims(self):
        start = f"{self.prefix}:x:claims:"
        for key in self.types:
            if key.startswith(start):
                active = self.members.get((states.ACTIVE, key[len(start) :]), {})
                for task_id, record in self.raw.hgetall(self._bytes(key)).items():
                    if to_text(task_id) not in active:
                        yield f"{to_text(task_id)!r} is claimed and not active"
                    if len(record.split(b" ", 4)) != 5:
                        yield f"{to_text(task_id)!r} is claimed by nobody: {record!r}"

    def _recoveries(self):
        waiting = {one for (state, _), ids in self.members.items() if state != states.ERROR for one in ids}
        for task_id, count in self.raw.hgetall(f"{self.prefix}:x:recoveries").items():
            if to_text(task_id) not in waiting:
                yield f"{to_text(task_id)!r} has recoveries and will not run"
            if not count.isdigit() or int(count) < 1:
                yield f"{to_text(task_id)!r} has {count!r} recoveries"

    def _twins(self):
        for task_id in map(to_text, self.raw.zrange(f"{self.prefix}:x:twins", 0, -1)):
            if "payload" in self.per_task.get(task_id, ()) and not self._unique(task_id):
                yield f"{task_id!r} is not unique and has a twin"

    def _pauses(self):
        paused = set(self.raw.zrange(f"{self.prefix}:x:paused", 0, -1))
        for queue in paused ^ set(self.raw.hkeys(f"{self.prefix}:x:pauses")):
            yield f"{queue!r} is paused without a record, or the other way round"
        for queue in paused:
            if self.raw.zscore(f"{self.prefix}:qslock:".encode() + queue, "SYSTEM_LOCK") is None:
                yield f"{queue!r} is paused for our workers only"

    def _holds(self):
        held = set(self.raw.hkeys(f"{self.prefix}:x:holds"))
        for one, count in self.raw.hgetall(f"{self.prefix}:x:holds:aside").items():
            if one not in held or not count.isdigit():
                yield f"{count!r} tasks are aside for {to_text(one)!r}, which is not held"

    def _processes(self):
        listed = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:workers", 0, -1)))
        start = f"{self.prefix}:x:worker:"
        for key in self.types:
            if key.startswith(start) and key[len(start) :] not in listed and self.raw.exists(self._bytes(key)):
                yield f"process {key[len(start) :]!r} is not listed"

    def _operations(self):
        listed = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:operations", 0, -1)))
        running = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:operations:running", 0, -1)))
        start = f"{self.prefix}:x:operation:"
        for key in self.types:
            # a frozen selection that expires is one of an operation that is about to begin
            if not key.startswith(start) or (key.endswith(":frozen") and self.raw.ttl(key) != -1):
                continue
            operation_id, _, ids = key[len(start) :].partition(":")
            if operation_id not in listed:
                yield f"operation {operation_id!r} is not listed"
            if ids:
                yield from self._list_of_operation(key, operation_id, ids, operation_id in running)
            elif (self.raw.hget(key, "status") in (b"running", b"paused")) != (operation_id in running):
                yield f"operation {operation_id!r} has another status than its list says"
            elif operation_id not in running and self.raw.ttl(key) == -1:
                yield f"operation {operation_id!r} has ended and does not expire"

    def _list_of_operation(self, key, operation_id, kind, is_running):
        if is_running or kind == "failed":
            return
        if kind != "moved":
            yield f"operation {operation_id!r} has ended and keeps its selection"
        elif self.raw.ttl(key) == -1:
            yield f"operation {operation_id!r} has ended and what it moved does not expire"

    def _followed(self):
        for member, record in self.raw.hgetall(f"{self.prefix}:x:followed").items():
            operation_id, _, retried_at = to_text(record).partition(" ")
            if place(member) is None:
                yield f"{member!r} is followed and names no task"
            elif (
                self.raw.hget(f"{self.prefix}:x:operation:{operation_id}", "followed") is None or float(retried_at) < 0
            ):
                yield f"{member!r} is followed by no operation: {record!r}"

    def _error_groups(self):
        listed = set(map(to_text, self.raw.zrange(f"{self.prefix}:x:errors:groups", 0, -1)))
        start = f"{self.prefix}:x:errors:"
        for key in self.types:
            kind, _, group_id = key.removeprefix(start).partition(":")
            if key.startswith(start) and kind in ("group", "tasks") and group_id not in listed:
                yield f"error group {group_id!r} is not listed"
            if key.startswith(start + "tasks:"):
                members = self.raw.zrange(self._bytes(key), 0, -1)
                yield from (f"{key!r} holds {one!r}, which names no task" for one in members if place(one) is None)

    def _trash(self):
        """Every list names the same entries, and the memory is their sum."""
        root = f"{self.prefix}:x:trash"
        listed = set(map(to_text, self.raw.zrange(root, 0, -1)))
        index = {to_text(one): to_text(facts) for one, facts in self.raw.hgetall(f"{root}:index").items()}
        if listed != index.keys():
            yield f"the trash lists {sorted(listed ^ index.keys())} in one place only"
        known = {one: (int(size), owner, queue) for one, (size, owner, queue) in _split_in_three(index)}
        if sum(size for size, _, _ in known.values()) != int(self.raw.get(f"{root}:bytes") or 0):
            yield "the memory of the trash is not the sum of its entries"
        for key in self.types:
            kind, _, name = key[len(root) + 1 :].partition(":") if key.startswith(root + ":") else ("", "", "")
            if kind in ("queue", "operation"):
                at = 2 if kind == "queue" else 1
                mine = {one for one, facts in known.items() if facts[at] == name}
                if mine != set(map(to_text, self.raw.zrange(self._bytes(key), 0, -1))):
                    yield f"{key!r} lists others than lie in the trash"
            elif kind in ("entry", "payload", "executions") and name not in listed:
                yield f"{key!r} is not on the list of the trash"

    def _audit(self):
        for entry_id, fields in self.raw.xrange(f"{self.prefix}:x:audit"):
            try:
                noted = json.loads(fields[b"act"])
                sound = all(isinstance(noted[name], str) for name in ("verb", "actor", "door", "outcome"))
            except (KeyError, ValueError, TypeError):
                sound = False
            if not sound:
                yield f"entry {to_text(entry_id)} of the audit trail tells no act"

    def _scores(self, key):
        if self.types[key] == "zset":
            for one, score in self.raw.zrange(self._bytes(key), 0, -1, withscores=True):
                yield to_text(one), score

    def _bytes(self, key):
        return key.encode("utf-8", "surrogateescape")


def _split_in_three(index):
    return ((one, facts.split(" ", 2)) for one, facts in index.items())
