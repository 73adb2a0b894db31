"""The engine as a plain-Python model: every key of one Redis, and what each verb does to it.

It is written to be read as a specification (wire §6-§8, and our leases, recoveries and twins).  Every method checks
first, raises Refused when it must not act, and writes after: so a refusal never changes anything.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, replace

from queue_core.hold import ASIDE_AT, aside_score, place_of
from queue_core.payload import Payload

QUEUED, ACTIVE, SCHEDULED, ERROR = STATES = ("queued", "active", "scheduled", "error")
WAITING = (QUEUED, ACTIVE, SCHEDULED)
"""What counts against the size limit of a queue."""

SYSTEM_LOCK = "SYSTEM_LOCK"
TOUCH = 0.001
"""By what a mark changes when nothing else about it does."""


class Refused(Exception):
    """word: the code word with which the script refuses."""

    def __init__(self, word):
        super().__init__(word)
        self.word = word


@dataclass(frozen=True)
class Claim:
    """A claim record.  previous: the lease that was shown for the newest heartbeat; 0 is never."""

    lease: float
    score_before: float
    started_at: float
    previous: float
    worker: str


class Model:
    """Everything that Redis holds.

    states: {state: {queue: {id: score}}}.  heard: queues published since somebody last looked."""

    def __init__(self, max_recoveries: int, lock_retry_seconds: float, payload_budget: int):
        self.max_recoveries, self.lock_retry_seconds = max_recoveries, lock_retry_seconds
        self.payload_budget = payload_budget
        self.states = {state: defaultdict(dict) for state in STATES}
        self.payloads, self.executions, self.counts = {}, defaultdict(list), defaultdict(int)
        self.claims, self.recoveries = defaultdict(dict), {}
        self.remembered, self.twins = set(), {}  # twins: {id of a unique task: when it was seen in a second queue}
        self.pauses, self.locks = {}, {}  # queue -> end; what our record says, and the wire's lock
        self.audit, self.heard = [], []
        self.operations = defaultdict(lambda: defaultdict(int))  # id -> its numbers, and its status
        self.followed = {}  # (queue, id) -> the operation that retried it
        self.hold_queues, self.set_aside_for = {}, {}  # hold -> its queue, None for all; hold -> how many tasks

    # -- producers (T1) --

    def enqueue(self, queue, task_id, text, now, due_at=None, limit=0, once=False, remember=False) -> str:
        """text: the payload.  once: do nothing while the task is in any state (a unique one: of this queue), or is
        remembered."""
        to = SCHEDULED if due_at is not None and due_at > now else QUEUED
        unique = Payload(json.loads(text)).unique
        there = self._is_held(queue, task_id) if unique else task_id in self.payloads
        if once and (there or task_id in self.remembered):
            return to
        if limit and task_id not in self.states[to][queue] and self.size(queue) >= limit:
            raise Refused("QUEUE_FULL")
        if unique and task_id in self.payloads and not self._is_held(queue, task_id):
            self.twins[task_id] = now  # two queues share this payload: the recipe of the id does not know the queue
        self.payloads[task_id] = text
        self._put(to, queue, task_id, due_at if to == SCHEDULED else now, "nx")
        if remember:
            self.remembered.add(task_id)
        if to == QUEUED:
            self.heard.append(queue)
        return to

    def size(self, queue) -> int:
        return sum(len(self.states[state][queue]) for state in WAITING)

    # -- workers: take (T2) and renew (T12) --

    def claim(self, queue, limit, worker, lease) -> list:
        """[(id, score before, recoveries, payload or None)].  lease: the server's time.

        A task that is running already waits.  One that took down a worker is taken alone; the payloads beyond the first
        have a common budget."""
        self._refuse_paused(queue)
        taken, bytes_taken = [], 0
        for task_id, score in self.lowest(QUEUED, queue)[:limit]:
            if task_id in self.states[ACTIVE][queue]:
                self._take_out(QUEUED, queue, task_id)
                self._put(SCHEDULED, queue, task_id, lease + self.lock_retry_seconds, "min")
                continue
            text, taken_down = self.payloads.get(task_id), self.recoveries.get(task_id, 0)
            size = len(text or "")
            if taken and (taken_down or bytes_taken + size > self.payload_budget):
                break
            bytes_taken += size if taken else 0
            taken.append((task_id, score, taken_down, text))
            self._take_out(QUEUED, queue, task_id)
            self._put(ACTIVE, queue, task_id, lease, "set")
            self.claims[queue][task_id] = Claim(lease, score, 0, 0, worker)
            if taken_down:
                break
        return taken

    def heartbeat(self, queue, shown: dict, lease) -> set:
        """shown: {id: the lease that its worker knows}.  Ids that are lost; all others have the new lease."""
        lost = {task_id for task_id, known in shown.items() if not self._renewable(queue, task_id, known)}
        for task_id in shown.keys() - lost:
            self._put(ACTIVE, queue, task_id, lease, "set")
            claim = self.claims[queue][task_id]
            self.claims[queue][task_id] = replace(claim, lease=lease, previous=shown[task_id])
        return lost

    def start(self, queue, task_id, lease, started_at) -> None:
        if not self._renewable(queue, task_id, lease):
            raise Refused("LEASE_LOST")
        self.claims[queue][task_id] = replace(self.claims[queue][task_id], started_at=started_at)

    # -- workers: settle (T4-T6) --

    def finish(self, queue, task_id, lease) -> None:
        self._let_go(queue, task_id, lease)
        self.recoveries.pop(task_id, None)
        self._forget(queue, task_id)
        if not self._is_held(queue, task_id):
            self._stop_following(queue, task_id, "succeeded")

    def retry_later(self, queue, task_id, lease, due_at, execution, keep) -> None:
        """The earlier moment stays when the id is scheduled already."""
        self._let_go(queue, task_id, lease)
        self._put(SCHEDULED, queue, task_id, due_at, "min")
        if task_id in self.payloads:  # a record of a task that is gone would outlive it unnoticed
            self._record(task_id, execution, keep)

    def give_up(self, queue, task_id, lease, failed_at, execution, keep) -> None:
        self._let_go(queue, task_id, lease)
        self.recoveries.pop(task_id, None)
        self._put(ERROR, queue, task_id, failed_at, "set")
        self._record(task_id, execution, keep)

    def defer(self, queue, task_id, lease, due_at) -> None:
        self._let_go(queue, task_id, lease)
        self._put(SCHEDULED, queue, task_id, due_at, "min")

    def release(self, queue, task_id, lease) -> None:
        if not self._renewable(queue, task_id, lease):
            raise Refused("LEASE_LOST")
        score_before = self.claims[queue][task_id].score_before
        self._let_go(queue, task_id, lease)
        self._requeue(queue, task_id, score_before)

    def stand_aside(self, queue, task_id, lease, hold_id) -> None:
        """As `release`, but to where nobody takes it."""
        if not self._renewable(queue, task_id, lease):
            raise Refused("LEASE_LOST")
        place = self.claims[queue][task_id].score_before
        self._let_go(queue, task_id, lease)
        self._let_stand_aside(queue, task_id, place, hold_id)

    # -- what is held --

    def set_aside(self, queue, ids, hold_id) -> int:
        there = [task_id for task_id in ids if task_id in self.states[QUEUED][queue]]
        for task_id in there:
            self._let_stand_aside(queue, task_id, self._take_out(QUEUED, queue, task_id), hold_id)
        return len(there)

    def put_back(self, queue, ids) -> int:
        there = [task_id for task_id in ids if self.states[SCHEDULED][queue].get(task_id, 0) >= ASIDE_AT]
        for task_id in there:
            self._put(QUEUED, queue, task_id, place_of(self._take_out(SCHEDULED, queue, task_id)), "nx")
        if there:
            self.heard.append(queue)
        return len(there)

    def begin_hold(self, hold_id, queue) -> None:
        """queue: None for all."""
        self.hold_queues[hold_id] = queue
        self.set_aside_for.setdefault(hold_id, 0)

    def end_hold(self, hold_id) -> None:
        if hold_id not in self.hold_queues:
            raise Refused("NOT_HELD")
        del self.hold_queues[hold_id]
        self.set_aside_for.pop(hold_id, None)

    def aside(self, queue) -> list:
        return [task_id for task_id, score in self.lowest(SCHEDULED, queue) if score >= ASIDE_AT]

    def _let_stand_aside(self, queue, task_id, place, hold_id):
        """Of two moments the earlier one stays."""
        there = self.states[SCHEDULED][queue].get(task_id, place)
        place = min(place, place_of(there) if there >= ASIDE_AT else there)
        self._put(SCHEDULED, queue, task_id, aside_score(place), "set")
        if hold_id in self.hold_queues:
            self.set_aside_for[hold_id] = self.set_aside_for.get(hold_id, 0) + 1

    # -- the sweeper (T10, T11) --

    def promote(self, queue, now) -> int:
        due = [(task_id, score) for task_id, score in self.lowest(SCHEDULED, queue) if score <= now]
        for task_id, score in due:
            self._take_out(SCHEDULED, queue, task_id)
            self._put(QUEUED, queue, task_id, score, "nx")
        if due:
            self.heard.append(queue)
        return len(due)

    def oldest_lease(self, queue) -> str | None:
        return next((task_id for task_id, _ in self.lowest(ACTIVE, queue)), None)

    def recover(self, queue, task_id, now) -> str:
        """What becomes of a task whose lease is over; now: the server's time."""
        claim, lease = self.claims[queue].get(task_id), self.states[ACTIVE][queue][task_id]
        ours = claim is not None and claim.lease == lease
        place = claim.score_before if ours else now  # nobody waits longer for having lost a worker
        taken_down = self.recoveries.get(task_id, 0) + 1
        self._take_out(ACTIVE, queue, task_id)
        self._drop_claim(queue, task_id)
        if task_id not in self.payloads:
            return self._fail(queue, task_id, now, "payload_missing", "failed")
        if ours and not claim.started_at:
            self._requeue(queue, task_id, place)
            return "released"
        if taken_down >= self.max_recoveries:
            return self._fail(queue, task_id, now, "quarantined", "quarantined")
        if self.payload(task_id).repeatable:
            self.recoveries[task_id] = taken_down
            self._requeue(queue, task_id, place)
            return "requeued"
        return self._fail(queue, task_id, now, "worker_lost", "failed")

    def _fail(self, queue, task_id, now, reason, verb):
        self.recoveries.pop(task_id, None)
        self._put(ERROR, queue, task_id, now, "set")
        self._record(task_id, reason, self.keep(task_id))
        return verb

    def look_for_twins(self) -> None:
        """What stands in one queue, or in none, is no twin any more."""
        for task_id in list(self.twins):
            queues = {queue for state in STATES for queue, tasks in self.states[state].items() if task_id in tasks}
            if len(queues) < 2:
                del self.twins[task_id]
            if not queues:
                self._drop_record(task_id)

    # -- operators (T8, T9, T13) --

    def retry(self, queue, task_id, now, fresh_budget=False, operation_id="") -> None:
        self._refuse_absent(ERROR, queue, task_id)
        self._refuse_empty(task_id)
        self._take_out(ERROR, queue, task_id)
        self._stop_following(queue, task_id, "failed")
        if operation_id:
            self.followed[queue, task_id] = operation_id
            self.operations[operation_id]["followed"] += 1
        self.recoveries.pop(task_id, None)
        if fresh_budget:
            self.counts.pop(task_id, None)
        self._put(QUEUED, queue, task_id, now, "set")
        self.heard.append(queue)

    def delete(self, queue, state, task_id) -> None:
        self._refuse_absent(state, queue, task_id)
        self._take_out(state, queue, task_id)
        self.recoveries.pop(task_id, None)
        self._forget(queue, task_id)
        self._stop_following(queue, task_id, "failed" if state == ERROR else "moved_on")

    cancel = delete

    def purge(self, queue, state, not_after, limit) -> int:
        old = [task_id for task_id, score in self.lowest(state, queue) if score <= not_after][:limit]
        for task_id in old:
            self.delete(queue, state, task_id)
        return len(old)

    def reschedule(self, queue, state, task_id, due_at) -> None:
        """Only `scheduled_at` changes in the payload.  A task that is scheduled beside its failure keeps its time."""
        self._refuse_absent(state, queue, task_id)
        self._refuse_empty(task_id)
        if state != SCHEDULED and task_id in self.states[SCHEDULED][queue]:
            raise Refused("ALREADY_THERE")
        self._take_out(state, queue, task_id)
        self._put(SCHEDULED, queue, task_id, due_at, "set")
        self.recoveries.pop(task_id, None)
        if state == ERROR:
            self._stop_following(queue, task_id, "failed")
        self.payloads[task_id] = json.dumps(json.loads(self.payloads[task_id]) | {"scheduled_at": due_at})

    def move(self, queue, state, task_id, to_queue, now) -> None:
        """Not while another state of either queue holds the id: they share a payload."""
        self._refuse_absent(state, queue, task_id)
        self._refuse_empty(task_id)
        if sum(task_id in self.states[one][at] for one in STATES for at in (queue, to_queue)) > 1:
            raise Refused("ALREADY_THERE")
        self._put(state, to_queue, task_id, self._take_out(state, queue, task_id), "set")
        self._stop_following(queue, task_id, "failed" if state == ERROR else "moved_on")
        if task_id in self.twins:
            self.twins[task_id] = now
        if state == QUEUED:
            self.heard.append(to_queue)

    def settle_followed(self) -> None:
        """What stands in error again has failed, and what stands nowhere is gone or elsewhere."""
        for queue, task_id in list(self.followed):
            if task_id in self.states[ERROR][queue]:
                self._stop_following(queue, task_id, "failed")
            elif not self._is_held(queue, task_id):
                self._stop_following(queue, task_id, "moved_on" if task_id in self.payloads else "gone")

    def _stop_following(self, queue, task_id, outcome):
        operation_id = self.followed.pop((queue, task_id), None)
        if operation_id is not None:
            self.operations[operation_id][outcome] += 1

    def pause(self, queue, until, lock_until) -> None:
        self.pauses[queue], self.locks[queue] = until, lock_until

    def resume(self, queue) -> None:
        if queue not in self.pauses and queue not in self.locks:
            raise Refused("NOT_PAUSED")
        self.pauses.pop(queue, None)
        self.locks.pop(queue, None)
        self.heard.append(queue)

    def note_act(self, verb, target) -> None:
        """Every act on one task or queue leaves one entry; target: its id or name."""
        self.audit.append((verb, target))

    # -- what the verbs are made of --

    def lowest(self, state, queue) -> list:
        """[(id, score)]; equal scores in the order of their ids."""
        return sorted(self.states[state][queue].items(), key=lambda entry: (entry[1], entry[0]))

    def payload(self, task_id) -> Payload:
        return Payload(json.loads(self.payloads[task_id]))

    def keep(self, task_id) -> int:
        """How many executions stay; 0 is all."""
        return (self.payload(task_id).max_stored_executions or 0) if task_id in self.payloads else 0

    def holds(self, queue, task_id, lease) -> bool:
        """Whoever wrote the active score last; or did not hear that its newest heartbeat came through."""
        score, claim = self.states[ACTIVE][queue].get(task_id), self.claims[queue].get(task_id)
        if score is None:
            return False
        return score == lease or bool(claim and claim.previous == lease and claim.lease == score)

    def _renewable(self, queue, task_id, lease):
        return task_id in self.claims[queue] and self.holds(queue, task_id, lease)

    def _let_go(self, queue, task_id, lease):
        if not self.holds(queue, task_id, lease):
            raise Refused("LEASE_LOST")
        self._take_out(ACTIVE, queue, task_id)
        self._drop_claim(queue, task_id)

    def _drop_claim(self, queue, task_id):
        self.claims[queue].pop(task_id, None)

    def _requeue(self, queue, task_id, score):
        self._put(QUEUED, queue, task_id, score, "nx")
        self.heard.append(queue)

    def _record(self, task_id, execution, keep):
        self.executions[task_id] = [*self.executions[task_id], execution][-keep:]
        self.counts[task_id] += 1

    def _forget(self, queue, task_id):
        """A removed task leaves nothing, unless another state of its queue, or perhaps another queue, holds it."""
        if task_id in self.twins:
            self.twins[task_id] += TOUCH  # so that a look for it which is under way begins anew
            return
        if task_id not in self.states[ERROR][queue]:
            self._drop_executions(task_id)
        if not self._is_held(queue, task_id):
            self._drop_record(task_id)

    def _drop_record(self, task_id):
        self.payloads.pop(task_id, None)
        self._drop_executions(task_id)

    def _drop_executions(self, task_id):
        self.executions.pop(task_id, None)
        self.counts.pop(task_id, None)

    def _is_held(self, queue, task_id):
        return any(task_id in self.states[state][queue] for state in STATES)

    def _refuse_paused(self, queue):
        if queue in self.pauses or queue in self.locks:
            raise Refused("QUEUE_PAUSED")

    def _refuse_absent(self, state, queue, task_id):
        if task_id not in self.states[state][queue]:
            raise Refused("TASK_NOT_FOUND")

    def _refuse_empty(self, task_id):
        if task_id not in self.payloads:
            raise Refused("PAYLOAD_MISSING")

    def _put(self, state, queue, task_id, score, mode):
        """mode, when it is there already: `set` the score, leave it (`nx`), or keep the lower one (`min`)."""
        there = self.states[state][queue].get(task_id)
        if there is not None:
            score = {"set": score, "nx": there, "min": min(there, score)}[mode]
        self.states[state][queue][task_id] = score

    def _take_out(self, state, queue, task_id) -> float:
        return self.states[state][queue].pop(task_id)
