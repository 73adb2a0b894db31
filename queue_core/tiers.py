"""How long numbers over time are kept, how finely, and where each stands.  Pure.

A tier cuts time into slots; some slots together are a chunk, which is one key.  A field of it names slot and number.
"""

import math
from dataclasses import dataclass

HOUR_SECONDS, DAY_SECONDS = 3600, 86_400


@dataclass(frozen=True)
class Tier:
    """name: as it stands in a key.  keep_seconds: after its newest number a chunk is kept so long."""

    name: str
    slot_seconds: int
    chunk_seconds: int
    keep_seconds: int

    def chunk_of(self, at: float) -> int:
        return math.floor(at / self.chunk_seconds)

    def field(self, at: float, what: str) -> str:
        """The name of a number in the chunk of that moment."""
        return f"{math.floor(at % self.chunk_seconds / self.slot_seconds)}{what}"

    def chunks(self, first_at: float, last_at: float) -> range:
        return range(self.chunk_of(first_at), self.chunk_of(last_at) + 1)

    def read_field(self, chunk: int, raw: bytes) -> tuple[int, str] | None:
        """(moment at which the slot begins, name of the number); None for a field that is none of ours."""
        digits = len(raw) - len(raw.lstrip(b"0123456789"))
        name = raw[digits:]
        if not 0 < digits <= 4 or not 0 < len(name) <= 4 or not name.isascii():
            return None
        slot = int(raw[:digits])
        if slot * self.slot_seconds >= self.chunk_seconds:
            return None
        return chunk * self.chunk_seconds + slot * self.slot_seconds, name.decode()


MINUTES = Tier("minutes", 60, HOUR_SECONDS, 3 * DAY_SECONDS)
TENS = Tier("tens", 600, HOUR_SECONDS, 3 * DAY_SECONDS)
HOURS = Tier("hours", HOUR_SECONDS, 6 * HOUR_SECONDS, 90 * DAY_SECONDS)


@dataclass(frozen=True)
class Span:
    """A length of time to look back over, in `count` slots; the one that is under way is the last.

    fine: the tier of counts and depths; times: that of times, in slots of `times_seconds`.  line_seconds: a step for
    tables, which few lines have to hold."""

    name: str
    words: str
    slot_seconds: int
    count: int
    fine: Tier
    times: Tier
    times_seconds: int
    line_seconds: int

    def slots(self, now: float, slot_seconds: int) -> list[int]:
        """The moments at which the slots begin, the oldest first."""
        last = math.floor(now / slot_seconds) * slot_seconds
        count = self.slot_seconds * self.count // slot_seconds
        return [last - slot_seconds * back for back in range(count, -1, -1)]


SPANS = {
    span.name: span
    for span in (
        Span("1h", "hour", 60, 60, MINUTES, TENS, 600, 600),
        Span("24h", "24 hours", 600, 144, MINUTES, TENS, 600, HOUR_SECONDS),
        Span("7d", "7 days", HOUR_SECONDS, 168, HOURS, HOURS, HOUR_SECONDS, 6 * HOUR_SECONDS),
        Span("90d", "90 days", DAY_SECONDS, 90, HOURS, HOURS, DAY_SECONDS, DAY_SECONDS),
    )
}
"""By name, the shortest first."""
