"""Queue names and task ids in URLs: any bytes, in one path segment, without loss.

Letters, digits and `_ . : @ + -` stand for themselves; every other byte is written `~XX`.
"""

import re

from werkzeug.routing import BaseConverter, ValidationError

_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9_.:@+-]")
_ESCAPE = re.compile(rb"~([0-9A-Fa-f]{2})")
_EMPTY = "~"


def to_segment(name: str) -> str:
    """`name` as one segment of a path, in ASCII."""
    raw = _bytes(name)
    if not raw:
        return _EMPTY
    if raw.strip(b".") == b"":  # a browser would walk up the path at "." and ".."
        return "~2E" * len(raw)
    return _NOT_PLAIN.sub(lambda found: b"~%02X" % found[0][0], raw).decode("ascii")


def from_segment(segment: str) -> str:
    """The name that `to_segment` wrote.  Raises ValueError for a `~` that starts no escape."""
    if segment == _EMPTY:
        return ""
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), _checked(_bytes(segment)))
    return raw.decode("utf-8", "surrogateescape")


def _checked(raw: bytes) -> bytes:
    if raw.count(b"~") != len(_ESCAPE.findall(raw)):
        raise ValueError("a ~ must be followed by two hexadecimal digits")
    return raw


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte; only a forged request holds them
        return text.encode("utf-8", "replace")


class NameConverter(BaseConverter):
    """`<name:queue>` in a route: a queue name or task id as `str` with surrogateescape."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        try:
            return from_segment(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def to_url(self, value: str) -> str:
        return to_segment(value)
