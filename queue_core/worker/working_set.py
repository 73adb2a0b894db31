"""Which queues a worker looks at: those that have something to run, as far as it knows.

It hears of them on the activity channel.  Messages can be lost, so the name set is read again every few seconds.
"""

from queue_core import states
from queue_core.clock import monotonic
from queue_core.connection import our_errors
from queue_core.errors import StoreUnavailable
from queue_core.text import to_text

_LISTEN_SECONDS = 0.05


class WorkingSet:
    """queue_filter: the queues that this worker serves."""

    def __init__(self, engine, queue_filter):
        self.queues: set[str] = set()
        self._engine = engine
        self._filter = queue_filter
        self._settings = engine.settings
        self._subscription = None
        self._reread_at = 0.0

    def refresh(self, wait_seconds: float) -> None:
        """Takes in what has been heard; waits for it at most so long, and not at all when there is something to do.

        Raises StoreUnavailable."""
        try:
            self._subscribe()
            self._reread_if_due()
            self._listen(0 if self.queues else min(wait_seconds, self._until_reread))
        except StoreUnavailable:
            self.close()
            raise

    def read_all(self) -> None:
        """Reads the names of all queues that have a queued task."""
        self.queues.update(filter(self._filter.accepts, self._engine.leases.queues(states.QUEUED)))
        self._reread_at = monotonic() + self._settings.reread_seconds

    def close(self) -> None:
        """Also for a forked child: nothing is said to the server."""
        self._reread_at = 0.0
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    @property
    def _until_reread(self):
        return max(self._reread_at - monotonic(), 0)

    def _subscribe(self):
        if self._subscription is None:
            subscription = self._engine.store.client.pubsub(ignore_subscribe_messages=True)
            with our_errors():
                subscription.subscribe(self._engine.store.keys.activity())
            self._subscription = subscription

    def _reread_if_due(self):
        if monotonic() >= self._reread_at:
            self.read_all()

    def _listen(self, wait_seconds):
        with our_errors():
            message = self._subscription.get_message(timeout=wait_seconds)
            # what piled up during a long task, or comes without end, must not keep the worker from its work
            until = monotonic() + _LISTEN_SECONDS
            while message:
                self._hear(message)
                message = self._subscription.get_message(timeout=0) if monotonic() < until else None

    def _hear(self, message):
        queue = to_text(message["data"])
        if self._filter.accepts(queue):
            self.queues.add(queue)
