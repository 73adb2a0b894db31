"""What a run left in Redis and in the log, without what differs from run to run: ids, times, hosts."""

import datetime
import json
import re
import socket
import time

STATES = ("queued", "active", "scheduled", "error")
_DAY = 86_400
_STEP = 30
_ID = re.compile(r"\b[0-9a-f]{64}\b")
_TIMES = ("time_last_queued", "scheduled_at", "time_started", "time_failed")
_PASSING = re.compile(r"(^|:)(x:|lockv2:queue_)")
"""Keys of one engine alone, and throttles that lapse by themselves."""
_UNTOLD = (
    "pid",
    "child_pid",
    "timestamp",
    "processing_duration",
    "time_failed",
    "id",
    "when",
    "traceback",
    "exception",
    "time_total",
    "time_busy",
    "utilization",
)
_REPEATED = ("could not acquire lock",)
_CORE = ("tests/interop/app", "tests/interop/examples")


class Names:
    """The same short names for the random ids of both runs."""

    def __init__(self):
        self._names = {}

    def of(self, task_id: str) -> str:
        return self._names.setdefault(task_id, f"task {len(self._names) + 1}")

    def give(self, task_id: str, payload: dict) -> None:
        """A task is called as it is called, by function and arguments; a computed id, equal on both sides, stays."""
        called = [payload.get("func", "").rpartition(":")[2], payload.get("args", []), payload.get("kwargs", {})]
        name = " ".join(map(str, filter(None, called)))
        taken = sum(one.startswith(name) for one in self._names.values())
        self._names[task_id] = task_id if payload.get("unique") else f"{name} #{taken + 1}" if taken else name

    def everywhere(self, value):
        """A JSON value with the ids in it replaced."""
        return json.loads(_ID.sub(lambda found: self.of(found[0]), json.dumps(value)))

    def where_known(self, value):
        """The same, where the order of new names would be chance."""
        return json.loads(_ID.sub(lambda found: self._names.get(found[0], "a task"), json.dumps(value)))


def left_in_redis(client, names: Names, prefix="t") -> dict:
    """State sets, payloads, executions and other keys."""
    now, keys = time.time(), _Keys(client, prefix)
    tasks = {state: {queue: _members(client, key) for queue, key in keys.beginning(f"{state}:")} for state in STATES}
    payloads = {task_id: json.loads(client.get(key)) for task_id, key in keys.matching(r"task:(\w+)")}
    in_order = [task_id for queues in tasks.values() for members in queues.values() for task_id in members]
    for task_id in dict.fromkeys([*in_order, *payloads]):
        names.give(task_id, payloads.get(task_id, {}))
    left = {
        "queues": {state: sorted(client.smembers(f"{prefix}:{state}")) for state in STATES},
        "tasks": {
            state: {queue: _told(members, names, now) for queue, members in queues.items()}
            for state, queues in tasks.items()
        },
        "payloads": {task_id: _payload(payload, now) for task_id, payload in payloads.items()},
        "executions": {
            task_id: [_execution(json.loads(one)) for one in client.lrange(key, 0, -1)]
            for task_id, key in keys.matching(r"task:(\w+):executions")
        },
        "counts": {task_id: client.get(key) for task_id, key in keys.matching(r"task:(\w+):executions_count")},
        "other keys": keys.others(),
    }
    return names.everywhere(left)


def _members(client, key) -> dict:
    """Ids and scores, in order."""
    return dict(client.zrange(key, 0, -1, withscores=True))


def _told(members, names, now) -> list:
    """In no order: what is settled in one go, or taken from several queues, is in order of chance."""
    return sorted([names.of(task_id), moment(score, now)] for task_id, score in members.items())


class _Keys:
    def __init__(self, client, prefix):
        start = f"{prefix}:"
        self._all = {key[len(start) :]: key for key in sorted(client.scan_iter(count=1000)) if key.startswith(start)}
        self._foreign = sorted(key for key in client.scan_iter(count=1000) if not key.startswith(start))

    def beginning(self, start):
        return [(name[len(start) :], key) for name, key in self._all.items() if name.startswith(start)]

    def matching(self, pattern):
        found = ((re.fullmatch(pattern, name), key) for name, key in self._all.items())
        return [(match[1], key) for match, key in found if match]

    def others(self):
        known = (*(f"{state}:" for state in STATES), "task:")
        own = sorted(name for name in self._all if name not in STATES and not name.startswith(known))
        return [name for name in own + self._foreign if not _PASSING.search(name)]


def moment(value: float, now: float) -> str:
    """A time, roughly enough to be the same in two runs."""
    if value == int(value) and abs(value - now) > _STEP and abs(value - now) < _DAY * 8:
        return "on a full second"  # of a period: how far away it is depends on the time of day
    if abs(value - now) > _DAY:
        return datetime.datetime.fromtimestamp(value, datetime.UTC).isoformat()
    return f"now{round((value - now) / _STEP) * _STEP:+d}"


def _payload(payload, now):
    return {name: moment(value, now) if name in _TIMES else value for name, value in payload.items()}


def _execution(execution):
    told = {name: "a time" if name in _TIMES and value > 0 else value for name, value in execution.items()}
    if told.get("host") == socket.gethostname():
        told["host"] = "this host"
    if "traceback" in told:
        told["traceback"] = _traceback(told["traceback"])
    return told


def _traceback(text):
    """The functions of the application in it, and how it ends; without the module of the exception, which is ours."""
    frames = re.findall(r'File "([^"]*)", line \d+, in (\S+)', text)
    own = [function for place, function in frames if any(core in place for core in _CORE)]
    return [*own, re.sub(r"^[\w.]*\.(?=\w+(:|$))", "", text.rstrip().splitlines()[-1])]


def told_in_log(lines, names: Names) -> list:
    """[level, event, fields] of each line that says info or worse, in no order: queues are served in a random one.

    The values of fields that cannot be equal are left out; what a worker says of itself, or while it waits, stands
    there once."""
    told = []
    for line in lines:
        if not line.startswith("{"):
            continue
        fields = json.loads(line)
        level, event = fields.pop("level", None), fields.pop("event", None)
        one = [level, event, {name: _field(name, value) for name, value in sorted(fields.items())}]
        once = "task_id" not in fields or event in _REPEATED
        if level != "debug" and not (once and one in told):
            told.append(one)
    return sorted(names.where_known(told), key=json.dumps)


def events_in_log(lines) -> list:
    """ "level event: fields" of every kind of line, at every level."""
    told = [json.loads(line) for line in lines if line.startswith("{")]
    kinds = {(one.pop("level", ""), one.pop("event", ""), ", ".join(sorted(one))) for one in told}
    return sorted(f"{level} {event}: {fields}" for level, event, fields in kinds)


def _field(name, value):
    return "…" if name in _UNTOLD else value
