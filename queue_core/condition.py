"""The condition of the store: how fast it answers, how full it is, what of ours takes how much of it."""

from dataclasses import dataclass

from queue_core.clock import monotonic
from queue_core.store import Store
from queue_core.text import to_text

_SAMPLES = 5
"""Elements that Redis looks at to guess the memory of a large value; all of them could be millions."""

_SINGLE_KEYS = (
    "snapshot",
    "stats_recent",
    "audit",
    "operations",
    "operations_running",
    "trash",
    "trash_index",
    "error_groups",
    "error_index",
    "error_summary",
    "error_notes",
    "recoveries",
    "twins",
    "paused",
    "workers",
    "deploys",
    "users",
)
_COUNTED_BY = {
    "zset": "ZCARD",
    "hash": "HLEN",
    "stream": "XLEN",
    "list": "LLEN",
    "set": "SCARD",
}


@dataclass(frozen=True)
class Server:
    """latency_seconds: one round trip just now.  max_memory_bytes: 0 is no limit.  None where Redis does not tell."""

    version: str | None
    latency_seconds: float
    used_memory_bytes: int | None
    max_memory_bytes: int | None
    eviction: str | None
    append_only: bool | None
    append_only_well: bool | None
    saved_at: float | None
    clients: int | None
    commands_per_second: int | None
    keys: int | None
    clock_offset_seconds: float
    replica: bool | None


@dataclass(frozen=True)
class KeySize:
    """One key of ours.  count: its elements, None for a string; bytes: its memory, about; None where unknown."""

    name: str
    key: str
    count: int | None
    bytes: int | None


class Condition:
    """The room of those who ask how the store is."""

    def __init__(self, store: Store):
        self._store = store

    def server(self) -> Server:
        """Facts of the server, as it tells them now; three round trips.  Raises StoreUnavailable."""
        began_at = monotonic()
        self._store.client.ping()
        latency = monotonic() - began_at
        offset = self._store.measure_clock()
        facts = self._store.client.info()
        return Server(
            version=_text(facts.get("redis_version")),
            latency_seconds=latency,
            used_memory_bytes=_number(facts.get("used_memory")),
            max_memory_bytes=_number(facts.get("maxmemory")),
            eviction=_text(facts.get("maxmemory_policy")),
            append_only=_flag(facts.get("aof_enabled")),
            append_only_well=None if "aof_last_write_status" not in facts else facts["aof_last_write_status"] == "ok",
            saved_at=_number(facts.get("rdb_last_save_time")),
            clients=_number(facts.get("connected_clients")),
            commands_per_second=_number(facts.get("instantaneous_ops_per_sec")),
            keys=_keys(facts),
            clock_offset_seconds=offset,
            replica=None if "role" not in facts else facts["role"] != "master",
        )

    def sizes(self) -> list[KeySize]:
        """The keys of ours that there is one of, the largest first; those that are not there are left out.

        Two trips.  What Redis does not let be asked, as to some users, is None."""
        keys = [(name, getattr(self._store.keys, name)()) for name in _SINGLE_KEYS]
        pipeline = self._store.client.pipeline()
        for _, key in keys:
            pipeline.type(key)
            pipeline.memory_usage(key, samples=_SAMPLES)
        replies = pipeline.execute(raise_on_error=False)
        found = [
            (name, key, to_text(kind) if isinstance(kind, bytes) else "", taken)
            for (name, key), kind, taken in zip(keys, replies[::2], replies[1::2], strict=True)
        ]
        for _, key, kind, _ in found:
            if kind in _COUNTED_BY:
                pipeline.execute_command(_COUNTED_BY[kind], key)
        counts = iter(pipeline.execute(raise_on_error=False) if any(one[2] in _COUNTED_BY for one in found) else ())
        sizes = [
            KeySize(name, to_text(key), _number(next(counts)) if kind in _COUNTED_BY else None, _number(taken))
            for name, key, kind, taken in found
            if kind != "none"
        ]
        return sorted(sizes, key=lambda one: -(one.bytes or 0))


def _keys(facts) -> int | None:
    counts = [one.get("keys") for name, one in facts.items() if name.startswith("db") and isinstance(one, dict)]
    return sum(filter(None, counts)) if counts else 0


def _number(value):
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value) -> str | None:
    return None if value is None else str(value)


def _flag(value) -> bool | None:
    return None if value is None else bool(value)
