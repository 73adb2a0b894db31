"""All queues as a tree by the dots in their names, with sums.  Pure."""

from dataclasses import dataclass, field
from functools import lru_cache

from console.counts import Counts, summed
from console.presenters import visible

MAX_DEPTH = 8
MAX_ROWS = 200
OPEN_UP_TO_QUEUES = 60


@dataclass(frozen=True)
class Row:
    """One line of the tree. queue: the name of a queue, or None for a group; path: the dotted name of either.

    open_after, shut_after: which groups are open or shut once the line's link has been followed."""

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


@dataclass(frozen=True)
class Tree:
    """rows: those to draw, at most MAX_ROWS; left_out: how many more there are.

    found, known: how many queues match the filter, and how many there are."""

    rows: list[Row]
    left_out: int
    found: int
    known: int


def grow(snapshot, now: float, *, wanted: str = "", opened=(), shut=()) -> Tree:
    """The tree of the queues whose name holds `wanted`.  Groups in `opened` are open, those in `shut` not; the others
    are open when there are few queues or a filter is set."""
    names = tuple(sorted(_matching(snapshot.queues, wanted.lower())))
    open_by_default = bool(wanted) or len(names) <= OPEN_UP_TO_QUEUES
    walk = _Walk(snapshot, now, frozenset(opened), frozenset(shut), open_by_default)
    walk.draw_children(_planted(names), 0)
    return Tree(walk.rows, walk.left_out, len(names), len(snapshot.queues))


def _matching(names, wanted):
    return [name for name in names if wanted in visible(name).lower()] if wanted else names


@dataclass
class _Branch:
    """names: all queues in it; queue: the one of exactly this name."""

    path: str
    names: list = field(default_factory=list)
    queue: str | None = None
    children: dict = field(default_factory=dict)


@lru_cache(maxsize=4)
def _planted(names: tuple[str, ...]) -> _Branch:
    """The branches of these names.  Kept, since names change seldom and counts at every look."""
    root = _Branch("")
    for name in names:
        _plant(root, name)
    return root


def _plant(root, name):
    branch = root
    for part in name.split(".", MAX_DEPTH - 1):
        if part not in branch.children:
            branch.children[part] = _Branch(part if branch is root else f"{branch.path}.{part}")
        branch = branch.children[part]
        branch.names.append(name)
    branch.queue = name


class _Walk:
    """Draws branches as rows, from top to bottom; past MAX_ROWS it only counts them."""

    def __init__(self, snapshot, now, opened, shut, open_by_default):
        self.snapshot, self.now, self.opened, self.shut = snapshot, now, opened, shut
        self.open_by_default = open_by_default
        self.rows = []
        self.left_out = 0

    def draw_children(self, branch, depth):
        for child in branch.children.values():
            self.draw(child, depth, below=branch.path)

    def draw(self, branch, depth, below):
        if len(branch.names) == 1:
            self.add(self.leaf, branch.names[0], depth, below)
            return
        is_open = branch.path in self.opened or (self.open_by_default and branch.path not in self.shut)
        self.add(self.group, branch, depth, below, is_open)
        if is_open:
            if branch.queue is not None:
                self.add(self.leaf, branch.queue, depth + 1, branch.path)
            self.draw_children(branch, depth + 1)

    def add(self, make, *facts):
        if len(self.rows) < MAX_ROWS:
            self.rows.append(make(*facts))
        else:
            self.left_out += 1

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
            counts=summed((self.snapshot.queues[name] for name in branch.names), self.now),
            open=is_open,
            open_after=tuple(sorted(opened)),
            shut_after=tuple(sorted(shut)),
        )

    def leaf(self, queue, depth, below):
        counts = self.snapshot.queues[queue]
        return Row(
            path=queue,
            label=_label(queue, below),
            depth=depth,
            counts=summed([counts], self.now),
            queue=queue,
            paused_until=counts.paused_until,
        )


def _label(path: str, below: str) -> str:
    if below and path == below:
        return f"{path.rpartition('.')[2]} itself"
    return path[len(below) + 1 :] if below and path.startswith(below + ".") else path or "(no name)"
