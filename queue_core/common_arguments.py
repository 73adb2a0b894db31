"""What the arguments of many tasks have in common.  Pure."""

import json
from collections import Counter

from queue_core.error_group import Shared

LEAST_TASKS = 3
LEAST_SHARE = 0.6
MOST_SHOWN = 8
MOST_NAMES = 100
MOST_VALUE_CHARACTERS = 100


def common_arguments(payloads: list[bytes]) -> list[Shared]:
    """What at least three in five of the payloads share, most shared first.  What cannot be read shares nothing."""
    if len(payloads) < LEAST_TASKS:
        return []
    counted = Counter(pair for payload in payloads for pair in _pairs(payload))
    shared = [
        Shared(name, value, count / len(payloads))
        for (name, value), count in counted.items()
        if count >= LEAST_SHARE * len(payloads)
    ]
    return sorted(shared, key=lambda one: (-one.share, one.name))[:MOST_SHOWN]


def _pairs(payload) -> set[tuple[str, str]]:
    """(name, value as JSON) of all short arguments."""
    try:
        fields = json.loads(payload)
        args, kwargs = fields.get("args") or [], fields.get("kwargs") or {}
        named = {f"argument {position}": value for position, value in enumerate(args[:MOST_NAMES], start=1)}
        named |= dict(list(kwargs.items())[:MOST_NAMES])
    except (ValueError, TypeError, AttributeError, RecursionError):
        return set()
    return {(name[:MOST_VALUE_CHARACTERS], json.dumps(value)) for name, value in named.items() if _is_short(value)}


def _is_short(value) -> bool:
    return not isinstance(value, (list, dict)) and len(str(value)) <= MOST_VALUE_CHARACTERS
