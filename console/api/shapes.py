"""What the API answers with, as JSON objects.  Names that are not UTF-8 have a replacement character in their text; in
`href` they are whole.  Pure but for the addresses."""

import math

from flask import url_for

from queue_core import shown, states

_TEXT, _NUMBER, _WHOLE, _FLAG = ({"type": one} for one in ("string", "number", "integer", "boolean"))
_NONE_OR = {one: {"type": [one, "null"]} for one in ("string", "number", "integer", "object", "array")}
_OBJECT, _ANY = {"type": "object"}, {}
_MOMENT = _NUMBER | {"description": "Unix seconds"}
_MOMENT_OR_NONE = _NONE_OR["number"] | {"description": "Unix seconds"}


def _list_of(name: str) -> dict:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


_CURSOR = _NONE_OR["string"] | {"description": "where the next page begins; null at the end"}
_COUNTS = {state: _NONE_OR["integer"] | {"description": "tasks; null: unknown"} for state in states.ALL}

SHAPES = {
    "Error": {"error": {
        "type": "object", "required": ["code", "message"], "properties": {"code": _TEXT, "message": _TEXT},
    }},
    "Me": {"user": _TEXT, "token": _TEXT, "role": _TEXT, "grants": _list_of("Grant"), "expires_at": _MOMENT_OR_NONE,
           "read_only": _FLAG},
    "Grant": {"role": _TEXT, "queue": _TEXT},
    "Queues": {"taken_at": _MOMENT_OR_NONE, "queues": _list_of("Counts"), "next_cursor": _CURSOR},
    "Counts": {
        "queue": _TEXT, **_COUNTS, "oldest_queued_at": _MOMENT_OR_NONE, "newest_error_at": _MOMENT_OR_NONE,
        "next_due_at": _MOMENT_OR_NONE, "paused": _FLAG, "href": _TEXT,
    },
    "Queue": {"queue": _TEXT, **_COUNTS, "pause": {"anyOf": [_ref("Pause"), {"type": "null"}]}, "href": _TEXT},
    "Pause": {
        "by": _NONE_OR["string"], "door": _NONE_OR["string"], "reason": _NONE_OR["string"],
        "since_at": _MOMENT_OR_NONE, "until_at": _MOMENT_OR_NONE,
    },
    "Tasks": {"total": _WHOLE, "tasks": _list_of("Row"), "next_cursor": _CURSOR},
    "Row": {
        "id": _TEXT, "queue": _TEXT, "state": _TEXT, "at": _MOMENT, "function": _NONE_OR["string"],
        "arguments": _TEXT | {"description": "JSON, shortened, secrets hidden"}, "executions_count": _WHOLE,
        "exception": _NONE_OR["string"], "message": _NONE_OR["string"], "problem": _NONE_OR["string"], "href": _TEXT,
    },
    "Task": {
        "id": _TEXT, "queue": _TEXT, "state": _TEXT, "at": _MOMENT, "function": _NONE_OR["string"],
        "args": _NONE_OR["array"], "kwargs": _NONE_OR["object"], "fields": _OBJECT, "executions_count": _WHOLE,
        "executions": _list_of("Execution"), "problem": _NONE_OR["string"],
        "hides": _FLAG | {"description": "whether something in it is hidden as a secret"},
        "stale_traceback": _FLAG, "too_large": _FLAG, "href": _TEXT,
    },
    "Execution": {
        "number": _WHOLE, "exception": _TEXT, "message": _TEXT, "traceback": _NONE_OR["string"], "host": _TEXT,
        "started_at": _MOMENT_OR_NONE, "failed_at": _MOMENT_OR_NONE,
    },
    "Done": {"done": _TEXT, "queue": _NONE_OR["string"], "task_id": _NONE_OR["string"], "href": _NONE_OR["string"]},
    "Groups": {"taken_at": _MOMENT_OR_NONE, "remaining": _NONE_OR["integer"], "groups": _list_of("Group")},
    "Group": {
        "id": _TEXT, "title": _TEXT, "tasks": _WHOLE, "seen": _WHOLE, "first_at": _MOMENT, "last_at": _MOMENT,
        "href": _TEXT,
    },
    "GroupTasks": {"group": _ref("Group"), "tasks": _list_of("Row"), "next_cursor": _CURSOR},
    "Operations": {"operations": _list_of("Operation")},
    "Operation": {
        "id": _TEXT, "verb": _TEXT, "queue": _TEXT, "state": _TEXT, "status": _TEXT, "actor": _TEXT, "door": _TEXT,
        "reason": _TEXT, "matched": _WHOLE, "done": _WHOLE, "skipped": _WHOLE, "rate": _NUMBER, "canary": _WHOLE,
        "to_trash": _FLAG, "created_at": _MOMENT, "ended_at": _MOMENT_OR_NONE, "not_after": _MOMENT_OR_NONE,
        "paused_because": _TEXT, "query": _TEXT, "passed_by": _WHOLE, "to_queue": _NONE_OR["string"],
        "shift_seconds": _NONE_OR["number"], "due_at": _MOMENT_OR_NONE, "spread_seconds": _NONE_OR["number"],
        "href": _TEXT,
    },
    "Search": {
        "id": _TEXT, "query": _TEXT, "status": _TEXT, "because": _TEXT, "actor": _TEXT, "door": _TEXT, "reason": _TEXT,
        "created_at": _MOMENT, "ended_at": _MOMENT_OR_NONE, "looked_at": _WHOLE, "total": _NONE_OR["integer"],
        "matched": _WHOLE, "unknown": _WHOLE, "too_large": _WHOLE, "kept": _WHOLE,
        "counts": _OBJECT | {"description": "tasks that match by state, queue, func and exc"},
        "tasks": _list_of("Found"), "next_cursor": _CURSOR, "href": _TEXT,
    },
    "Found": {
        "id": _TEXT, "queue": _TEXT, "was": _TEXT | {"description": "the state in which it was found"},
        "state": _NONE_OR["string"] | {"description": "where it is in that queue now; null: gone"}, "href": _TEXT,
    },
    "Workers": {"workers": _list_of("Worker")},
    "Worker": {"id": _TEXT, "seen_at": _MOMENT, "facts": _OBJECT},
    "Acts": {"acts": _list_of("Act"), "next_cursor": _CURSOR},
    "Act": {
        "id": _TEXT, "at": _MOMENT, "actor": _TEXT, "door": _TEXT, "verb": _TEXT, "outcome": _TEXT,
        "queue": _NONE_OR["string"], "task_id": _NONE_OR["string"], "operation_id": _NONE_OR["string"],
        "reason": _TEXT, "facts": _OBJECT,
    },
    "Deploys": {"deploys": _list_of("Deploy")},
    "Deploy": {"at": _MOMENT, "by": _TEXT, "text": _TEXT},
    "Document": {
        "openapi": _TEXT, "info": _OBJECT, "paths": _OBJECT, "components": _OBJECT,
        "servers": {"type": "array"}, "security": {"type": "array"},
    },
}  # fmt: skip
"""{name: {property: its schema}} of every object; all properties are always there."""


