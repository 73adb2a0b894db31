"""How much of Redis is ours: the keys under `x:`, sampled while the soak goes on."""

import statistics
import time
from dataclasses import dataclass

import redis

_PATTERN = "t:x:*"
_SETTLED_AT_LEAST = 96
"""With fewer, which is less than eight minutes, the second quarter would still see audit trail and registry fill."""

_SLACK_SHARE, _SLACK_BYTES = 0.25, 30_000


@dataclass(frozen=True)
class Sample:
    """accepted: tasks so far.  kinds: {first word after `x:`: (keys, bytes)}."""

    at: float
    accepted: int
    kinds: dict

    @property
    def keys(self) -> int:
        return sum(keys for keys, _ in self.kinds.values())

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.kinds.values())

    @property
    def lasting_bytes(self) -> int:
        """Without what each enqueue leaves for a while because it was asked to: that follows the pace."""
        return self.bytes - self.kinds.get("remembered", (0, 0))[1]


class Memory:
    def __init__(self, url):
        self.samples: list[Sample] = []
        self._client = redis.Redis.from_url(url, socket_timeout=2)

    def sample(self, accepted: int) -> None:
        """One more; none when Redis is away."""
        try:
            kinds = self._kinds()
        except redis.RedisError:
            return
        self.samples.append(Sample(time.monotonic(), accepted, kinds))

    @property
    def last(self) -> Sample:
        return self.samples[-1] if self.samples else Sample(0, 0, {})

    def judgement(self) -> tuple[bool, dict]:
        """Whether it is flat, and the numbers.  The medians of the second and of the last quarter are compared."""
        if len(self.samples) < _SETTLED_AT_LEAST:
            return True, {"growth": "not judged: the run was too short"}
        quarter = len(self.samples) // 4
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]
        was, now = (statistics.median(one.lasting_bytes for one in some) for some in (early, late))
        between = statistics.median(one.accepted for one in late) - statistics.median(one.accepted for one in early)
        return now <= was * (1 + _SLACK_SHARE) + _SLACK_BYTES, {
            "bytes, second quarter": round(was),
            "bytes, last quarter": round(now),
            "growth per million tasks": f"{(now - was) / max(between, 1):,.3f} MB",
            "bytes at the end, by kind": {kind: size for kind, (_, size) in sorted(self.last.kinds.items())},
        }

    def _kinds(self):
        keys = list(self._client.scan_iter(match=_PATTERN, count=1000))
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.memory_usage(key, samples=0)
        kinds = {}
        for key, size in zip(keys, pipeline.execute(), strict=True):
            kind = key.split(b":")[2].decode(errors="replace")
            keys_so_far, bytes_so_far = kinds.get(kind, (0, 0))
            kinds[kind] = (keys_so_far + 1, bytes_so_far + (size or 0))
        return kinds
