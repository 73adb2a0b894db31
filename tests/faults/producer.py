"""A producer that keeps workers busy, and repeats every enqueue of which it does not know whether it happened."""

import random
import threading
import time
from datetime import timedelta

from queue_core import Engine, Settings
from queue_core.errors import EnqueueUncertain, StoreUnavailable
from queue_core.payload import plain_id
from tests.faults import tasks

QUEUES = ["orders", "orders.north", "orders.south", "pictures", "messages"]

_LENGTHS_SECONDS = [(0.0005, 0.004), (0.005, 0.03), (0.2, 1.2), (1.0, 6.0)]
_TIMEOUT_SECONDS = 1.0
_REMEMBER_SECONDS = 3600
_AGAIN_SECONDS = 0.1
_LOOK_SECONDS = 0.05


class Producer(threading.Thread):
    """accepted: {task id: queue} of what Redis has accepted.  uncertain: lost replies; away: refused connections.

    backlog: more tasks than so many are not left waiting."""

    def __init__(self, url, count, backlog, seed):
        super().__init__(name="producer", daemon=True)
        self.accepted = {}
        self.uncertain = self.away = 0
        self._count, self._backlog = count, backlog
        self._engine = Engine(url, Settings(redis_timeout_seconds=_TIMEOUT_SECONDS))
        self._chance = random.Random(seed)

    def run(self):
        for _ in range(self._count):
            self._wait_for_room()
            self._enqueue()
        self._engine.close()

    def _enqueue(self):
        task_id, queue = plain_id(), self._chance.choice(QUEUES)
        function, seconds = self._pick()
        when = timedelta(seconds=self._chance.uniform(0.1, 3.0)) if self._chance.random() < 0.1 else None
        self._until_answered(
            lambda: self._engine.delay(
                function,
                args=(seconds,),
                queue=queue,
                when=when,
                task_id=task_id,
                remember_seconds=_REMEMBER_SECONDS,
            )
        )
        self.accepted[task_id] = queue

    def _until_answered(self, enqueue):
        while True:
            try:
                return enqueue()
            except EnqueueUncertain:
                self.uncertain += 1
            except StoreUnavailable:
                self.away += 1
            time.sleep(_AGAIN_SECONDS)

    def _pick(self):
        function = self._chance.choices([tasks.work_once, tasks.work_again, tasks.stumble], [45, 45, 10])[0]
        low, high = self._chance.choices(_LENGTHS_SECONDS, [160, 34, 5, 1])[0]
        return function, round(self._chance.uniform(low, high), 4)

    def _wait_for_room(self):
        """Waits while there is more work than the workers need to be busy."""
        if len(self.accepted) % 50 == 0:
            self._until_answered(self._wait_for_backlog)

    def _wait_for_backlog(self):
        while sum(self._engine.browse.sizes(queue)["queued"] for queue in QUEUES) > self._backlog:
            time.sleep(_LOOK_SECONDS)
