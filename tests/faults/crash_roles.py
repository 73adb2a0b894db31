"""Who dies at a crash point, with enough to do that every script of theirs is called.

A role is told in four steps: `prepare` (before), `act` (in the process that dies), `carry_on` (what a person or a
program does afterwards, knowing only what was acknowledged), `wrong` (what it asks of the end, beside the rules for
all tasks).
"""

import contextlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from queue_core import Actor, Engine, Settings, Worker
from queue_core.errors import MovedOn, QueueFullException
from queue_core.payload import Payload, plain_id
from queue_core.sweeper import Sweeper
from tests.faults import crash_tasks as tasks
from tests.faults.ledger import Ledger, Pen

SETTINGS = {
    "lease_seconds": 1.0,
    "heartbeat_seconds": 0.2,
    "recover_seconds": 0.2,
    "redis_timeout_seconds": 0.5,
    "poll_seconds": 0.05,
    "reread_seconds": 0.2,
    "promote_seconds": 0.1,
    "lock_retry_seconds": 0.1,
    "snapshot_seconds": 0.2,
    "sweeper_lease_seconds": 1.0,
    "operation_chunk": 2,
    "batch_queues": {"batch": 4},
}
ANNA = Actor("anna", "command line")
SOON_SECONDS = 0.2
HELD_SECONDS = 3.0


@dataclass
class Stage:
    """One case: its own prefix on the Redis at `url`, and its own folder.

    accepted: ids that must not be lost.  removed: ids that a person has asked to remove."""

    url: str
    prefix: str
    folder: Path
    accepted: set = field(default_factory=set)
    removed: set = field(default_factory=set)

    @property
    def ledger_path(self):
        return self.folder / "ledger"

    def engine(self, **settings) -> Engine:
        settings = SETTINGS | {"prefix": self.prefix} | settings
        return Engine(self.url, Settings(**settings), allow_modules=[tasks.__name__])

    def engine_at_work(self) -> Engine:
        """For a process that runs tasks."""
        engine = self.engine()
        tasks.attach(self.ledger_path, engine)
        return engine

    def put(self, engine, function, *args, **options) -> str:
        task_id = options.pop("task_id", None) or plain_id()
        options = {"queue": "orders"} | options
        self.accepted.add(engine.delay(function, args, task_id=task_id, **options).id)
        return task_id

    def put_failed(self, engine, function) -> str:
        """A task that a worker has given up."""
        task_id = self.put(engine, function, queue="failed")
        session = engine.leases.session("worker-before")
        (claimed,) = session.claim("failed")
        session.start(claimed)
        session.give_up(claimed, b'{"exception_name": "x:Y", "success": false, "time_failed": 1, "time_started": 1}')
        session.drain()
        session.close()
        return task_id


class Role:
    stops_when_drained = True

    def __init__(self, stage: Stage, style: str):
        self.stage, self.style = stage, style

    def prepare(self, engine) -> None: ...

    def act(self) -> None: ...

    def carry_on(self, engine) -> None: ...

    @property
    def is_stopped_early(self) -> bool:
        """Asked to stop while there is work."""
        return self.style == "stopped"

    @property
    def comes_late(self) -> bool:
        """`carry_on` is for when the others have done their work."""
        return self.style == "late"

    def wrong(self, engine):
        return ()


# -- those that run tasks, and those that look after them --


class AtWork(Role):
    """A worker.  Without a sweeper beside it, it does the sweeper's duties as well."""

    executor = "sync"

    def prepare(self, engine):
        if self.style == "batch":
            self._prepare_batches(engine)
        else:
            self._prepare_plainly(engine)

    def _prepare_batches(self, engine):
        put_held(self.stage, engine, queue="batch")
        functions = (tasks.together, tasks.together_once, tasks.together, tasks.again, tasks.once)
        for function in (*functions, tasks.together_stumbling, tasks.together_in_vain, *functions):
            self.stage.put(engine, function, queue="batch")
        self.stage.put(engine, tasks.together_in_vain, queue="batch")

    def _prepare_plainly(self, engine):
        stage = self.stage
        put_held(stage, engine)
        for _ in range(4):
            stage.put(engine, tasks.again)
        for function in (tasks.once, tasks.stumble, tasks.fail, tasks.once, tasks.again):
            stage.put(engine, function)
        engine.locks.acquire(_lock_id(engine, stage.put(engine, tasks.locked)), "somebody", 1.0)
        ids = [plain_id(), plain_id()]
        stage.put(engine, tasks.spawn, *ids)
        stage.accepted.update(ids)
        stage.put(engine, tasks.again, when=time.time() + 0.05)
        # later, since a worker that has met something slow claims no more than one task at a time
        stage.put(engine, tasks.again, 1.3, queue="slow", when=time.time() + 0.7)
        stage.put(engine, tasks.locked, queue="others")
        leave_lost_claims(stage, engine)

    def act(self):
        if self.style == "no process":
            _refuse_processes(2)
        most = 1 if self.style == "limited" else None
        Worker(self.stage.engine_at_work(), executor=self.executor, max_workers_per_queue=most).run()


