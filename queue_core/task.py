"""A task as developers see it: a record with its verbs."""

from dataclasses import dataclass, field

from queue_core.acts import Actor
from queue_core.payload import Payload

_CODE = Actor("application", "api")


@dataclass(frozen=True)
class Task:
    """A task in a queue.  state: where it was when this record was made.

    Its verbs act on Redis, not on this record, and raise TaskNotFound when the task has moved on."""

    id: str
    queue: str
    state: str
    payload: Payload
    _engine: object = field(repr=False, compare=False)

    @property
    def func(self) -> str:
        """The wire name of its function."""
        return self.payload.func

    @property
    def args(self) -> list:
        return self.payload.args

    @property
    def kwargs(self) -> dict:
        return self.payload.kwargs

    def states(self) -> list[str]:
        """The states it is in now; a finished task is in none."""
        return self._engine.browse.states(self.queue, self.id)

    def retry(self, actor: Actor = _CODE) -> None:
        """error -> queued."""
        self._engine.control.retry(self.queue, self.id, actor=actor)

    def cancel(self, actor: Actor = _CODE) -> None:
        """scheduled -> gone."""
        self._engine.control.cancel(self.queue, "scheduled", self.id, actor=actor)

    def delete(self, actor: Actor = _CODE) -> None:
        """error -> gone."""
        self._engine.control.delete(self.queue, "error", self.id, actor=actor)
