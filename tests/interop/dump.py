"""All of Redis that is not ours, key by key: what a console beside somebody's TaskTiger may change only by an act."""

from queue_core.text import to_text

OURS = "t:x:"


def dumped(raw) -> dict[str, tuple]:
    """{key: its bytes as Redis serialises them, whether it expires} of everything that is not ours."""
    keys = [key for key in raw.keys("*") if not key.startswith(OURS.encode())]
    return {to_text(key): (raw.dump(key), raw.pttl(key) > 0) for key in keys}


def changed(before: dict, after: dict) -> set[str]:
    """The keys that are new, gone or different."""
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
