"""What a page costs: time in the console, commands in Redis and how long the slowest took, and the size of the page."""

import statistics
import time
from dataclasses import dataclass

from bench.console_pages.addresses import Address

SLOW_MICROSECONDS = 10_000
_OWN = (b"CONFIG", b"SLOWLOG")
_LONGEST_LOG = 100_000


@dataclass(frozen=True)
class Cost:
    """p50_ms, p95_ms: from the request to the last byte, of a download to its first line; cpu_ms: the processor's part.

    slowest_ms: of the Redis commands of one visit; slow: commands of all visits over 10 milliseconds, as Redis tells.
    On a busy machine Redis counts the time in which it had no processor, too."""

    address: Address
    status: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    commands: int
    slowest: str
    slowest_ms: float
    size: int
    slow: tuple[str, ...]
    download: bool


def measure(client, address: Address, redis, times: int) -> Cost:
    """client: of the WSGI application, logged in; redis: a plain client on its server."""
    _visit(client, address.path)  # loads scripts and templates
    _listen(redis, 0)
    status, size, download = _visit(client, address.path)
    calls = _heard(redis)
    _listen(redis, SLOW_MICROSECONDS)
    took, worked = [], []
    for _ in range(times):
        began, began_cpu = time.perf_counter(), time.process_time()
        _visit(client, address.path)
        took.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - began_cpu))
    slow = tuple(f"{_named(one)} {one['duration'] / 1000:.1f} ms" for one in _heard(redis))
    slowest = max(calls, key=lambda one: one["duration"], default={"command": b"", "duration": 0})
    return Cost(
        address=address,
        status=status,
        p50_ms=statistics.median(took),
        p95_ms=sorted(took)[max(0, -(-len(took) * 95 // 100) - 1)],
        cpu_ms=statistics.median(worked),
        commands=len(calls),
        slowest=_named(slowest),
        slowest_ms=slowest["duration"] / 1000,
        size=size,
        slow=slow,
        download=download,
    )


def _visit(client, path) -> tuple[int, int, bool]:
    """(status, bytes, whether it is a download); of a download only the first line is read."""
    answer = client.get(path)
    download = answer.headers.get("Content-Disposition", "").startswith("attachment")
    try:
        return answer.status_code, len(next(answer.iter_encoded(), b"") if download else answer.get_data()), download
    finally:
        answer.close()


def _listen(redis, microseconds):
    redis.config_set("slowlog-max-len", _LONGEST_LOG)
    redis.config_set("slowlog-log-slower-than", microseconds)
    redis.slowlog_reset()


def _heard(redis) -> list[dict]:
    """What Redis noted since, but for what is asked here, and for what scripts did inside."""
    redis.config_set("slowlog-log-slower-than", SLOW_MICROSECONDS)
    entries = redis.slowlog_get(_LONGEST_LOG)
    return [one for one in entries if not one["command"].upper().startswith(_OWN) and one["client_address"] != b"?:0"]


def _named(entry) -> str:
    return entry["command"][:40].decode(errors="replace")
