"""Bytes of Redis as Python text and back, without loss.

Queue names and task ids are `str` everywhere in Python.  Bytes that are not UTF-8 travel as lone surrogates, so that a
name found in Redis can be acted on exactly as it stands there; `shown` is what a person may see of it.
"""

import json


def to_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """The exact bytes of `text`.  Lone surrogates that stand for no byte (they can come from a request) become `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def shown(text: str) -> str:
    """`text` with every undecodable byte replaced by the replacement character."""
    return to_bytes(text).decode("utf-8", "replace")


def json_object(raw) -> dict:
    """The JSON object in `raw`; an empty one for everything else that Redis may hold there."""
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
