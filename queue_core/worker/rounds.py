"""Rounds over the queues that may have something to run."""

import random
from dataclasses import dataclass

from queue_core.errors import QueuePaused, StoreCorrupt, StoreError
from queue_core.process.stop import Stop
from queue_core.text import shown
from queue_core.worker import batches
from queue_core.worker.access import Access
from queue_core.worker.admission import Admission
from queue_core.worker.pace import Pace
from queue_core.worker.turn import Turn
from queue_core.worker.working_set import WorkingSet

_FIRST_REST_SECONDS = 0.1
_LONGEST_REST_SECONDS = 5.0


@dataclass(eq=False)
class Rounds:
    """The parts of a worker that a round needs."""

    engine: object
    executor: object
    working_set: WorkingSet
    admission: Admission
    access: Access
    turn: Turn
    pace: Pace
    stop: Stop
    log: object
    _rest_seconds: float = _FIRST_REST_SECONDS

    def make(self, is_over) -> bool:
        """Every queue of the working set once, in random order, until `is_over()`; whether anything was claimed."""
        self.working_set.queues = set(filter(self.admission.serves, self.working_set.queues))
        queues = list(self.working_set.queues)
        random.shuffle(queues)
        limit = self.pace.size() if self.executor.batches else 1
        worked = False
        try:
            for queue in queues:
                if is_over():
                    break
                worked |= self._visit(queue, limit)
            self._rest_seconds = _FIRST_REST_SECONDS
        except StoreError as error:
            self._rest(error)
        return worked

    def _rest(self, error):
        """A Redis that still answers but refuses writes would be asked again at once."""
        self.log.error("nothing can be taken", error=str(error))
        self.working_set.close()  # the next look at the working set waits until the store is back
        self.stop.wait(self._rest_seconds)
        self._rest_seconds = min(self._rest_seconds * 2, _LONGEST_REST_SECONDS)

    def _visit(self, queue, limit) -> bool:
        taken = 0
        try:
            taken = self._take(queue, limit)
        except StoreCorrupt as error:
            self.log.error("queue cannot be read", queue=shown(queue), error=str(error))
        if not taken:
            self.working_set.queues.discard(queue)
        return bool(taken)

    def _take(self, queue, limit) -> int:
        if not self.access.enter(queue):
            return 0
        try:
            size = self._batch_size(queue)
            if size:
                return self.turn.take_batch(queue, size)
            return self.turn.take(queue, 1 if self.access.limit(queue) else limit)
        except QueuePaused:
            return 0
        finally:
            self.access.leave()

    def _batch_size(self, queue):
        size, most = batches.size_for(queue, self.engine.settings.batch_queues), batches.MOST_IN_A_CLAIM
        if size is not None and size > most:
            self.log.error("batch size refused", queue=shown(queue), size=size, used=most)
            return most
        return size
