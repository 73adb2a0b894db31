"""From the outcome of a run to the next state of its task, and the line in the log."""

import math

from queue_core import payload as payloads
from queue_core import retry, states
from queue_core.errors import LeaseLost
from queue_core.outcome import Done, Outcome, Stopped
from queue_core.retry import Finish, GiveUp, RetryLater
from queue_core.tally import FAILED, RETRIED, SUCCEEDED
from queue_core.text import shown
from queue_core.worker.admission import Ready
from queue_core.worker.counting import Counting
from queue_core.worker.telling import tell


class Settlement:
    """Decides and sends; the replies come later, and `note_replies` tells the unexpected ones."""

    def __init__(self, engine, session, patience, may_wait, log, counting: Counting, store_tracebacks=None):
        self._engine = engine
        self._session = session
        self._patience = patience
        self._may_wait = may_wait
        self._log = log
        self._counting = counting
        self._store_tracebacks = store_tracebacks

    def settle(self, ready: Ready, outcome: Outcome, runner=None) -> None:
        """runner: an application's own way of calling, which hears of a failure for good.

        Raises StoreUnavailable when Redis is away and may no longer be waited for."""
        claimed, facts = ready.claimed, dict(ready.facts)
        if isinstance(outcome, Stopped):
            self._session.abandon(claimed)
            self._counting.end(ready, outcome)
            self._log.error("task stopped, its lease is over", **facts)
            return
        facts["processing_duration"] = outcome.ended_at - outcome.started_at
        if isinstance(outcome, Done):
            self._session.finish(claimed)
            self._counting.end(ready, outcome, SUCCEEDED)
            self._log.info("done", **facts)
        else:
            step, record = self._settle_failure(claimed, ready.payload, outcome, facts)
            self._counting.end(ready, outcome, RETRIED if isinstance(step, RetryLater) else FAILED)
            if isinstance(step, GiveUp) and runner is not None:
                self._tell_runner(ready, runner, record)

    def note_replies(self, settled) -> None:
        for step in settled:
            facts = {"queue": shown(step.claimed.queue), "task_id": shown(step.claimed.id), "verb": step.verb}
            if isinstance(step.error, LeaseLost):
                if not step.repeated:
                    self._log.warning("lease lost", **facts)
            elif step.error is not None:
                self._log.error("state change refused", error=str(step.error), **facts)

    def _settle_failure(self, claimed, payload, outcome, facts):
        # asked of Redis only now: a task that succeeds never needs it
        failures = 1 + self._patience.until_done(lambda: self._session.failures(claimed), self._may_wait)
        step = self._next_step(payload, outcome, failures)
        record = payloads.execution(outcome, with_traceback=self._with_traceback)
        if isinstance(step, GiveUp) and step.why:
            record.setdefault("x", {})["why"] = step.why
        self._send(claimed, payload, step, record)
        self._tell(payload, step, record, facts)
        return step, record

    @property
    def _with_traceback(self):
        chosen = self._store_tracebacks
        return self._engine.settings.store_tracebacks if chosen is None else chosen

    def _tell_runner(self, ready, runner, record):
        claimed = ready.claimed
        # what it is told must be so, and it may look into Redis itself
        settled = self._patience.until_done(self._session.drain, self._may_wait)
        self.note_replies(settled)
        if any(step.claimed is claimed and step.error is not None for step in settled):
            return
        try:
            runner.on_permanent_error(self._engine.task_of(claimed.queue, states.ERROR, ready.payload), record)
        except BaseException as error:  # application code, in the worker's own process
            fault = f"{type(error).__name__}: {error}"
            self._log.error("on_permanent_error failed", task_id=shown(claimed.id), error=fault)

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
        keep = payload.max_stored_executions
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
        if step.method_name:
            more |= {"retry_func": step.method_name, "retry_num": step.retry_number}
        if isinstance(step, RetryLater):
            more["retry_delay"] = step.delay_seconds
        level = self._log.error if isinstance(step, GiveUp) else self._log.warning
        tell(level, "task error", facts | more, task_args=payload.args, task_kwargs=payload.kwargs)
        if isinstance(step, Finish):
            tell(self._log.info, "done", facts | more, task_args=payload.args, task_kwargs=payload.kwargs)
