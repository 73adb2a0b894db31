"""What queues did lately as words and small drawings: counted runs, and what the queues showed, apart.  Pure."""

from dataclasses import dataclass

from console.presenters import number, plural

HOURS = 24
STEP, WIDTH = 4, 3
UP, DOWN, GAP = 17, 8, 1
"""Heights of the two halves of a drawing: what ended or was taken above the line, errors below it."""

MANY_MORE, A_FEW = 1.2, 1.0
"""What the queue showed is told beside what was counted when it is so much more: somebody else works there."""


@dataclass(frozen=True)
class Bar:
    x: int
    y: float
    height: float
    kind: str


@dataclass(frozen=True)
class Sparkline:
    """A drawing of 96 by 26.  gaps: x of the hours in which nobody looked; words: for who does not see it."""

    bars: tuple[Bar, ...]
    gaps: tuple[int, ...]
    words: str


@dataclass(frozen=True)
class Row:
    """One queue.  came, went: a minute, in words; empty: none.  others: of all workers, where ours are not alone."""

    came: str
    went: str
    others: str
    line: Sparkline


def row(pace, watched) -> Row | None:
    """pace: of the queue; None: unknown."""
    if pace is None:
        return None
    ours = is_counted(pace)
    went, others = _went(pace) if ours else ("", at_least(pace.lately.get("taken", 0)))
    if not ours:
        went, others = others, ""
    return Row(at_least(_came(pace)), went, others, sparkline(pace, watched))


def is_counted(pace) -> bool:
    """Whether workers of ours have run anything in the last day."""
    return any(pace.by_hour("started")) or any(pace.by_hour("ended")) or bool(pace.lately.get("started"))


def throughput(recent) -> tuple[str, str] | None:
    """(what is done in a minute now, the same hour of yesterday) of all queues; None: unknown."""
    if recent is None:
        return None
    pace, known_yesterday = recent.of_all, recent.watched[0]
    ended, others = _went(pace) if is_counted(pace) else ("", "")
    if others:
        return others, f"taken by all workers; {ended} ended by those of Signalbox"
    if ended:
        before = f"{rate(pace.by_hour('ended')[0] / 60)} in this hour yesterday"
        return ended, before if known_yesterday else "runs ended"
    if not any(recent.watched):
        return None
    before = at_least(pace.by_hour("taken")[0] / 60) or "none seen"
    now = at_least(pace.lately.get("taken", 0)) or "0 seen"
    return now, f"taken; {before} in this hour yesterday" if known_yesterday else "taken, as the queues showed"


def at_least(a_minute: float) -> str:
    """Empty when nothing was seen."""
    return f"≥\u202f{rate(a_minute)}" if a_minute >= 0.05 else ""


def rate(a_minute: float) -> str:
    return number(round(a_minute)) if a_minute >= 10 or not a_minute else f"{a_minute:.1f}"


def _came(pace):
    ready, taken, started = (pace.lately.get(name, 0) for name in ("ready", "taken", "started"))
    # what our workers started and nobody saw waiting came in as well
    return max(ready, ready - taken + started)


def _went(pace) -> tuple[str, str]:
    ended, started, taken = (pace.lately.get(name, 0) for name in ("ended", "started", "taken"))
    return rate(ended), at_least(taken) if taken > MANY_MORE * max(started, ended) + A_FEW else ""


def sparkline(pace, watched) -> Sparkline:
    """The last 24 hours of the clock, the present one on the right."""
    ended, taken, errors = (pace.by_hour(name)[-HOURS:] for name in ("ended", "taken", "errors"))
    most, most_errors = max(*ended, *taken), max(errors)
    bars, gaps = [], []
    for place in range(HOURS):
        x = place * STEP
        if not (watched[-HOURS:][place] or ended[place] or taken[place] or errors[place]):
            gaps.append(x)
        above = (("taken", taken[place]), ("ended", ended[place]))
        bars += [_up(x, count, most, kind) for kind, count in above if count]
        if errors[place]:
            height = _height(errors[place], most_errors, DOWN)
            bars.append(Bar(x, UP + GAP, height, "failed"))
    return Sparkline(tuple(bars), tuple(gaps), _words(ended, taken, errors, len(gaps)))


def _words(ended, taken, errors, unknown) -> str:
    if unknown == HOURS:
        return f"{HOURS} hours: unknown"
    told = [f"{plural(sum(ended), 'run')} ended"] if any(ended) else []
    told += [f"at least {plural(sum(taken), 'task')} taken"] if any(taken) else []
    failed = f"{plural(sum(errors), 'error')}, at most {number(max(errors))} in an hour"
    told += [failed if any(errors) else "no errors"]
    told += [f"{plural(unknown, 'hour')} unknown"] if unknown else []
    return f"{HOURS} hours: {', '.join(told)}"


def _up(x, count, most, kind):
    height = _height(count, most, UP)
    return Bar(x, round(UP - height, 1), height, kind)


def _height(count, most, of):
    return round(min(of, max(2.0, of * count / most)), 1)
