"""Who acts, and what the audit trail keeps of an act."""

import json
from dataclasses import dataclass

from queue_core.text import to_bytes


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which door: web, command line, api, sweeper.  token: the name of the API token used.
    request: the key under which a program may repeat its request."""

    name: str
    door: str
    token: str = ""
    request: str = ""


def act(
    verb: str, actor: Actor, *, queue=None, task_id=None, operation_id=None, reason="", outcome="done", **facts
) -> bytes:
    """An entry of the audit trail, as a script or the trail takes it.

    facts: whatever else belongs to the verb; those that say nothing (None, False, empty) are left out."""
    facts = {**facts, "token": actor.token, "request": actor.request}
    facts = {name: value for name, value in facts.items() if value or type(value) is int}
    named = {"queue": queue, "task_id": task_id, "operation_id": operation_id, "reason": reason, "facts": facts}
    entry = {"verb": verb, "actor": actor.name, "door": actor.door, "outcome": outcome}
    entry.update((name, value) for name, value in named.items() if value)
    return to_bytes(json.dumps(entry))
