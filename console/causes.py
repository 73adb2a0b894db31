"""Error groups as rows, with tags and bars by hour.  Pure."""

from dataclasses import dataclass

from console.bundles import BY
from console.presenters import CAUSE_WINDOWS, MAX_MESSAGE_CHARACTERS, number, shortened, visible

BAR_STEP, BAR_WIDTH, BARS_HEIGHT = 4, 3, 24
MAX_NAMES = 3
_ORDER = ("regressed after deploy", "new", "rising")


@dataclass(frozen=True)
class Bar:
    """One hour in a drawing of 96 by 24."""

    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Bars:
    """Failures by hour.  words: the same for who does not see it."""

    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True)
class Cause:
    """One error group.  message: without what varies.  tasks: in error now.  windows: ((hours, failures), …).

    counted: failures in the window that was asked for; more_…: names that are left out."""

    id: str
    exception: str
    message: str
    culprit: str
    grouped: bool
    tags: tuple[str, ...]
    tasks: int
    seen: int
    counted: int
    windows: tuple[tuple[str, int], ...]
    bars: Bars
    functions: tuple[str, ...]
    queues: tuple[str, ...]
    more_functions: int
    more_queues: int
    first_at: float
    last_at: float
    checked_at: float | None
    note: str
    snoozed_until: float | None

    @property
    def is_pressing(self) -> bool:
        return bool(self.tasks and not self.snoozed_until and set(self.tags) & set(_ORDER))

    @property
    def words(self) -> str:
        """All that the text filter looks at."""
        return " ".join((self.exception, self.message, self.culprit, self.note, *self.functions, *self.queues))


@dataclass(frozen=True)
class WantedGroups:
    """What the page was asked for.  hours: the window that failures are counted in."""

    q: str = ""
    tag: str = ""
    window: str = "24"
    gone: bool = False
    by: str = "cause"

    @classmethod
    def from_query(cls, query) -> "WantedGroups":
        window, by = query.get("window", "24"), query.get("by", "cause")
        known = window if window in dict(CAUSE_WINDOWS) else "24"
        return cls(
            query.get("q", "").strip()[:200],
            query.get("tag", "").strip(),
            known,
            "gone" in query,
            by if by in dict(BY) else "cause",
        )

    @property
    def hours(self) -> int:
        return int(self.window)

    def holds(self, cause: Cause) -> bool:
        return (
            self.q.lower() in cause.words.lower()
            and (not self.tag or any(tag.startswith(self.tag) for tag in cause.tags))
            and (self.gone or bool(cause.tasks))
        )


def rows(summary, notes, deploys, now: float, hours: int = 24) -> list[Cause]:
    """All groups of a summary: the pressing ones first, then those that failed most within `hours`."""
    if summary is None:
        return []
    deployed_at = deploys[0].at if deploys else None
    found = [cause(group, notes.get(group.id), deployed_at, now, hours) for group in summary.groups]
    return sorted(found, key=_rank)


def pressing(found: list[Cause]) -> list[Cause]:
    """Those that are new, rise, or came with a deploy, and are not snoozed."""
    return [one for one in found if one.is_pressing]


def _rank(one):
    return (not one.is_pressing, bool(one.snoozed_until), -one.counted, -one.last_at, one.id)


def cause(group, note, deployed_at, now: float, hours: int = 24) -> Cause:
    exception, _, message = group.title.partition(": ")
    snoozed = note and note.snoozed_until and note.snoozed_until > now
    return Cause(
        id=group.id,
        exception=visible(exception),
        message=shortened(message, MAX_MESSAGE_CHARACTERS),
        culprit=shortened(group.culprit),
        grouped=group.grouped,
        tags=group.tags(now, deployed_at),
        tasks=group.tasks,
        seen=group.seen,
        counted=group.within(hours, now),
        windows=tuple((words, group.within(int(each), now)) for each, words in CAUSE_WINDOWS),
        bars=bars(group.by_hour(now)),
        functions=_names(group.functions),
        queues=tuple(name for name, _ in group.queues[:MAX_NAMES]),
        more_functions=max(0, len(group.functions) - MAX_NAMES),
        more_queues=max(0, len(group.queues) - MAX_NAMES),
        first_at=group.first_at,
        last_at=group.last_at,
        checked_at=group.checked_at,
        note=shortened(note.text if note else "", MAX_MESSAGE_CHARACTERS),
        snoozed_until=note.snoozed_until if snoozed else None,
    )


def bars(counts: list[int]) -> Bars:
    """A drawing of failures by hour, the newest on the right."""
    most = max(counts, default=0)
    drawn = []
    for place, count in enumerate(counts):
        if count:
            height = round(max(2.0, BARS_HEIGHT * count / most), 1)
            drawn.append(Bar(place * BAR_STEP, round(BARS_HEIGHT - height, 1), height))
    words = (
        f"{number(sum(counts))} in {len(counts)} hours; at most {number(most)} in an hour, {number(counts[-1])} in this"
    )
    return Bars(tuple(drawn), words if most else f"none in {len(counts)} hours")


def _names(pairs):
    return tuple(shortened(name, 80) for name, _ in pairs[:MAX_NAMES])


@dataclass(frozen=True)
class Part:
    """How many failures of a group have this name."""

    name: str
    count: int
    percent: int


def parts(pairs, seen: int) -> tuple[Part, ...]:
    """The functions, queues or hosts of a group."""
    return tuple(Part(name, count, round(100 * count / max(seen, 1))) for name, count in pairs)
