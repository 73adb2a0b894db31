"""A walk over the tasks of many places from the newest to the oldest, which can be left and gone on with."""

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from queue_core.bookmark import Bookmark
from queue_core.errors import StoreCorrupt
from queue_core.text import to_bytes

_OPENED_AT_ONCE = 50
_READ_AT_ONCE = 200
_LEAST_READ = 10


@dataclass(frozen=True)
class Position:
    """The last task that was met: those of one score stand in the order of their source, then backwards by id."""

    score: float
    source: str
    member: bytes


@dataclass(frozen=True)
class Met:
    """place: (queue, state, task id, score)."""

    place: tuple
    position: Position


@dataclass(eq=False)
class Source:
    """One sorted set.  place_of: what a member and its score are, None for what is no task.

    newest_at: a score that is known to be at least the highest one, so that it need not be opened before.
    read_to: where to read on; None before it was opened."""

    name: str
    key: bytes
    place_of: Callable
    newest_at: float = math.inf
    waiting: deque = field(default_factory=deque)
    ended: bool = False
    read_to: Bookmark | None = None
    _highest: str = "+inf"

    def begin_after(self, position: Position) -> None:
        """Passes over everything up to a position that was reached before."""
        if self.name == position.source:
            self.read_to = Bookmark(self.key, (position.score, position.member), backwards=True)
        else:
            passed_all = to_bytes(self.name) < to_bytes(position.source)
            self._highest = f"({position.score!r}" if passed_all else repr(position.score)

    def ask(self, pipeline, count: int) -> None:
        """Puts the question for the first members on a pipeline."""
        pipeline.zrevrangebyscore(self.key, self._highest, "-inf", start=0, num=count, withscores=True)

    def take_in(self, reply, count: int) -> None:
        """Takes what was answered; a key of another type holds nothing."""
        rows = reply if isinstance(reply, list) else []
        self.ended = len(rows) < count
        self.waiting.extend(rows)
        if rows:
            rank = len(rows) if self._highest == "+inf" else None
            self.read_to = Bookmark(self.key, rows[-1][::-1], backwards=True, rank=rank)

    def read_on(self, client, count: int) -> None:
        """Takes the next members behind those that were read, or met by another walk."""
        try:
            rows = self.read_to.read_on(client, count)
        except StoreCorrupt:
            rows = []
        self.ended = len(rows) < count
        self.waiting.extend(rows)

    def next(self) -> Met:
        member, score = self.waiting.popleft()
        return Met(self.place_of(member, score), Position(score, self.name, member))

    @property
    def turn(self):
        return (-self.waiting[0][1], to_bytes(self.name))


class Walk:
    """sources: opened no earlier than what lies in them can be next.  after: where another walk has stopped."""

    def __init__(self, store, sources: list[Source], after: Position | None = None):
        self._store = store
        self._unopened = deque(sorted(sources, key=lambda source: -source.newest_at))
        self._open = []
        if after is not None:
            for source in sources:
                source.begin_after(after)

    def take(self, count: int) -> list[Met]:
        """The next tasks, at most so many; none at the end."""
        met = []
        while len(met) < count and (source := self._next_source()) is not None:
            one = source.next()
            if one.place is not None:
                met.append(one)
            self._put_back(source)
        return met

    def _next_source(self):
        while self._unopened and (not self._open or self._unopened[0].newest_at >= -self._open[0][0][0]):
            batch = [self._unopened.popleft() for _ in range(min(_OPENED_AT_ONCE, len(self._unopened)))]
            self._read(batch, max(_LEAST_READ, _READ_AT_ONCE // len(batch)))
        return heapq.heappop(self._open)[1] if self._open else None

    def _put_back(self, source):
        if source.waiting:
            heapq.heappush(self._open, (source.turn, source))
        elif not source.ended:
            self._read([source], _READ_AT_ONCE)

    def _read(self, sources, count):
        unopened = [source for source in sources if source.read_to is None]
        pipeline = self._store.client.pipeline(transaction=False)
        for source in unopened:
            source.ask(pipeline, count)
        replies = pipeline.execute(raise_on_error=False) if unopened else []
        for source in sources:
            if source.read_to is not None:
                source.read_on(self._store.client, count)
        for source, reply in zip(unopened, replies, strict=True):
            source.take_in(reply, count)
        for source in sources:
            if source.waiting:
                heapq.heappush(self._open, (source.turn, source))