def counts(queue: str, found) -> dict:
    moments = {name: getattr(found, name) for name in ("oldest_queued_at", "newest_error_at", "next_due_at")}
    numbers = {state: getattr(found, state) for state in states.ALL}
    paused = found.paused_until is not None
    return {"queue": shown(queue), **numbers, **moments, "paused": paused, "href": _queue_url(queue)}


def queue(name: str, sizes: dict, pause) -> dict:
    return {"queue": shown(name), **sizes, "pause": pause and _pause(pause), "href": _queue_url(name)}


def _pause(found) -> dict:
    until = _finite(found.until_at)
    return {"by": found.by, "door": found.door, "reason": found.reason, "since_at": found.since_at, "until_at": until}


def row(found) -> dict:
    failure = found.failure
    return {
        "id": shown(found.id),
        "queue": shown(found.queue),
        "state": found.state,
        "at": _finite(found.score),
        "function": found.func,
        "arguments": found.arguments,
        "executions_count": found.executions_count,
        "exception": failure and failure.exception_name,
        "message": failure and failure.message,
        "problem": found.problem,
        "href": _task_url(found.queue, found.id),
    }


def task(seen) -> dict:
    found = seen.task
    return {
        "id": shown(found.id),
        "queue": shown(found.queue),
        "state": found.state,
        "at": _finite(found.score),
        "function": found.func,
        "args": found.args,
        "kwargs": found.kwargs,
        "fields": found.fields,
        "executions_count": found.executions_count,
        "executions": [_execution(one) for one in found.executions],
        "problem": found.problem,
        "hides": seen.hides,
        "stale_traceback": found.stale_traceback,
        "too_large": found.too_large,
        "href": _task_url(found.queue, found.id),
    }


