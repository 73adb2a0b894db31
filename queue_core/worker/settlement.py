"""From the outcome of a run to the next state of its task, and the line in the log."""

import math

import structlog

from queue_core import payload as payloads
from queue_core import retry
from queue_core.errors import LeaseLost
from queue_core.outcome import Done, Outcome, Stopped
from queue_core.payload import Payload
from queue_core.retry import Finish, GiveUp, RetryLater
from queue_core.text import shown
from queue_core.worker.telling import tell

log = structlog.get_logger("signalbox")


class Settlement:
    """Decides and sends; the replies come later, and `note_replies` tells the unexpected ones."""

    def __init__(self, engine, session, patience, may_wait):
        self._engine = engine
        self._session = session
        self._patience = patience
        self._may_wait = may_wait

    def settle(self, claimed, payload: Payload, outcome: Outcome) -> None:
        """Raises StoreUnavailable when Redis is away and may no longer be waited for."""
        facts = {"queue": shown(claimed.queue), "func": payload.func, "task_id": shown(claimed.id)}
        if isinstance(outcome, Stopped):
            self._session.abandon(claimed)
            log.error("task stopped, its lease is over", **facts)
            return
        facts["processing_duration"] = outcome.ended_at - outcome.started_at
        if isinstance(outcome, Done):
            self._session.finish(claimed)
            log.info("done", **facts)
        else:
            self._settle_failure(claimed, payload, outcome, facts)

    def note_replies(self, settled) -> None:
        for step in settled:
            facts = {"queue": shown(step.claimed.queue), "task_id": shown(step.claimed.id), "verb": step.verb}
            if isinstance(step.error, LeaseLost):
                if not step.repeated:
                    log.warning("lease lost", **facts)
            elif step.error is not None:
                log.error("state change refused", error=str(step.error), **facts)

    def _settle_failure(self, claimed, payload, outcome, facts):
        # asked of Redis only now: a task that succeeds never needs it
        failures = 1 + self._patience.until_done(lambda: self._session.failures(claimed), self._may_wait)
        step = self._next_step(payload, outcome, failures)
        record = payloads.execution(outcome, with_traceback=self._engine.settings.store_tracebacks)
        if isinstance(step, GiveUp) and step.why:
            record.setdefault("x", {})["why"] = step.why
        self._send(claimed, payload, step, record)
        self._tell(payload, step, record, facts)

    def _next_step(self, payload, outcome, failures):
        settings = self._engine.settings
        try:
            step = retry.next_step(
                payload,
                outcome,
                failures,
                default_method=settings.default_retry_method,
                resolve=self._engine.allow_list.resolve,
            )
        except BaseException as error:  # a retry method is application code and may even try to leave the process
            return GiveUp(why=f"The retry method raised {type(error).__name__}: {error}")
        if isinstance(step, RetryLater) and not math.isfinite(step.delay_seconds):
            return GiveUp(why=f"The retry method {step.method_name} gave a delay of {step.delay_seconds} seconds.")
        return step

    def _send(self, claimed, payload, step, record):
        keep = max(payload.max_stored_executions or 0, 0)
        execution = payloads.encode_execution(record)
        if isinstance(step, Finish):
            self._session.finish(claimed)
        elif isinstance(step, RetryLater):
            self._session.retry_later(claimed, self._engine.clock.now() + step.delay_seconds, execution, keep)
        else:
            self._session.give_up(claimed, execution, keep)

    def _tell(self, payload, step, record, facts):
        more = {"time_failed": record["time_failed"], "traceback": record.get("traceback")}
        more["exception_name"] = record["exception_name"]
        if isinstance(step, RetryLater):
            more |= {"retry_func": step.method_name, "retry_num": step.retry_number, "retry_delay": step.delay_seconds}
        level = log.error if isinstance(step, GiveUp) else log.warning
        tell(level, "task error", facts | more, task_args=payload.args, task_kwargs=payload.kwargs)
        if isinstance(step, Finish):
            log.info("done", **facts)