class AtWorkInChildren(AtWork):
    executor = "fork"


class Sweeping(Role):
    """The sweeper, beside no worker."""

    def prepare(self, engine):
        stage = self.stage
        engine.workers.register("worker-before", {"kind": "worker"})
        for _ in range(3):
            stage.put(engine, tasks.again, when=time.time() + 0.05)
        leave_lost_claims(stage, engine)
        failed = [stage.put_failed(engine, tasks.again) for _ in range(3)]
        engine.operations.start("retry", "failed", "error", actor=ANNA, task_ids=[*failed, plain_id()])
        purged = [stage.put_failed(engine, tasks.again) for _ in range(3)]
        stage.removed.update(purged)
        engine.operations.start("delete", "failed", "error", actor=ANNA, task_ids=purged)
        self._put_undone(engine)
        self._put_led_elsewhere(engine)
        put_held(stage, engine)
        self._put_twins(engine)
        stage.put(engine, tasks.once, queue="paused")
        engine.control.pause("paused", actor=ANNA, reason="for a moment", until=engine.store.now() + SOON_SECONDS)
        engine.control.pause("closed", actor=ANNA, reason="for good")

    def _put_undone(self, engine):
        """What somebody has deleted and wants back."""
        back = [self.stage.put_failed(engine, tasks.again) for _ in range(3)]
        operation = engine.operations.start("delete", "failed", "error", actor=ANNA, task_ids=back)
        engine.operations.undo(engine.operations.run_small(operation).id, actor=ANNA)

    def _put_led_elsewhere(self, engine):
        """What somebody moves to another queue or wants back from there, and what is to become due an hour earlier."""
        astray = [self.stage.put_failed(engine, tasks.again) for _ in range(3)]
        engine.operations.start("move", "failed", "error", actor=ANNA, task_ids=astray, to_queue="rightly")
        wrongly = [self.stage.put_failed(engine, tasks.again) for _ in range(3)]
        moved = engine.operations.start("move", "failed", "error", actor=ANNA, task_ids=wrongly, to_queue="wrongly")
        engine.operations.undo(engine.operations.run_small(moved).id, actor=ANNA)
        for _ in range(3):
            self.stage.put(engine, tasks.again, queue="planned", when=time.time() + 3600)
        engine.operations.start("reschedule", "planned", "scheduled", actor=ANNA, shift_seconds=-3600.0)

    def _put_twins(self, engine):
        """A unique task in two queues, of which one has let it go."""
        for queue in ("orders", "others"):
            task = engine.delay(tasks.alone, [1], queue=queue)
        engine.control.cancel("others", "queued", task.id, actor=ANNA)
        self.stage.accepted.add(task.id)

    def act(self):
        Sweeper(self.stage.engine()).run()

    def wrong(self, engine):
        for operation in engine.operations.newest():
            if not operation.ended or operation.done + operation.skipped != operation.matched:
                yield f"operation {operation.verb} is {operation.status}: {operation.done} + {operation.skipped}"


# -- those that ask for something, and repeat it when they have no answer --


class Asking(Role):
    """Does one thing after the other; what was not acknowledged is done again afterwards."""

    stops_when_drained = False

    def act(self):
        self._do(self.stage.engine(), done=0)

    def carry_on(self, engine):
        path = self.stage.folder / "acknowledged"
        self._do(engine, done=len(path.read_text().splitlines()) if path.exists() else 0)

    def _do(self, engine, done):
        for step in self.steps(engine)[done:]:
            with contextlib.suppress(MovedOn, QueueFullException):
                step()
            with open(self.stage.folder / "acknowledged", "a") as acknowledged:
                acknowledged.write("done\n")


class Producing(Asking):
    """Repeats an enqueue with its id: no second task comes of it."""

    def prepare(self, engine):
        self.ids = [plain_id() for _ in range(6)]
        self.stage.accepted.update(self.ids)

    def steps(self, engine):
        options = {"queue": "orders", "remember_seconds": 60}
        now, later = self.ids[:3], self.ids[3:]
        return [lambda one=one: engine.delay(tasks.again, task_id=one, **options) for one in now] + [
            lambda one=one: engine.delay(tasks.once, task_id=one, when=time.time() + SOON_SECONDS, **options)
            for one in later
        ]

    def wrong(self, engine):
        runs = Ledger.read(self.stage.ledger_path).runs
        return [f"an enqueue made {len(runs[one])} runs" for one in self.ids if len(runs.get(one, ())) != 1]


def _unhurried(operations) -> str:
    """An operation that has not ended."""
    running = operations.running() or [operations.start("clear", "nothing here", "queued", actor=ANNA)]
    return running[0].id


