"""What Rollbar is told of a line of the log: which lines are one item, and what stands in it."""

import json
from dataclasses import dataclass

_IN_TITLE = ("event", "func", "exception_name", "queue")


@dataclass(frozen=True)
class Item:
    """message: the traceback where there is one.  data: the fields of the line, with title and fingerprint."""

    message: str
    data: dict


def title_of(prefix: str, event: dict) -> str:
    """Such as `prefix: event=task error func=app.tasks:work exception_name=builtins:ValueError queue=mail`."""
    return f"{prefix}: " + " ".join(f"{name}={event[name]}" for name in _IN_TITLE if name in event)


def event_of(line: str) -> dict | None:
    """The fields of a line that structlog has rendered as JSON; None for any other line."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def item_of(title: str, event: dict) -> Item:
    data = {name: value for name, value in event.items() if name != "traceback"}
    return Item(event.get("traceback") or title, data | {"title": title, "fingerprint": title})