def _execution(found) -> dict:
    return {
        "number": found.number,
        "exception": found.exception_name,
        "message": found.message,
        "traceback": found.traceback,
        "host": found.host,
        "started_at": _finite(found.started_at),
        "failed_at": _finite(found.failed_at),
    }


def done(verb: str, queue_name=None, task_id=None, href=None) -> dict:
    names = {"queue": queue_name and shown(queue_name), "task_id": task_id and shown(task_id)}
    return {"done": verb, **names, "href": href}


def group(found) -> dict:
    return {
        "id": found.id,
        "title": found.title,
        "tasks": found.tasks,
        "seen": found.seen,
        "first_at": found.first_at,
        "last_at": found.last_at,
        "href": url_for("api.error_group", group_id=found.id),
    }


_OF_AN_OPERATION = (
    "id", "verb", "state", "status", "actor", "door", "reason", "matched", "done", "skipped", "rate", "canary",
    "to_trash", "created_at", "ended_at", "paused_because", "query", "passed_by", "shift_seconds", "due_at",
    "spread_seconds",
)  # fmt: skip


def operation(found) -> dict:
    return {
        "queue": shown(found.queue),
        "not_after": _finite(found.not_after),
        "to_queue": shown(found.to_queue) if found.to_queue else None,
        "href": url_for("api.operation", operation_id=found.id),
    } | {name: getattr(found, name) for name in _OF_AN_OPERATION}


_OF_A_SEARCH = (
    "id", "query", "status", "because", "actor", "door", "reason", "created_at", "ended_at", "kept",
)  # fmt: skip
_OF_FINDINGS = ("looked_at", "total", "matched", "unknown", "too_large")


def search(found, tasks=(), next_cursor=None) -> dict:
    counts = {by: {shown(name): count for name, count in each.items()} for by, each in found.findings.counts.items()}
    return {
        "counts": counts,
        "tasks": [_found(one) for one in tasks],
        "next_cursor": next_cursor,
        "href": url_for("api.search", search_id=found.id),
        **{name: getattr(found, name) for name in _OF_A_SEARCH},
        **{name: getattr(found.findings, name) for name in _OF_FINDINGS},
    }


def _found(one) -> dict:
    names = {"id": shown(one.id), "queue": shown(one.queue)}
    return names | {"was": one.was, "state": one.state, "href": _task_url(one.queue, one.id)}


def worker(found) -> dict:
    return {"id": shown(found.id), "seen_at": found.seen_at, "facts": found.facts}


def act(entry) -> dict:
    names = ["id", "at", "actor", "door", "verb", "outcome", "task_id", "operation_id", "reason", "facts"]
    return {"queue": None if entry.queue is None else shown(entry.queue)} | {
        name: getattr(entry, name) for name in names
    }


def deploy(found) -> dict:
    return {"at": found.at, "by": found.by, "text": found.text}


def _finite(moment):
    """JSON has no infinity."""
    return moment if moment is not None and math.isfinite(moment) else None


def _queue_url(name) -> str:
    return url_for("api.queue", queue=name)


def _task_url(queue_name, task_id) -> str:
    return url_for("api.task", queue=queue_name, task_id=task_id)