class Operating(Asking):
    """A person at the command line or in the console."""

    def prepare(self, engine):
        stage = self.stage
        self.failed = [stage.put_failed(engine, tasks.again) for _ in range(7)]
        far = time.time() + 3600
        self.planned = [stage.put(engine, tasks.again, when=far) for _ in range(2)]
        for _ in range(2):
            stage.put(engine, tasks.again, queue="planned", when=far)
        self.astray = [stage.put_failed(engine, tasks.again) for _ in range(2)]
        stage.put(engine, tasks.again, queue="held")
        rubbish = [stage.put_failed(engine, tasks.again) for _ in range(3)]
        for task_id in rubbish:
            engine.control.move("failed", "error", task_id, to_queue="rubbish", actor=ANNA)
        stage.removed.update(rubbish)
        stage.removed.update([self.failed[1], self.planned[0]])

    def steps(self, engine):
        control, operations, (failed, planned) = engine.control, engine.operations, (self.failed, self.planned)
        return [
            lambda: control.pause("held", actor=ANNA, reason="a look at it"),
            lambda: engine.holds.hold_function("app:work", actor=ANNA, reason="a look at it"),
            lambda: engine.browse.page("failed", "error"),
            lambda: engine.browse.task("failed", failed[0]),
            lambda: control.retry("failed", failed[0], actor=ANNA),
            lambda: control.delete("failed", "error", failed[1], actor=ANNA),
            lambda: control.delete("failed", "error", failed[4], actor=ANNA),
            lambda: _restore(engine, failed[4]),
            lambda: control.move("failed", "error", failed[2], to_queue="others", actor=ANNA),
            lambda: control.retry("others", failed[2], actor=ANNA),
            lambda: control.cancel("orders", "scheduled", planned[0], actor=ANNA),
            lambda: control.reschedule("orders", "scheduled", planned[1], due_at=time.time() + 0.1, actor=ANNA),
            lambda: operations.run_small(
                operations.start("retry", "failed", "error", actor=ANNA, task_ids=[*failed[4:], plain_id()])
            ),
            lambda: operations.run_small(
                operations.start("move", "failed", "error", actor=ANNA, task_ids=self.astray, to_queue="rightly")
            ),
            lambda: operations.run_small(
                operations.start("reschedule", "planned", "scheduled", actor=ANNA, spread_seconds=0.1, due_at=1.0)
            ),
            lambda: operations.pause(_unhurried(operations), actor=ANNA, reason="a look at it"),
            lambda: operations.resume(_unhurried(operations), actor=ANNA),
            lambda: control.shift("failed", failed[3], "error", "queued", actor=ANNA),
            lambda: control.purge("rubbish", "error", actor=ANNA),
            lambda: engine.trash.empty(actor=ANNA),
            lambda: control.resume("held", actor=ANNA),
            lambda: engine.holds.release(engine.holds.find("app:work").id, actor=ANNA),
        ]

    def wrong(self, engine):
        acts = [json.loads(fields[b"act"]) for _, fields in engine.store.client.xrange(engine.store.keys.audit())]
        for verb, task_id in (
            ("retry", self.failed[0]),
            ("delete", self.failed[1]),
            ("move", self.failed[2]),
            ("cancel", self.planned[0]),
        ):
            times = sum(one["verb"] == verb and one.get("task_id") == task_id for one in acts)
            if times != 1:
                yield f"{verb} happened once and is noted {times} times"
        yield from Sweeping.wrong(self, engine)


def _restore(engine, task_id) -> None:
    for entry in engine.trash.page().entries:
        if entry.task_id == task_id:
            engine.trash.restore(entry.id, actor=ANNA)


def put_held(stage, engine, queue="orders") -> None:
    """Tasks of a function that is held for a moment."""
    name = f"{tasks.__name__}:{tasks.wait_aside.__name__}"
    until = engine.store.now() + HELD_SECONDS
    for _ in range(3):
        stage.put(engine, tasks.wait_aside, queue=queue)
    engine.holds.hold_function(name, actor=ANNA, reason="for a moment", until=until)


def leave_lost_claims(stage, engine) -> None:
    """Tasks of a worker that was killed just now: some it had begun, one it had not."""
    functions = (tasks.again, tasks.once, tasks.again, tasks.again)
    ids = [stage.put(engine, function, queue="lost") for function in functions]
    engine.store.client.hset(engine.store.keys.recoveries(), ids[-1], 2)
    pen = Pen(stage.ledger_path)
    for limit, begun in ((3, 2), (1, 1)):  # what has been recovered is claimed alone
        session = engine.leases.session("worker-before")
        claimed = session.claim("lost", limit)
        for one in claimed[:begun]:
            session.start(one)
            pen.note("begin", one.id, "once" if one.id == ids[1] else "repeatable")
        session.drain()
        session.close()
    pen.close()


def _refuse_processes(times) -> None:
    """As a machine without memory does."""
    fork, refused = os.fork, []

    def refuse():
        if len(refused) == times:
            return fork()
        refused.append(1)
        raise BlockingIOError("no more processes")

    os.fork = refuse


def _lock_id(engine, task_id):
    return Payload.decode(engine.store.client.get(engine.store.keys.payload(task_id)), task_id).lock_id


ROLES = {
    "sync": AtWork,
    "fork": AtWorkInChildren,
    "sweeper": Sweeping,
    "producer": Producing,
    "operator": Operating,
}
