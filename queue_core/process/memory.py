"""How much memory this process and its children have, as far as the system tells."""

import contextlib
import os
from pathlib import Path

_MOST_CHILDREN = 64


def in_use() -> dict:
    """{"memory_bytes": resident memory of this process and its children}; empty where the system does not tell."""
    own = _resident(os.getpid())
    return {} if own is None else {"memory_bytes": own + sum(filter(None, map(_resident, _children())))}


def _resident(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _children() -> list[int]:
    with contextlib.suppress(OSError, ValueError):
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return [int(pid) for pid in text.split()[:_MOST_CHILDREN]]
    return []
