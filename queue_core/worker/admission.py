"""Whether a claimed task may run here: its payload can be read and its name is allowed."""

from dataclasses import dataclass
from functools import cached_property

from queue_core import payload as payloads
from queue_core.clock import monotonic
from queue_core.errors import InvalidPayload, InvalidTask, StoreError
from queue_core.leases import Claimed
from queue_core.payload import Payload
from queue_core.text import shown
from queue_core.worker.holding import Holding
from queue_core.worker.reluctance import Reluctance

_REMEMBERED = 10_000
_LONGEST_BACK_OFF_SECONDS = 60.0
_NO_EXCEPTION = "tasktiger.exceptions:JobTimeoutException"
"""What TaskTiger assumes where no exception was recorded."""


@dataclass(frozen=True)
class Ready:
    """A claimed task that may run here."""

    claimed: Claimed
    payload: Payload

    @cached_property
    def facts(self) -> dict:
        """How the log names it."""
        return {"queue": shown(self.claimed.queue), "func": shown(self.payload.func), "task_id": shown(self.claimed.id)}


class Admission:
    """The gate of one worker.  What is turned away is settled here: put aside, or given back uncounted."""

    def __init__(self, engine, session, log):
        self._engine = engine
        self._session = session
        self._log = log
        self._holding = Holding(engine, log)
        self._refused: dict[tuple[str, int], tuple[float, int]] = {}
        self._reluctance = Reluctance(engine.settings.promote_seconds, log)

    def look_around(self) -> None:
        """Takes in what is held now, about once a second.  Raises StoreUnavailable."""
        self._holding.look()

    def read(self, claimed) -> Ready | None:
        """None when the task has been turned away."""
        if claimed.raw is None:
            self._give_up(claimed, "payload_missing", payloads.MISSING, _NO_EXCEPTION)
            self._log.error("not found", queue=shown(claimed.queue), task_id=shown(claimed.id))
            return None
        if len(claimed.raw) > self._engine.settings.max_payload_bytes and not self._count_before_reading(claimed):
            return None
        try:
            payload = Payload.decode(claimed.raw, claimed.id)
            payload.lock_id  # noqa: B018  (an odd lock_key shows itself here and not after the start)
        except (InvalidPayload, InvalidTask, TypeError) as error:
            self._quarantine(claimed, str(error))
            return None
        hold_id = self._holding.hold_of(claimed, payload)
        if hold_id is not None:
            self._session.stand_aside(claimed, hold_id)
            self._log.info("held", **Ready(claimed, payload).facts, hold=hold_id)
            return None
        if self._engine.allow_list.permits(payload.func):
            # how long it has been refused is kept: that a name is only borrowed shows when it is resolved
            self._reluctance.note_welcome(claimed.queue)
            return Ready(claimed, payload)
        self.turn_away(Ready(claimed, payload))
        return None

    def turn_away(self, ready: Ready) -> None:
        """Gives back a task whose name is not allowed here, with growing waits; after long enough it is put aside."""
        claimed = ready.claimed
        first_at, times = self._refused.pop(_enqueue_of(claimed), (monotonic(), 0))
        wait_seconds = min(2.0**times, _LONGEST_BACK_OFF_SECONDS)
        self._reluctance.note_refusal(claimed.queue, monotonic() + wait_seconds)
        if monotonic() - first_at > self._engine.settings.name_patience_seconds:
            self._put_aside(ready)
            return
        if len(self._refused) >= _REMEMBERED:
            self._refused.pop(next(iter(self._refused)))
        self._refused[_enqueue_of(claimed)] = (first_at, times + 1)
        self._session.defer(claimed, self._engine.clock.now() + wait_seconds)
        self._log.warning("name not allowed", **ready.facts)

    def serves(self, queue: str) -> bool:
        """Whether the worker should look at this queue now."""
        return self._reluctance.serves(queue)

    @property
    def refused_queues(self) -> list[str]:
        """Those that this worker leaves alone for a while, since it may run nothing that it finds there."""
        return self._reluctance.resting

    def _count_before_reading(self, claimed) -> bool:
        """Marks a task as started whose payload alone could take the worker down.  False: the mark cannot be set."""
        try:
            self._session.start(claimed)
            self._session.flush()
        except StoreError:
            self._session.release(claimed)
            return False
        return True

    def _quarantine(self, claimed, why):
        text = f"Put aside: a worker cannot act on this task.\n{why}"
        self._give_up(claimed, "quarantined", text, _NO_EXCEPTION)
        self._log.error("payload unreadable", queue=shown(claimed.queue), task_id=shown(claimed.id), error=why)

    def _put_aside(self, ready):
        seconds = self._engine.settings.name_patience_seconds
        text = (
            f"{ready.payload.func} is not among the functions that this worker may run.\n"
            f"The task was given back for {seconds:g} seconds and no other worker took it."
        )
        self._give_up(ready.claimed, "name_not_allowed", text, "tasktiger.exceptions:TaskImportError")
        self._log.error("name not allowed", **ready.facts)

    def _give_up(self, claimed, reason, text, exception_name):
        record = payloads.explained(reason, text, self._engine.clock.now(), exception_name)
        self._session.give_up(claimed, payloads.encode_execution(record))


def _enqueue_of(claimed):
    # a unique or recurring task comes again under the same id, with another payload
    return claimed.id, hash(claimed.raw)
