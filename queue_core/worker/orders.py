"""What people ask of this worker while it runs: to be quiet, to wake, to stop, to end a task."""

from dataclasses import dataclass

from queue_core.process.stop import Stop
from queue_core.text import shown
from queue_core.workers import KILL, QUIET, STOP, WAKE, Order


@dataclass(eq=False)
class Orders:
    """quiet: nothing new is to be taken; what runs goes on."""

    executor: object
    stop: Stop
    log: object
    quiet: bool = False

    def obey(self, order: Order, running: list[dict]) -> None:
        """running: what runs here now, as the registry shows it.  May be called by the thread that beats."""
        facts = {"verb": order.verb, "by": shown(order.by), "reason": shown(order.reason)}
        self.log.warning("order taken", **facts)
        if order.verb in (QUIET, WAKE):
            self.quiet = order.verb == QUIET
        elif order.verb == STOP:
            self.stop.request()
        elif order.verb == KILL:
            self._kill(order, running)

    def _kill(self, order, running):
        here = any((run["queue"], run["id"]) == (order.queue, order.task_id) for run in running)
        if not (here and self.executor.kill(order)):
            self.log.warning("order came too late", queue=shown(order.queue), task_id=shown(order.task_id))
