"""When scheduled tasks are due, as bars.  Pure."""

from dataclasses import dataclass

from console.presenters import number

BARS = 24
HEIGHT = 60
WINDOWS = {"1h": (3600, "1 hour"), "24h": (86_400, "24 hours"), "7d": (604_800, "7 days")}
"""The word in the address -> the seconds that the bars cover, and their words."""
USUAL = "24h"

_WIDTH = 20
_GAP = 3
_LEAST = 2


@dataclass(frozen=True)
class Bar:
    """One stretch of time.  count: None when it is unknown; chosen: whether the list below is of this stretch."""

    since: float
    until: float
    count: int | None
    x: int
    y: int
    height: int
    chosen: bool

    @property
    def words(self) -> str:
        return "unknown" if self.count is None else number(self.count)


@dataclass(frozen=True)
class Timeline:
    """bars: from now on, side by side; known: whether they could be counted; most: the count of the highest."""

    bars: list[Bar]
    known: bool
    most: int
    total: int
    width: int = BARS * _WIDTH
    height: int = HEIGHT
    bar_width: int = _WIDTH - _GAP


def edges(now: float, window: str) -> list[float]:
    """The ends of the stretches.  Whole seconds, so that an address that names one is not longer than it must be."""
    step = WINDOWS[window][0] / BARS
    return [float(int(now + step * at)) for at in range(BARS + 1)]


def drawn(ends: list[float], counts: list, chosen: tuple) -> Timeline:
    """The bars over `ends`, with their counts.  chosen: since and until of the list below."""
    known = None not in counts
    most = max((count or 0 for count in counts), default=0)
    bars = [
        Bar(
            since=since,
            until=until,
            count=count,
            x=at * _WIDTH,
            y=HEIGHT - _height(count, most),
            height=_height(count, most),
            chosen=chosen[0] < until and since < chosen[1],
        )
        for at, (since, until, count) in enumerate(zip(ends, ends[1:], counts, strict=False))
    ]
    return Timeline(bars, known, most, sum(count or 0 for count in counts))


def _height(count, most) -> int:
    """What is there at all can be seen."""
    return max(_LEAST, round(HEIGHT * count / most)) if count else 0
