"""All queues as a tree by the dots in their names, with sums; and those that want attention.  Pure."""

import math
from dataclasses import dataclass, field

from console.presenters import duration, number, plural, visible
from queue_core import states

MAX_DEPTH = 8
MAX_ROWS = 300
OPEN_UP_TO_QUEUES = 60
LONG_WAIT_SECONDS = 300
MAX_TROUBLED = 5


@dataclass(frozen=True)
class Counts:
    """Counts of one queue or sums of several.

    paused: how many queues among them are paused.  unknown: states where a count could not be taken; what stands there
    is the sum of the others."""

    queues: int = 0
    error: int = 0
    queued: int = 0
    scheduled: int = 0
    active: int = 0
    paused: int = 0
    oldest_queued_at: float | None = None
    newest_error_at: float | None = None
    next_due_at: float | None = None
    unknown: frozenset = frozenset()

    def text(self, state: str) -> str:
        """The count of `state` in words; never 0 for what is not known."""
        count = getattr(self, state)
        if state not in self.unknown:
            return number(count)
        return f"≥ {number(count)}" if count else "unknown"

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.queues + other.queues,
            self.error + other.error,
            self.queued + other.queued,
            self.scheduled + other.scheduled,
            self.active + other.active,
            self.paused + other.paused,
            _least(self.oldest_queued_at, other.oldest_queued_at),
            _most(self.newest_error_at, other.newest_error_at),
            _least(self.next_due_at, other.next_due_at),
            self.unknown | other.unknown,
        )


def _least(one, other):
    return min((at for at in (one, other) if at is not None), default=None)


def _most(one, other):
    return max((at for at in (one, other) if at is not None), default=None)


def counts_of(queue_counts, now: float) -> Counts:
    paused_until = queue_counts.paused_until
    return Counts(
        queues=1,
        error=queue_counts.error or 0,
        queued=queue_counts.queued or 0,
        scheduled=queue_counts.scheduled or 0,
        active=queue_counts.active or 0,
        paused=int(paused_until is not None and paused_until > now),
        oldest_queued_at=queue_counts.oldest_queued_at,
        newest_error_at=queue_counts.newest_error_at,
        next_due_at=queue_counts.next_due_at,
        unknown=frozenset(state for state in states.ALL if getattr(queue_counts, state) is None),
    )


@dataclass(frozen=True)
class Row:
    """One line of the tree. queue: the name of a queue, or None for a group; path: the dotted name of either."""

    path: str
    label: str
    depth: int
    counts: Counts
    queue: str | None = None
    paused_until: float | None = None
    open: bool | None = None
    open_after: tuple[str, ...] = ()
    shut_after: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        return self.queue is None


@dataclass
class _Branch:
    path: str
    queue: str | None = None
    counts: Counts = field(default_factory=Counts)
    children: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """rows: those to draw, at most MAX_ROWS; left_out: how many more there are; total: sums over the queues found;
    found, known: queues that match the filter, and all."""

    rows: list[Row]
    left_out: int
    total: Counts
    found: int
    known: int


def grow(snapshot, now: float, *, wanted: str = "", opened=(), shut=()) -> Tree:
    """The tree of the queues whose name holds `wanted`. Groups in `opened` are open, those in `shut` not; the others
    are open when there are few queues or a filter is set."""
    names = [name for name in snapshot.queues if wanted.lower() in visible(name).lower()]
    root = _Branch("")
    for name in sorted(names):
        _plant(root, name, counts_of(snapshot.queues[name], now))
    open_by_default = bool(wanted) or len(names) <= OPEN_UP_TO_QUEUES
    walk = _Walk(snapshot, now, frozenset(opened), frozenset(shut), open_by_default)
    walk.draw_children(root, 0)
    return Tree(walk.rows[:MAX_ROWS], max(0, len(walk.rows) - MAX_ROWS), root.counts, len(names), len(snapshot.queues))


