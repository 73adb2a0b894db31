"""The same model for TaskTiger alone: no claims, no fences, no twins, and its own choice of scores (wire §6-§8)."""

from tests.model.model import ACTIVE, ERROR, QUEUED, SCHEDULED, Model


class TigerModel(Model):
    """What stands in both is proved for both: enqueue, take, the modes of scores, and what a removed task leaves."""

    def round_of_worker(self, queue, fails, promotes, now, retry_seconds, max_retries) -> None:
        for task_id, _ in self.lowest(QUEUED, queue)[:1]:
            self._take_out(QUEUED, queue, task_id)
            if task_id in self.states[ACTIVE][queue]:
                self._put(SCHEDULED, queue, task_id, now + self.lock_retry_seconds, "min")
            elif fails:
                self._fail_once(queue, task_id, now, retry_seconds, max_retries)
            else:
                self._forget(queue, task_id)
        if promotes:
            self.promote(queue, now)

    def _fail_once(self, queue, task_id, now, retry_seconds, max_retries):
        self._record(task_id, "failed", keep=0)
        if self.payload(task_id).retry_method and self.counts[task_id] <= max_retries:
            self._put(SCHEDULED, queue, task_id, now + retry_seconds, "set")
        else:
            self._put(ERROR, queue, task_id, now, "set")

    def promote(self, queue, now) -> int:
        """The due time is lost."""
        due = [task_id for task_id, score in self.lowest(SCHEDULED, queue) if score <= now]
        for task_id in due:
            self._take_out(SCHEDULED, queue, task_id)
            self._put(QUEUED, queue, task_id, now, "nx")
        return len(due)
