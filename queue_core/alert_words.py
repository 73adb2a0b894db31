"""Text for alerts: what comes from Redis as one harmless line, counts and times in words.  Pure."""

import datetime

from queue_core.masking import Masking
from queue_core.text import shown

TITLE_CHARACTERS = 300
NAME_CHARACTERS = 200

_LOOKED_AT = 2000
_LONGEST_SECONDS = 1e10
_CLOSED = str.maketrans({"<": "\u2039", ">": "\u203a", "@": "@\u200b"})
"""Chat programs take these for the beginning of a mention, which may wake hundreds of people."""


def plain(text: str, masking: Masking, limit: int = TITLE_CHARACTERS) -> str:
    """Any text as one line that mentions nobody, hides no link and holds nothing that looks like a secret."""
    # masked before it is shortened: half a secret may look like none
    words = " ".join(masking.text(shown(text)[:_LOOKED_AT]).split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in words)
    return shortened(printable.translate(_CLOSED).replace("](", "] ("), limit)


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Such as `40 s`, `12 min`, `3 h 20 min` or `2 d 4 h`."""
    seconds = int(min(max(0, seconds), _LONGEST_SECONDS))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    large, small, units = (
        (seconds // 3600, seconds % 3600 // 60, ("h", "min"))
        if seconds < 86_400
        else (seconds // 86_400, seconds % 86_400 // 3600, ("d", "h"))
    )
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


def moment(at: float) -> str:
    """Such as `2026-11-21 20:15 UTC`; `an unknown moment` for what no calendar has."""
    try:
        return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "an unknown moment"
