"""From claimed tasks to a call: their function, their time limit, and an application's own way of calling."""

import contextlib

from queue_core import states
from queue_core.errors import TaskImportError
from queue_core.text import shown
from queue_core.worker.call import Call
from queue_core.worker.runner import DefaultRunner

_LONGEST_TIMEOUT_SECONDS = 10.0 * 365 * 86_400


class Preparation:
    """Resolves names; only those that the allow-list of the engine permits."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log

    def function(self, name: str):
        """Raises NameNotAllowed, TaskImportError."""
        try:
            return self._engine.allow_list.resolve(name)
        except SystemExit as error:  # of a module that leaves the process while it is imported
            raise TaskImportError(f"{name} cannot be imported: its module left with status {error.code}.") from error

    def call(self, ready: list, function) -> Call:
        """One call for all of `ready`.  Raises TaskImportError when their runner class cannot be had."""
        runner = self._runner(ready)
        tasks = tuple(self._engine.task_of(one.claimed.queue, states.ACTIVE, one.payload) for one in ready)
        return Call(
            queue=ready[0].claimed.queue,
            payloads=tuple(one.payload for one in ready),
            function=function,
            hard_timeout_seconds=max(self.hard_timeouts(function, [one.payload for one in ready])),
            batch=is_batch(function),
            tasks=tasks,
            runner=runner,
            contexts=tuple(self._engine.settings.child_context_managers),
            grace_seconds=self._engine.settings.lease_seconds if runner is not None else 0.0,
        )

    def hard_timeouts(self, function, payloads) -> list[float]:
        """Seconds: one for a batch, else one for each task.  What a task says wins over what its function says."""
        given = [_usable(payload.hard_timeout_seconds) for payload in payloads]
        if is_batch(function):
            given = [max(filter(None, given), default=None)]
        attribute = _usable(getattr(function, "_task_hard_timeout", None))
        return [seconds or attribute or self._engine.settings.hard_timeout_seconds for seconds in given]

    # -- runner classes --

    def check_runners(self, ready: list) -> None:
        """Raises ValueError when tasks that would run in one go name different runner classes."""
        names = {_runner_name(one) for one in ready}
        if len(names) > 1:
            facts = {"queue": shown(ready[0].claimed.queue), "runner_class_paths": ", ".join(sorted(names))}
            self._log.error("cannot mix multiple runner classes", **facts)
            raise ValueError("The tasks of one run name different runner classes.")

    def runner_to_tell(self, one):
        """Who hears of a failure for good of a task that was never called; None: nobody, or its class cannot be had."""
        with contextlib.suppress(Exception):
            return self._made(_runner_name(one))
        return None

    def _runner(self, ready):
        name = _runner_name(ready[0])
        try:
            return self._made(name)
        except Exception as error:
            queue = shown(ready[0].claimed.queue)
            self._log.error("could not import runner class", queue=queue, runner_class_path=name)
            raise TaskImportError(f"The runner class {name} cannot be had: {error}") from error

    def _made(self, name):
        """Raises anything: its module and its constructor are application code."""
        cls = self.function(name) if name else DefaultRunner
        return None if cls is DefaultRunner else cls(self._engine)


def is_batch(function) -> bool:
    """Whether the function wants its tasks as one list."""
    return bool(getattr(function, "_task_batch", False))


def _runner_name(ready) -> str:
    return ready.payload.fields.get("runner_class") or ""


def _usable(seconds):
    usable = isinstance(seconds, (int, float)) and 0 < seconds < _LONGEST_TIMEOUT_SECONDS
    return float(seconds) if usable else None
