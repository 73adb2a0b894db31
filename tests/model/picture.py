"""The whole of Redis as plain values: as it really is, and as the model says that it should be.

Both give {key: value} without the prefix.  What the model does not specify is left out of both: the words of records
that people read, and moments inside them.
"""

import json
from dataclasses import astuple

from queue_core.text import to_text
from tests.model.model import STATES, SYSTEM_LOCK

READ = {
    "zset": lambda pipeline, key: pipeline.zrange(key, 0, -1, withscores=True),
    "set": lambda pipeline, key: pipeline.smembers(key),
    "string": lambda pipeline, key: pipeline.get(key),
    "list": lambda pipeline, key: pipeline.lrange(key, 0, -1),
    "hash": lambda pipeline, key: pipeline.hgetall(key),
    "stream": lambda pipeline, key: pipeline.xrange(key),
}
PLAIN = {
    "zset": lambda value: {to_text(member): score for member, score in value},
    "set": lambda value: set(map(to_text, value)),
    "string": to_text,
    "list": lambda value: list(map(_execution, value)),
    "hash": lambda value: {to_text(name): to_text(text) for name, text in value.items()},
    "stream": lambda value: [_act(json.loads(fields[b"act"])) for _, fields in value],
}
EXPIRING = ("x:claims:", "x:recoveries", "x:remembered:", "qslock:", "x:operation:", "x:followed")
"""The beginnings of the keys that end by themselves one day; no other may."""


COUNTED = ("status", "matched", "done", "skipped", "followed", "succeeded", "failed", "gone", "moved_on")


def real(raw, prefix="t:") -> tuple[dict, set]:
    """What is in Redis, and which of its keys expire; in three trips."""
    keys = sorted(key for key in map(to_text, raw.keys("*")) if _is_specified(key.removeprefix(prefix)))
    looks = raw.pipeline()
    for key in keys:
        looks.type(key).ttl(key)
    answers = looks.execute()
    rows = [(key, to_text(kind), left) for key, kind, left in zip(keys, answers[::2], answers[1::2], strict=True)]
    reads = raw.pipeline()
    for key, kind, _ in rows:
        READ[kind](reads, key)
    found = {
        key.removeprefix(prefix): _shaped(key.removeprefix(prefix), PLAIN[kind](value))
        for (key, kind, _), value in zip(rows, reads.execute(), strict=True)
    }
    return found, {key.removeprefix(prefix) for key, _, left in rows if left >= 0}


def _is_specified(key):
    return not key.startswith(("lockv2:", "x:holds:waiting")) and not (
        key.startswith("x:operation:") and key.endswith(":failed")
    )


def specified(model) -> tuple[dict, set]:
    """What the model says is in Redis, and which keys expire."""
    everything = dict([*_tasks(model), *_ours(model)])
    there = {key: value for key, value in everything.items() if value not in ({}, [], set(), None)}
    return there, {key for key in there if key.startswith(EXPIRING)}


def difference(found: dict, wanted: dict) -> dict:
    """{key: (as it is, as it should be)}."""
    keys = sorted(found.keys() | wanted.keys())
    return {key: (found.get(key), wanted.get(key)) for key in keys if found.get(key) != wanted.get(key)}


def _tasks(model):
    for state in STATES:
        yield state, {queue for queue, tasks in model.states[state].items() if tasks}
        for queue, tasks in model.states[state].items():
            yield f"{state}:{queue}", tasks
    for task_id, text in model.payloads.items():
        yield f"task:{task_id}", text
    for task_id, entries in model.executions.items():
        yield f"task:{task_id}:executions", entries
    for task_id, count in model.counts.items():
        yield f"task:{task_id}:executions_count", str(count)


def _ours(model):
    for queue, claims in model.claims.items():
        yield f"x:claims:{queue}", {task_id: astuple(claim) for task_id, claim in claims.items()}
    yield "x:recoveries", {task_id: str(count) for task_id, count in model.recoveries.items()}
    yield "x:twins", model.twins
    for task_id in model.remembered:
        yield f"x:remembered:{task_id}", "1"
    yield "x:paused", model.pauses
    yield "x:pauses", set(model.pauses)
    for queue, ends_at in model.locks.items():
        yield f"qslock:{queue}", {SYSTEM_LOCK: ends_at}
    yield "x:holds", set(model.hold_queues)
    yield "x:holds:aside", {hold_id: str(count) for hold_id, count in model.set_aside_for.items()}
    yield "x:operations", set(model.operations)
    for operation_id, counts in model.operations.items():
        yield f"x:operation:{operation_id}", {name: str(counts[name]) for name in COUNTED}
    yield "x:followed", {_member(*place): operation_id for place, operation_id in model.followed.items()}
    yield "x:audit", model.audit


def _shaped(key, value):
    """The parts of a value that are specified."""
    if key.startswith("x:claims:"):
        return {task_id: _claim(record) for task_id, record in value.items()}
    if key.startswith("x:operation:"):
        failed = sum(int(value.get(f"failed_{how}", 0)) for how in ("same", "other", "unknown"))
        return {name: value.get(name, "0") for name in COUNTED} | {"failed": str(failed)}
    if key == "x:followed":
        return {member: record.partition(" ")[0] for member, record in value.items()}
    return set(value) if key in ("x:pauses", "x:operations", "x:holds") else value


def _member(queue, task_id):
    return f"{len(queue)}:{queue}{task_id}"


def _claim(record):
    *numbers, worker = record.split(" ", 4)
    return (*map(float, numbers), worker)


def _execution(raw):
    """Of our own explanations the reason."""
    entry = json.loads(raw)
    return entry["x"]["reason"] if "x" in entry else to_text(raw)


def _act(entry):
    return entry["verb"], entry.get("task_id") or entry.get("operation_id") or entry.get("queue") or entry["facts"][
        "function"
    ]