def _plant(root: _Branch, name: str, counts: Counts) -> None:
    branch = root
    branch.counts += counts
    for part in name.split(".", MAX_DEPTH - 1):
        path = f"{branch.path}.{part}" if branch is not root else part
        branch = branch.children.setdefault(part, _Branch(path))
        branch.counts += counts
    branch.queue = name


class _Walk:
    """Draws branches as rows, from top to bottom."""

    def __init__(self, snapshot, now, opened, shut, open_by_default):
        self.snapshot, self.now, self.opened, self.shut = snapshot, now, opened, shut
        self.open_by_default = open_by_default
        self.rows = []

    def draw_children(self, branch, depth):
        for child in branch.children.values():
            self.draw(child, depth, below=branch.path)

    def draw(self, branch, depth, below):
        if branch.counts.queues == 1:
            self.leaf(_only_queue(branch), depth, branch.counts, below)
            return
        is_open = branch.path in self.opened or (self.open_by_default and branch.path not in self.shut)
        self.rows.append(self.group(branch, depth, below, is_open))
        if is_open:
            if branch.queue is not None:
                self.leaf(branch.queue, depth + 1, counts_of(self.snapshot.queues[branch.queue], self.now), branch.path)
            self.draw_children(branch, depth + 1)

    def group(self, branch, depth, below, is_open):
        opened, shut = self.opened - {branch.path}, self.shut - {branch.path}
        if is_open and self.open_by_default:
            shut |= {branch.path}
        if not is_open and not self.open_by_default:
            opened |= {branch.path}
        return Row(
            path=branch.path,
            label=_label(branch.path, below),
            depth=depth,
            counts=branch.counts,
            open=is_open,
            open_after=tuple(sorted(opened)),
            shut_after=tuple(sorted(shut)),
        )

    def leaf(self, queue, depth, counts, below):
        paused_until = self.snapshot.queues[queue].paused_until if counts.paused else None
        row = Row(queue, _label(queue, below), depth, counts, queue=queue, paused_until=paused_until)
        self.rows.append(row)


def _only_queue(branch: _Branch) -> str:
    while branch.queue is None:
        (branch,) = branch.children.values()
    return branch.queue


def _label(path: str, below: str) -> str:
    if below and path == below:
        return f"{path.rpartition('.')[2]} itself"
    return path[len(below) + 1 :] if below and path.startswith(below + ".") else path or "(no name)"


@dataclass(frozen=True)
class Troubled:
    """A queue that wants attention, and why in words, the worst first."""

    queue: str
    reasons: tuple[str, ...]
    newest_error_at: float | None
    error: int


def troubled(snapshot, now: float) -> list[Troubled]:
    """At most MAX_TROUBLED queues: failures first, the newest on top, then long waits."""
    found = [(queue, counts, _reasons(counts, now)) for queue, counts in snapshot.queues.items()]
    found = [each for each in found if each[2]]
    found.sort(
        key=lambda each: (not each[1].error, -(each[1].newest_error_at or 0), each[1].oldest_queued_at or math.inf)
    )
    return [
        Troubled(queue, tuple(reasons), counts.newest_error_at, counts.error)
        for queue, counts, reasons in found[:MAX_TROUBLED]
    ]


def _reasons(counts, now):
    reasons = []
    paused = counts.paused_until is not None and counts.paused_until > now
    unreadable = [state for state in states.ALL if getattr(counts, state) is None]
    if unreadable:
        reasons.append(f"what Redis holds as {', '.join(unreadable)} cannot be counted")
    if counts.error:
        reasons.append(f"{plural(counts.error, 'error')}")
    if paused and counts.queued:
        reasons.append(f"paused, {number(counts.queued)} queued behind it")
    elif counts.oldest_queued_at is not None and now - counts.oldest_queued_at > LONG_WAIT_SECONDS:
        reasons.append(f"oldest task has waited {duration(now - counts.oldest_queued_at)}")
    return reasons


def total(snapshot, now: float) -> Counts:
    """The sums over all queues."""
    return sum((counts_of(counts, now) for counts in snapshot.queues.values()), Counts())
