"""A walk over the tasks of many places from the newest to the oldest, which can be left and gone on with."""

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

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

    newest_at: a score that is known to be at least the highest one, so that it need not be opened before."""

    name: str
    key: bytes
    place_of: Callable
    newest_at: float = math.inf
    waiting: deque = field(default_factory=deque)
    ended: bool = False
    _highest: float = math.inf
    _skipped: int = 0
    _begin: Position | None = None

    def begin_after(self, position: Position) -> None:
        """Passes over everything up to a position that was reached before."""
        self._begin = position
        passed_all = to_bytes(self.name) < to_bytes(position.source)
        self._highest = math.nextafter(position.score, -math.inf) if passed_all else position.score

    def ask(self, pipeline, count: int) -> None:
        """Puts the question for the next members on a pipeline."""
        highest = "+inf" if self._highest == math.inf else self._highest
        pipeline.zrevrangebyscore(self.key, highest, "-inf", start=self._skipped, num=count, withscores=True)

    def take_in(self, reply, count: int) -> None:
        """Takes what was answered; a key of another type holds nothing."""
        rows = reply if isinstance(reply, list) else []
        self.ended = len(rows) < count
        if not rows:
            return
        last = rows[-1][1]
        same = sum(score == last for _, score in rows)
        self._skipped = self._skipped + same if last == self._highest else same
        self._highest = last
        self.waiting.extend(row for row in rows if not self._was_met(*row))

    def _was_met(self, member, score) -> bool:
        begin = self._begin
        if begin is None or score != begin.score:
            return False
        return self.name == begin.source and member >= begin.member

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
        while sources:
            pipeline = self._store.client.pipeline(transaction=False)
            for source in sources:
                source.ask(pipeline, count)
            for source, reply in zip(sources, pipeline.execute(raise_on_error=False), strict=True):
                source.take_in(reply, count)
                if source.waiting:
                    heapq.heappush(self._open, (source.turn, source))
            sources = [source for source in sources if not source.waiting and not source.ended]
