"""What applications use of a worker under TaskTiger's names (wire §22.2)."""

from queue_core import payload as payloads


class TaskTigerNames:
    """Of a worker that has an `engine`, a queue filter, a pulse and a preparation."""

    @property
    def tiger(self):
        return self.engine

    @property
    def only_queues(self) -> set[str]:
        return set(self._filter.only)

    @property
    def exclude_queues(self) -> set[str]:
        return set(self._filter.exclude)

    @property
    def config(self):
        return self.engine.config

    @property
    def connection(self):
        return self.engine.connection

    @property
    def worker_group_name(self) -> str:
        """The same for all workers that serve the same queues (wire §4)."""
        return self._filter.group_name

    def heartbeat(self, queue, task_ids) -> None:
        """Renews the leases and locks of everything that this worker holds, whatever the arguments are."""
        self._pulse.beat()

    def get_hard_timeouts(self, func, tasks) -> list[float]:
        """Seconds: one for a batch function, else one for each task."""
        return self._preparation.hard_timeouts(func, [task.payload for task in tasks])

    def store_task_execution(self, tasks, execution: dict) -> None:
        """Keeps a failed run with each of the tasks; nothing for one that is gone.  execution: as in wire §5."""
        keys, client = self.engine.store.keys, self.engine.store.client
        for task in tasks:
            if not client.exists(keys.payload(task.id)):
                continue
            pipeline = client.pipeline(transaction=True)
            pipeline.incr(keys.executions_count(task.id))
            pipeline.rpush(keys.executions(task.id), payloads.encode_execution(execution))
            if task.payload.max_stored_executions:
                pipeline.ltrim(keys.executions(task.id), -task.payload.max_stored_executions, -1)
            pipeline.execute()
