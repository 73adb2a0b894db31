"""Operators who act on whatever they find, and remember what they have tried."""

import random
import threading
import time
from collections import Counter
from functools import partial

from bench.soaking.crew import KEPT
from bench.soaking.load import ORDINARY, QUEUES
from queue_core import Actor, Engine, Settings, states
from queue_core.errors import MovedOn, SignalboxError, StoreUnavailable

_ACTOR = Actor("soak", "command line")
_TIMEOUT_SECONDS = 1.0
_BETWEEN_SECONDS = (0.05, 0.5)
_LOOKED_AT = 50
_BULK = 20


class Operator(threading.Thread):
    """retried: {task id: how often a retry was tried}.  removed: {task id: monotonic time of the newest attempt}.

    An act whose reply was lost may have happened; one that was refused has not."""

    def __init__(self, url, seed):
        super().__init__(name="operator", daemon=True)
        self.stopped = threading.Event()
        self.retried, self.removed, self.acts = Counter(), {}, Counter()
        self._engine = Engine(url, Settings(redis_timeout_seconds=_TIMEOUT_SECONDS, **KEPT))
        self._chance = random.Random(seed)
        self._ways = {
            # act: how often in comparison
            self._retry: 20,
            self._retry_many: 6,
            self._delete: 5,
            self._purge_many: 3,
            self._reschedule: 10,
            self._reschedule_error: 4,
            self._move: 8,
            self._cancel: 3,
            self._pause: 4,
            self._resume: 3,
        }

    def run(self):
        while not self.stopped.wait(self._chance.uniform(*_BETWEEN_SECONDS)):
            self._act()
        self._engine.close()

    def _act(self):
        way = self._chance.choices(list(self._ways), self._ways.values())[0]
        try:
            way()
            self.acts["done"] += 1
        except StoreUnavailable:
            self.acts["uncertain"] += 1
        except MovedOn:
            self.acts["too late"] += 1
        except SignalboxError as error:
            self.acts[f"refused: {type(error).__name__}"] += 1

    # -- ways --

    def _retry(self):
        for queue, task_id in self._some(states.ERROR):
            self.retried[task_id] += 1
            self._engine.control.retry(queue, task_id, actor=_ACTOR, fresh_budget=self._chance.random() < 0.2)

    def _retry_many(self):
        queue, ids = self._many()
        if ids:
            self.retried.update(ids)
            self._run("retry", queue, ids)

    def _delete(self):
        for queue, task_id in self._some(states.ERROR):
            delete = partial(self._engine.control.delete, queue, states.ERROR, task_id, actor=_ACTOR)
            self._remove([task_id], delete)

    def _purge_many(self):
        queue, ids = self._many()
        if ids:
            self._remove(ids, partial(self._run, "purge", queue, ids))

    def _reschedule(self):
        for queue, task_id in self._some(states.SCHEDULED):
            self._put_off(queue, states.SCHEDULED, task_id)

    def _reschedule_error(self):
        for queue, task_id in self._some(states.ERROR):
            self.retried[task_id] += 1
            self._put_off(queue, states.ERROR, task_id)

    def _move(self):
        state = self._chance.choice([states.QUEUED, states.SCHEDULED])
        for queue, task_id in self._some(state, ORDINARY):
            to_queue = self._chance.choice([one for one in ORDINARY if one != queue])
            self._engine.control.move(queue, state, task_id, to_queue=to_queue, actor=_ACTOR)

    def _cancel(self):
        state = self._chance.choice([states.QUEUED, states.SCHEDULED])
        for queue, task_id in self._some(state):
            self._remove([task_id], partial(self._engine.control.cancel, queue, state, task_id, actor=_ACTOR))

    def _pause(self):
        until = self._engine.store.now() + self._chance.uniform(0.5, 2.5)
        self._engine.control.pause(self._chance.choice(QUEUES), actor=_ACTOR, reason="soak", until=until)

    def _resume(self):
        for pause in self._engine.control.pauses()[:1]:
            self._engine.control.resume(pause.queue, actor=_ACTOR)

    # -- shared --

    def _some(self, state, queues=QUEUES):
        """One task of a queue that has any, as a list."""
        queue = self._chance.choice(queues)
        rows = self._engine.browse.page(queue, state, limit=_LOOKED_AT).rows
        return [(queue, self._chance.choice(rows).id)] if rows else []

    def _many(self):
        queue = self._chance.choice(QUEUES)
        rows = self._engine.browse.page(queue, states.ERROR, limit=_LOOKED_AT).rows
        return queue, [row.id for row in rows][:_BULK]

    def _run(self, verb, queue, ids):
        operations = self._engine.operations
        operations.run_small(operations.start(verb, queue, states.ERROR, actor=_ACTOR, task_ids=ids))

    def _put_off(self, queue, state, task_id):
        due_at = self._engine.store.now() + self._chance.uniform(0, 2)
        self._engine.control.reschedule(queue, state, task_id, due_at=due_at, actor=_ACTOR)

    def _remove(self, ids, remove):
        before = {task_id: self.removed.get(task_id) for task_id in ids}
        self.removed.update(dict.fromkeys(ids, time.monotonic()))
        try:
            remove()
        except MovedOn:
            for task_id, was in before.items():
                self.removed.pop(task_id) if was is None else self.removed.update({task_id: was})
            raise
