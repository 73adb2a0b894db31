"""Which queues a worker looks at: those that have something to run, as far as it knows.

It hears of them on the activity channel.  Messages can be lost, so the name set is read again every few seconds.  With
`queue_poll_seconds` it only reads the name set, every so often.
"""

from queue_core import states
from queue_core.clock import monotonic
from queue_core.connection import our_errors
from queue_core.errors import StoreCorrupt, StoreUnavailable
from queue_core.text import shown, to_text

_LISTEN_SECONDS = 0.05


class WorkingSet:
    """queue_filter: the queues that this worker serves.  rest(seconds): waits for so long, or until a stop request."""

    def __init__(self, engine, queue_filter, rest, log):
        self.queues: set[str] = set()
        self._engine = engine
        self._filter = queue_filter
        self._rest = rest
        self._log = log
        self._subscription = None
        self._reread_at = 0.0

    def refresh(self, wait_seconds: float) -> None:
        """Takes in what has been heard; waits for it at most so long, and not at all when there is something to do.

        Raises StoreUnavailable."""
        if self._engine.settings.queue_poll_seconds:
            self._poll(wait_seconds)
            return
        try:
            self._subscribe()
            if monotonic() >= self._reread_at:
                self.read_all()
            self._listen(0 if self.queues else min(wait_seconds, self._until_reread))
        except StoreUnavailable:
            self.close()
            raise

    def read_all(self) -> None:
        """Reads the names of all queues that have a queued task."""
        self._reread_at = monotonic() + self._engine.settings.reread_seconds
        try:
            for queue in self._engine.leases.queues(states.QUEUED):
                self._add(queue)
        except StoreCorrupt as error:  # what is heard of can be served all the same
            self._log.error("queues cannot be read", error=str(error))

    def close(self) -> None:
        """Also for a forked child: nothing is said to the server."""
        self._reread_at = 0.0
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _poll(self, wait_seconds):
        if not self.queues and wait_seconds:
            self._rest(self._engine.settings.queue_poll_seconds)
        self.read_all()

    @property
    def _until_reread(self):
        return max(self._reread_at - monotonic(), 0)

    def _subscribe(self):
        if self._subscription is None:
            subscription = self._engine.store.client.pubsub(ignore_subscribe_messages=True)
            with our_errors():
                subscription.subscribe(self._engine.store.keys.activity())
            self._subscription = subscription

    def _listen(self, wait_seconds):
        with our_errors():
            message = self._subscription.get_message(timeout=wait_seconds)
            more_seconds = self._engine.settings.select_batch_seconds if wait_seconds else 0
            wait_until = monotonic() + more_seconds
            # what piled up during a long task, or comes without end, must not keep the worker from its work
            listen_until = wait_until + _LISTEN_SECONDS
            while message:
                self._add(to_text(message["data"]))
                left = max(wait_until - monotonic(), 0)
                message = self._subscription.get_message(timeout=left) if monotonic() < listen_until else None

    def _add(self, queue):
        if queue not in self.queues and self._filter.accepts(queue):
            self.queues.add(queue)
            self._log.debug("new queue", queue=shown(queue))
