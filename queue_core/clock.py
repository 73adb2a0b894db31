"""The time of the Redis server, as seen from here.

Everything that is compared between processes uses one clock, the server's.  `now()` is `time.time()` plus the measured
offset, applied only when it is over a second: small differences do no harm, and jumping does.
"""

import time

APPLY_OVER_SECONDS = 1.0
MEASURE_EVERY_SECONDS = 60.0
MEASURE_AGAIN_SECONDS = 5.0


def monotonic() -> float:
    """Seconds that also pass while the machine sleeps or the process is stopped; leases are judged by it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def local_now() -> float:
    # tests that freeze time replace `time.time`; the offset to the server must not see that
    return time.clock_gettime(time.CLOCK_REALTIME)


class Clock:
    """The server's time in Unix seconds."""

    def __init__(self):
        self.offset_seconds = 0.0
        self._measure_at = 0.0

    def now(self) -> float:
        return time.time() + self.applied_offset_seconds

    @property
    def applied_offset_seconds(self) -> float:
        return self.offset_seconds if abs(self.offset_seconds) > APPLY_OVER_SECONDS else 0.0

    @property
    def wants_measuring(self) -> bool:
        """Whether the last measurement is a minute old; after one that failed, five seconds."""
        return monotonic() >= self._measure_at

    def doubt(self) -> None:
        """Another server may answer from now on: the next who looks wants it measured."""
        self._measure_at = 0.0

    def measure(self, ask_server) -> float:
        """The offset to the server in seconds (positive: the server is ahead).

        ask_server: a callable that gives the server's (seconds, microseconds), as Redis' TIME does."""
        self._measure_at = monotonic() + MEASURE_AGAIN_SECONDS
        before = local_now()
        seconds, microseconds = ask_server()
        after = local_now()
        # an answer that was long under way says too little
        if abs(after - before) < APPLY_OVER_SECONDS:
            self.offset_seconds = seconds + microseconds / 1e6 - (before + after) / 2
            self._measure_at = monotonic() + MEASURE_EVERY_SECONDS
        return self.offset_seconds


class ManualClock(Clock):
    """A clock that a test moves by hand."""

    wants_measuring = False

    def __init__(self, now: float):
        super().__init__()
        self._now = now

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
