"""Error groups put together otherwise: by function, by exception or by queue.  Pure.

Only failures ever seen are known by function and queue; what is in error and what failed in a window is shared out
in that proportion, and then said to be about so many.
"""

from dataclasses import dataclass

from console.presenters import visible

BY = (("cause", "cause"), ("function", "function"), ("exception", "exception"), ("queue", "queue"))
"""What the page can put together by, and the words for it."""

_OTHERS = "others, not known by name"


@dataclass(frozen=True)
class Bundle:
    """tasks: in error now; counted: failures in the window; groups: causes in it; about: both numbers are shares."""

    name: str
    tasks: int
    counted: int
    groups: int
    about: bool
    first_at: float
    last_at: float


def bundles(groups, by: str, hours: int, now: float) -> list[Bundle]:
    """The error groups of a summary by function, exception or queue, those that failed most first."""
    found: dict[str, list] = {}
    for group in groups:
        for name, share in _shares(group, by):
            found.setdefault(name, []).append((group, share))
    made = [_bundle(name, parts, hours, now) for name, parts in found.items()]
    return sorted(made, key=lambda one: (-one.counted, -one.tasks, -one.last_at, one.name))


def _shares(group, by):
    """[(name, which part of the group it has)]."""
    if by == "exception":
        return [(visible(group.exception), 1.0)]
    pairs = group.functions if by == "function" else group.queues
    total = max(group.seen, sum(count for _, count in pairs), 1)
    shares = [(visible(name), count / total) for name, count in pairs]
    rest = 1.0 - sum(share for _, share in shares)
    return [*shares, (_OTHERS, rest)] if rest > 1e-9 else shares


def _bundle(name, parts, hours, now):
    return Bundle(
        name=name,
        tasks=round(sum(group.tasks * share for group, share in parts)),
        counted=round(sum(group.within(hours, now) * share for group, share in parts)),
        groups=len(parts),
        about=any(share < 1 for _, share in parts),
        first_at=min(group.first_at for group, _ in parts),
        last_at=max(group.last_at for group, _ in parts),
    )
