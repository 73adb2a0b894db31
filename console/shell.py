"""What every page shows around its content: the age of the counts, pauses, running operations, and who sweeps."""

from functools import cached_property

from flask import g

from console import current, links
from console.counts import active_queues, next_due_at, totals
from queue_core.errors import StoreError

STALE_SECONDS = 15
OVERDUE_SECONDS = 60


class Shell:
    """Each part is read when a template asks for it, and is None (unknown) when Redis does not answer."""

    def _ask(self, read):
        if g.get("store_away"):
            return None
        try:
            return current.known(read)
        except StoreError:
            g.store_away = True
            return None

    @property
    def away(self) -> bool:
        """Whether Redis failed to answer during this request."""
        return bool(g.get("store_away"))

    @property
    def unknown(self) -> list[str]:
        """What the page could not be told, since a key is not what it should be."""
        return current.unknown()

    @cached_property
    def now(self) -> float:
        return current.now()

    @cached_property
    def snapshot(self):
        return self._ask(current.snapshot)

    @property
    def taken_at(self) -> float | None:
        return self.snapshot and self.snapshot.taken_at

    @property
    def stale(self) -> bool:
        return self.taken_at is not None and self.now - self.taken_at > STALE_SECONDS

    @cached_property
    def errors(self) -> int | None:
        return self._sum("error")

    @cached_property
    def scheduled(self) -> int | None:
        return self._sum("scheduled")

    def _sum(self, state):
        return None if self.snapshot is None else self.snapshot.once(totals)[state]

    @cached_property
    def pauses(self):
        return self._ask(lambda: current.engine().control.pauses())

    @cached_property
    def holds(self):
        return self._ask(lambda: current.engine().holds.all())

    @cached_property
    def operations(self):
        return self._ask(lambda: current.engine().operations.running())

    @cached_property
    def sweeper(self) -> str | None:
        """The token of the process that sweeps; an empty text when there is none."""
        return self._ask(lambda: current.engine().workers.holder("sweeper") or "")

    @cached_property
    def observer(self) -> str | None:
        """The token of the process that only observes (counts, operations); an empty text when there is none."""
        return self._ask(lambda: current.engine().workers.holder("observer") or "")

    @property
    def neglected(self) -> bool:
        """Whether nobody does a sweeper's duties, as far as can be seen.

        Beside an observer TaskTiger's workers may do them unseen; that they do not shows in what is overdue.  What
        workers of ours have claimed is nobody's business but our sweeper's."""
        return self.sweeper == "" and (self.observer == "" or self._is_overdue or bool(self._is_ours))

    @property
    def _is_overdue(self):
        first_due_at = self.snapshot and self.snapshot.once(next_due_at)
        return first_due_at is not None and first_due_at < self.now - OVERDUE_SECONDS

    @property
    def _is_ours(self):
        active = self.snapshot.once(active_queues) if self.snapshot else []
        return self._ask(lambda: current.engine().workers.have_claimed(active))

    @property
    def instances(self):
        """The consoles of other environments (name, url)."""
        return links.instances(self.settings.instances)

    @property
    def settings(self):
        return current.settings()
