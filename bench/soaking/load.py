"""Producers: they keep the workers busy with a mixture of all kinds, and remember what was accepted."""

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from bench.soaking import tasks
from queue_core import Engine, Settings
from queue_core.errors import EnqueueUncertain, QueueFullException, StoreUnavailable
from queue_core.payload import plain_id

ORDINARY = ["orders", "orders.north", "orders.south", "pictures"]
NARROW, NARROW_SIZE = "narrow", 4
QUEUES = [*ORDINARY, NARROW, "rooms", "mirror", "mirror.left", tasks.BATCH_QUEUE]
"""All that are drained in the end; the queue of what recurs is not."""

REMEMBER_SECONDS = 20
_PRINTERS = 3
_ROOMS = 30
_BACKLOG = 200
_AGAIN_SECONDS = 0.1
_LOOK_SECONDS = 0.05
_TIMEOUT_SECONDS = 1.0
_LENGTHS_SECONDS = [(0.0005, 0.004), (0.005, 0.03), (0.2, 1.0)]


@dataclass
class Accepted:
    """What Redis has said yes to, by all producers.

    once: {task id: function's name} of those with an id of their own.  last: {name in the ledger: monotonic time before
    the newest enqueue} of unique ones.  printers: {task id: printer}.  uncertain, away, full: refusals."""

    once: dict[str, str] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    printers: dict[str, int] = field(default_factory=dict)
    count: int = 0
    uncertain: int = 0
    away: int = 0
    full: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, amount=0, **more) -> None:
        with self.lock:
            self.count += amount
            for name, one in more.items():
                setattr(self, name, getattr(self, name) + one)


class Producer(threading.Thread):
    """Enqueues until it is told to stop."""

    def __init__(self, url, accepted: Accepted, seed):
        super().__init__(name="producer", daemon=True)
        self.stopped = threading.Event()
        self._accepted = accepted
        self._engine = Engine(url, Settings(redis_timeout_seconds=_TIMEOUT_SECONDS))
        self._chance = random.Random(seed)
        self._kinds = {
            # kind: how often in comparison
            self._plain: 1000,
            self._batch: 120,
            self._unique: 80,
            self._mirrored: 40,
            self._locked: 60,
            self._narrow: 80,
            self._failing: 20,
            self._slow: 2,
            self._overrun: 3,
            self._dying: 3,
        }

    def run(self):
        count = 0
        while not self.stopped.is_set():
            if count % 20 == 0:
                self._until_answered(self._wait_for_room)
            self._chance.choices(list(self._kinds), self._kinds.values())[0]()
            count += 1
        self._engine.close()

    # -- kinds --

    def _plain(self):
        functions = [tasks.work_once, tasks.work_again, tasks.stumble]
        function = self._chance.choices(functions, [45, 45, 10])[0]
        later = timedelta(seconds=self._chance.uniform(0.1, 3.0)) if self._chance.random() < 0.1 else None
        self._put(function, [self._seconds()], self._chance.choice(ORDINARY), when=later)

    def _failing(self):
        function = self._chance.choice([tasks.fail_at_once, tasks.fail_in_the_end])
        self._put(function, [self._seconds()], self._chance.choice(ORDINARY))

    def _slow(self):
        self._put(
            self._chance.choice([tasks.work_once, tasks.work_again]), [self._chance.uniform(3.0, 7.0)], "pictures"
        )

    def _overrun(self):
        self._put(tasks.overrun, [], "pictures")

    def _dying(self):
        self._put(self._chance.choice([tasks.die_once, tasks.die_again]), [], "orders.north")

    def _batch(self):
        self._put(tasks.send, [self._chance.uniform(0, 0.003)], tasks.BATCH_QUEUE)

    def _locked(self):
        printer = self._chance.randrange(_PRINTERS)
        task_id = self._put(tasks.print_pages, [self._chance.uniform(0, 0.03), printer], "pictures", by_name=True)
        self._accepted.printers[task_id] = printer

    def _narrow(self):
        self._put(tasks.work_again, [self._seconds()], NARROW, max_queue_size=NARROW_SIZE)

    def _unique(self):
        self._put_unique(tasks.tidy, "rooms", per_queue=False)

    def _mirrored(self):
        self._put_unique(tasks.mirror, self._chance.choice(["mirror", "mirror.left"]), per_queue=True)

    # -- putting --

    def _put(self, function, args, queue, by_name=False, **options) -> str | None:
        task_id = plain_id()
        given = {"kwargs": dict(zip(("seconds", "printer"), args, strict=True))} if by_name else {"args": args}
        options |= {"queue": queue, "task_id": task_id, "remember_seconds": REMEMBER_SECONDS, **given}
        if self._until_answered(lambda: self._engine.delay(function, **options)):
            self._accepted.once[task_id] = function.__name__
            self._accepted.add(1)
        return task_id

    def _put_unique(self, function, queue, per_queue):
        room = self._chance.randrange(_ROOMS)
        when = timedelta(seconds=self._chance.uniform(0.1, 2.0)) if self._chance.random() < 0.2 else None
        began_at = []

        def enqueue():
            began_at.append(time.monotonic())
            return self._engine.delay(function, args=[room], queue=queue, when=when)

        task = self._until_answered(enqueue)
        name = f"{task.id}@{queue}" if per_queue else task.id
        with self._accepted.lock:
            self._accepted.last[name] = max(self._accepted.last.get(name, 0), began_at[-1])
        self._accepted.add(1)

    def _until_answered(self, ask):
        """What it gives; None when the queue is full."""
        while True:
            try:
                return ask()
            except QueueFullException:
                self._accepted.add(full=1)
                return None
            except EnqueueUncertain:
                self._accepted.add(uncertain=1)
            except StoreUnavailable:
                self._accepted.add(away=1)
            time.sleep(_AGAIN_SECONDS)

    def _seconds(self):
        low, high = self._chance.choices(_LENGTHS_SECONDS, [160, 34, 2])[0]
        return round(self._chance.uniform(low, high), 4)

    def _wait_for_room(self):
        while not self.stopped.is_set() and self._waiting() > _BACKLOG:
            time.sleep(_LOOK_SECONDS)

    def _waiting(self):
        return sum(self._engine.browse.sizes(queue)["queued"] for queue in QUEUES)
