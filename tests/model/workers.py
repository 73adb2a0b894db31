"""The rules of workers and of the sweeper."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from queue_core.errors import LeaseLost
from queue_core.twins import Twins
from tests.model.model import Refused
from tests.model.stage import QUEUES, WORKERS, Stage, seconds_of

PICK = st.integers(0, 7)
ENDS = st.sampled_from(["finish", "retry_later", "give_up", "defer", "release", "stand_aside"])
KEEP = st.sampled_from([0, 1, 2])
WRONG = st.sampled_from([-1.0, 1.0])


class Workers(Stage):
    # -- taking --

    @precondition(lambda self: any(self.model.states["queued"].values()))
    @rule(queue=QUEUES, worker=WORKERS, limit=st.integers(1, 4))
    def claim(self, queue, worker, limit):
        found, between = self.server_moment(lambda: self._claim(queue, worker, limit))
        for one in found:
            _, lease = self.held[worker][queue, one.id]
            assert between[0] <= lease <= between[1]

    def _claim(self, queue, worker, limit):
        session, claimed = self.sessions[worker], []
        waiting = [task_id for task_id, _ in self.model.lowest("queued", queue)[:limit]]

        def take():
            claimed.extend(session.claim(queue, limit, self.model.payload_budget))
            return [(one.id, one.score_before, one.recoveries, one.raw and one.raw.decode()) for one in claimed]

        self.both(take, lambda _: self.model.claim(queue, limit, worker, self._lease_written(queue, claimed, waiting)))
        for one in claimed:
            self.held[worker][queue, one.id] = (one, self.model.claims[queue][one.id].lease)
        return claimed

    def _lease_written(self, queue, claimed, waiting):
        """The server's time at the claim, from what it wrote: a claim record, or the wait of one that runs already."""
        if claimed:
            return self._record(queue, claimed[0].id)[0]
        waits = [self.raw.zscore(f"t:scheduled:{queue}", task_id) for task_id in waiting]
        return max([wait - self.model.lock_retry_seconds for wait in waits if wait is not None], default=0.0)

    # -- renewing --

    @precondition(lambda self: any(self.held.values()))
    @rule(worker=WORKERS)
    def heartbeat(self, worker):
        lost = {(one.queue, one.id) for one in self.sessions[worker].heartbeat()}
        assert lost == self._renew(worker, self.held[worker], heard=True)
        for place in lost:
            del self.held[worker][place]

    @precondition(lambda self: any(self.held.values()))
    @rule(pick=PICK)
    def a_heartbeat_whose_reply_is_lost(self, pick):
        worker, (queue, task_id), _, lease = self._pick(pick)
        self.engine.store.run("heartbeat", queue=queue, ids_and_leases=[task_id, repr(lease)])
        self._renew(worker, {(queue, task_id): self.held[worker][queue, task_id]}, heard=False)

    def _renew(self, worker, held, heard):
        lost = set()
        for queue in {queue for queue, _ in held}:
            shown = {task_id: lease for (at, task_id), (_, lease) in held.items() if at == queue}
            lease = max((self._record(queue, task_id)[0] for task_id in shown), default=0.0)
            lost |= {(queue, task_id) for task_id in self.model.heartbeat(queue, shown, lease)}
            if heard:
                renewed = {(queue, task_id) for task_id in shown} - lost
                self.held[worker] |= {place: (held[place][0], lease) for place in renewed}
        return lost

    @precondition(lambda self: any(self.held.values()))
    @rule(pick=PICK)
    def start(self, pick):
        worker, place, _, _ = self._pick(pick)
        self._start(worker, place)

    def _start(self, worker, place):
        claimed, lease = self.held[worker][place]
        refusal = self._step(worker, lambda session: session.start(claimed))
        if refusal:
            del self.held[worker][place]
        self._agree(refusal, lambda: self.model.start(*place, lease, self._record(*place)[2]))

    # -- settling --

    @precondition(lambda self: any(self.held.values()))
    @rule(pick=PICK, end=ENDS, seconds=st.sampled_from([-1.0, 5.0, 50.0]), keep=KEEP)
    def settle(self, pick, end, seconds, keep):
        worker, place, claimed, lease = self._pick(pick)
        del self.held[worker][place]
        given = self._given(end, seconds, keep)
        refusal = self._step(worker, lambda session: getattr(session, end)(claimed, **given["session"]))
        self._agree(refusal, lambda: getattr(self.model, end)(*place, lease, **given["model"]))

    @precondition(lambda self: any(self.held.values()))
    @rule(worker=WORKERS, end=ENDS, replies_are_lost=st.booleans())
    def settle_all_in_one_write(self, worker, end, replies_are_lost):
        """What was sent and not answered is sent again, and has happened once."""
        session, sent = self.sessions[worker], []
        for place, (claimed, lease) in self.held[worker].items():
            given = self._given(end, 5.0, keep=0)
            getattr(session, end)(claimed, **given["session"])
            sent.append(partial(getattr(self.model, end), *place, lease, **given["model"]))
        session.flush()
        if replies_are_lost:
            session.close()
        for specified, settled in zip(sent, session.drain(), strict=True):
            came_through_before = settled.repeated and isinstance(settled.error, LeaseLost)
            if came_through_before and _is_done(specified):
                continue
            self._agree(settled.error, specified)
        self.held[worker].clear()

    @rule(pick=PICK, end=ENDS, wrong=WRONG, keep=KEEP)
    def a_stranger_settles(self, pick, end, wrong, keep):
        """Somebody whose lease is not the one in Redis."""
        queue, task_id, score = self._active(pick)
        given = self._given(end, 5.0, keep)
        self.both(
            lambda: self.engine.store.run(end, queue=queue, id=task_id, lease=repr(score + wrong), **given["script"]),
            lambda _: getattr(self.model, end)(queue, task_id, score + wrong, **given["model"]),
        )

    @rule(pick=PICK, wrong=WRONG)
    def a_stranger_starts_and_renews(self, pick, wrong):
        queue, task_id, score = self._active(pick)
        lease, run = score + wrong, self.engine.store.run
        self.both(
            lambda: run("start", queue=queue, id=task_id, lease=repr(lease)),
            lambda _: self.model.start(queue, task_id, lease, started_at=1.0),
        )
        lost = run("heartbeat", queue=queue, ids_and_leases=[task_id, repr(lease)])[1:]
        assert {one.decode() for one in lost} == self.model.heartbeat(queue, {task_id: lease}, lease)

    @precondition(lambda self: any(self.model.states["active"].values()))
    @rule(pick=PICK)
    def a_tasktiger_worker_takes_it_over(self, pick):
        """It writes the active score and nothing else."""
        queue, task_id, _ = self._active(pick)
        now = seconds_of(self.raw.time())
        self.raw.zadd(f"t:active:{queue}", {task_id: now})
        self.model.states["active"][queue][task_id] = now

    @precondition(lambda self: any(self.held.values()))
    @rule(pick=PICK)
    def forget_without_a_word(self, pick):
        worker, place, claimed, _ = self._pick(pick)
        self.sessions[worker].abandon(claimed)
        del self.held[worker][place]

    # -- the sweeper --

    @rule(queue=QUEUES)
    def promote(self, queue):
        self.both(lambda: self.engine.leases.promote(queue)[0], lambda _: self.model.promote(queue, self.clock.now()))

    @rule(queue=QUEUES)
    def leases_that_are_not_over_are_left_alone(self, queue):
        assert self.engine.leases.recover_expired(queue) == []

    @rule(queue=QUEUES, worker=WORKERS)
    def a_worker_is_lost_in_the_next_task(self, queue, worker):
        for one in self._claim(queue, worker, 1):
            self.compare()
            self._start(worker, (queue, one.id))
            self.compare()
        self._recover(queue)

    @precondition(lambda self: any(self.model.states["active"].values()))
    @rule(queue=QUEUES)
    def a_lease_is_over(self, queue):
        self._recover(queue)

    def _recover(self, queue):
        """The oldest lease of the queue is over."""
        oldest = self.model.oldest_lease(queue)
        recovered, between = self.server_moment(lambda: self.place.impatient.leases.recover_expired(queue))
        assert [one.id for one in recovered] == ([oldest] if oldest else [])
        if oldest:
            verb = self.model.recover(queue, oldest, self._written_at(queue, oldest, between))
            assert recovered[0].verb == verb

    def _written_at(self, queue, task_id, between):
        """The server's time at a recovery, from what it wrote, if it wrote it."""
        scores = [self.raw.zscore(f"t:{state}:{queue}", task_id) for state in ("queued", "error")]
        return next((score for score in scores if score and between[0] <= score <= between[1]), 0.0)

    @precondition(lambda self: not self.damaged and any(self.model.states["active"].values()))
    @rule(pick=PICK)
    def a_tasktiger_worker_deletes_the_payload(self, pick):
        """It has finished the same unique task in another queue."""
        _, task_id, _ = self._active(pick)
        if self.raw.delete(f"t:task:{task_id}"):
            self.damaged.add(task_id)
            del self.model.payloads[task_id]

    @precondition(lambda self: self.model.twins)
    @rule()
    def look_for_twins(self):
        for _ in Twins(self.engine.store).part():
            pass
        self.model.look_for_twins()

    # -- shared --

    def _active(self, pick):
        """(queue, id, active score) of one that is active; of one that is not when none is."""
        active = [
            (queue, task_id, score)
            for queue, tasks in sorted(self.model.states["active"].items())
            for task_id, score in sorted(tasks.items())
        ]
        return active[pick % len(active)] if active else ("orders", "a", 1.0)

    def _pick(self, pick):
        """(worker, (queue, id), claimed, lease) of one that is held."""
        held = [(worker, place, *known) for worker, places in self.held.items() for place, known in places.items()]
        return held[pick % len(held)]

    def _given(self, end, seconds, keep) -> dict:
        """What a step takes besides the task and its lease: as a session, a script and the model want it."""
        due_at, failed_at, self.written = self.clock.now() + seconds, self.clock.now(), self.written + 1
        execution = f'{{"n": {self.written}}}'
        recorded = {"execution": execution.encode(), "keep": keep}
        return {
            "finish": {"session": {}, "script": {}, "model": {}},
            "release": {"session": {}, "script": {}, "model": {}},
            "stand_aside": {part: {"hold_id": self.hold_id} for part in ("session", "script", "model")},
            "defer": {part: {"due_at": due_at} for part in ("session", "script", "model")},
            "retry_later": {
                "session": {"due_at": due_at, **recorded},
                "script": {"due_at": due_at, **recorded},
                "model": {"due_at": due_at, "execution": execution, "keep": keep},
            },
            "give_up": {
                "session": recorded,
                "script": {"failed_at": failed_at, **recorded},
                "model": {"failed_at": failed_at, "execution": execution, "keep": keep},
            },
        }[end]

    def _step(self, worker, step):
        """The refusal of one step of a session, or None."""
        session = self.sessions[worker]
        step(session)
        (settled,) = session.drain()
        return settled.error

    def _agree(self, refusal, specified):
        def act():
            if refusal:
                raise refusal

        self.both(act, lambda _: specified())

    def _record(self, queue, task_id):
        """The numbers of a claim record: lease, score before, started at, previous lease."""
        record = self.raw.hget(f"t:x:claims:{queue}", task_id)
        return [float(part) for part in record.split(b" ", 4)[:4]] if record else [0.0] * 4


def _is_done(specified) -> bool:
    try:
        specified()
    except Refused:
        return False
    return True
