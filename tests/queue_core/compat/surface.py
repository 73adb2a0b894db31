"""The names that applications of TaskTiger use, and how each is called (wire §22).

Run by the Python that has the real package, it prints the same of that one:

    python -m tests.queue_core.compat.surface
"""

import importlib
import inspect
import json

SUBJECTS = {
    "tasktiger": {
        "cron_expr": "(expr, start_date=None, end_date=None)",
        "exponential": "(delay, factor, max_retries)",
        "fixed": "(delay, max_retries)",
        "linear": "(delay, increment, max_retries)",
        "periodic": "(seconds=0, minutes=0, hours=0, days=0, weeks=0, start_date=None, end_date=None)",
    },
    "tasktiger.tasktiger": {
        "TaskTiger": "(connection=None, config=None, setup_structlog=False, lazy_init=False)",
        "TaskTiger._key": "(self, *parts)",
        "TaskTiger.delay": "(self, func, args=None, kwargs=None, queue=None, hard_timeout=None, unique=None, "
        "unique_key=None, lock=None, lock_key=None, when=None, retry=None, retry_on=None, retry_method=None, "
        "max_queue_size=None, max_stored_executions=None, runner_class=None)",
        "TaskTiger.get_queue_sizes": "(self, queue)",
        "TaskTiger.get_queue_stats": "(self)",
        "TaskTiger.get_queue_system_lock": "(self, queue)",
        "TaskTiger.get_sizes_for_queues_and_states": "(self, queues_and_states)",
        "TaskTiger.get_total_queue_size": "(self, queue)",
        "TaskTiger.init": "(self, connection=None, config=None, setup_structlog=False)",
        "TaskTiger.purge_errored_tasks": "(self, queues=None, exclude_queues=None, last_execution_before=None, "
        "limit=5000)",
        "TaskTiger.run_worker": "(self, queues=None, module=None, exclude_queues=None, max_workers_per_queue=None, "
        "store_tracebacks=None, executor_class=None, exit_after=None)",
        "TaskTiger.run_worker_with_args": "(self, args)",
        "TaskTiger.set_queue_system_lock": "(self, queue, timeout)",
        "TaskTiger.task": "(self, _fn=None, queue=None, hard_timeout=None, unique=None, unique_key=None, lock=None, "
        "lock_key=None, retry=None, retry_on=None, retry_method=None, schedule=None, batch=False, "
        "max_queue_size=None, max_stored_executions=None, runner_class=None)",
        "TaskTiger.would_process_configured_queue": "(self, queue_name)",
    },
    "tasktiger.task": {
        "Task": "(tiger, func=None, args=None, kwargs=None, queue=None, hard_timeout=None, unique=None, "
        "unique_key=None, lock=None, lock_key=None, retry=None, retry_on=None, retry_method=None, "
        "max_queue_size=None, max_stored_executions=None, runner_class=None)",
        "Task._move": "(self, from_state=None, to_state=None, when=None, mode=None)",
        "Task.cancel": "(self)",
        "Task.clone": "(self)",
        "Task.delay": "(self, when=None, max_queue_size=None)",
        "Task.delete": "(self)",
        "Task.execute": "(self)",
        "Task.from_id": "(tiger, queue, state, task_id, load_executions=0)",
        "Task.n_executions": "(self)",
        "Task.queue_from_function": "(func, tiger)",
        "Task.retry": "(self)",
        "Task.should_retry_on": "(self, exception_class, logger=None)",
        "Task.tasks_from_queue": "(tiger, queue, state, skip=0, limit=1000, load_executions=0, "
        "include_not_found=False)",
        "Task.update_scheduled_time": "(self, when)",
    },
    "tasktiger.worker": {
        "Worker": "(tiger, queues=None, exclude_queues=None, single_worker_queues=None, max_workers_per_queue=None, "
        "store_tracebacks=None, executor_class=None)",
        "Worker.get_hard_timeouts": "(self, func, tasks)",
        "Worker.heartbeat": "(self, queue, task_ids)",
        "Worker.run": "(self, once=False, force_once=False, exit_after=None)",
        "Worker.store_task_execution": "(self, tasks, execution)",
    },
    "tasktiger.executor": {
        "Executor": "(worker)",
        "Executor.execute_tasks": "(self, tasks, log)",
        "ForkExecutor": "(worker)",
        "SyncExecutor": "(worker)",
    },
    "tasktiger.runner": {
        "BaseRunner": "(tiger)",
        "BaseRunner.on_permanent_error": "(self, task, execution)",
        "BaseRunner.run_batch_tasks": "(self, tasks, hard_timeout)",
        "BaseRunner.run_eager_task": "(self, task)",
        "BaseRunner.run_single_task": "(self, task, hard_timeout)",
        "DefaultRunner": "(tiger)",
        "DefaultRunner.run_batch_tasks": "(self, tasks, hard_timeout)",
        "DefaultRunner.run_eager_task": "(self, task)",
        "DefaultRunner.run_single_task": "(self, task, hard_timeout)",
    },
    "tasktiger.retry": {
        "exponential": "(delay, factor, max_retries)",
        "fixed": "(delay, max_retries)",
        "linear": "(delay, increment, max_retries)",
    },
    "tasktiger.schedule": {
        "cron_expr": "(expr, start_date=None, end_date=None)",
        "periodic": "(seconds=0, minutes=0, hours=0, days=0, weeks=0, start_date=None, end_date=None)",
    },
    "tasktiger.exceptions": {
        "RetryException": "(method=None, original_traceback=False, log_error=True)",
    },
    "tasktiger.timeouts": {
        "BaseDeathPenalty": "(timeout)",
        "BaseDeathPenalty.cancel_death_penalty": "(self)",
        "BaseDeathPenalty.setup_death_penalty": "(self)",
        "UnixSignalDeathPenalty": "(timeout)",
    },
    "tasktiger.redis_semaphore": {
        "Semaphore": "(redis, name, lock_id, timeout, max_locks=1)",
        "Semaphore.acquire": "(self)",
        "Semaphore.get_system_lock": "(redis, name)",
        "Semaphore.release": "(self)",
        "Semaphore.renew": "(self)",
        "Semaphore.set_system_lock": "(redis, name, timeout)",
    },
    "tasktiger.stats": {
        "StatsThread": "(tiger)",
        "StatsThread.compute_stats": "(self)",
        "StatsThread.report_task_end": "(self)",
        "StatsThread.report_task_start": "(self)",
        "StatsThread.start": "(self)",
        "StatsThread.stop": "(self)",
    },
    "tasktiger.migrations": {"migrate_executions_count": "(tiger)"},
    "tasktiger.logging": {"tasktiger_processor": "(logger, method_name, event_dict)"},
    "tasktiger.test_helpers": {
        "TaskTigerTestMixin.run_worker": "(self, tiger, raise_on_errors=True, **kwargs)",
    },
    "tasktiger._internal": {
        "dotted_parts": "(s)",
        "gen_id": "()",
        "gen_unique_id": "(serialized_name, args, kwargs)",
        "get_timestamp": "(when)",
        "import_attribute": "(name)",
        "queue_matches": "(queue, only_queues=None, exclude_queues=None)",
        "reversed_dotted_parts": "(s)",
        "serialize_func_name": "(func)",
        "serialize_retry_method": "(retry_method)",
    },
    "tasktiger.utils": {"redis_glob_escape": "(value)"},
}
"""Module -> what can be called there -> its parameters."""

NAMES = {
    "tasktiger": """TaskTiger Worker Task JobTimeoutException RetryException StopRetry TaskImportError TaskNotFound
        QueueFullException fixed linear exponential periodic cron_expr run_worker __version__""",
    "tasktiger.exceptions": """JobTimeoutException QueueFullException RetryException StopRetry TaskImportError
        TaskNotFound""",
    "tasktiger.retry": "_exponential _fixed _linear",
    "tasktiger.schedule": "START_DATE",
    "tasktiger.tasktiger": "LOCK_REDIS_KEY TaskTiger Task Worker fixed run_worker",
    "tasktiger.timeouts": "JobTimeoutException",
    "tasktiger.types": "RetryStrategy ScheduleStrategy SerializedRetryStrategy",
    "tasktiger.worker": "LOCK_REDIS_KEY Worker",
    "tasktiger._internal": "ACTIVE ERROR QUEUED SCHEDULED",
    "tasktiger.redis_semaphore": "SYSTEM_LOCK_ID",
}
"""Module -> what else has to be there."""

ATTRIBUTES = {
    "tasktiger.task:Task": """id data time_last_queued scheduled_at state queue serialized_func func args kwargs lock
        lock_key unique unique_key hard_timeout retry_method retry_on max_stored_executions serialized_runner_class ts
        executions""",
    "tasktiger.tasktiger:TaskTiger": """current_task current_tasks current_serialized_func current_task_is_batch
        current_instance""",
}
"""Class -> its properties."""

BASES = {
    "JobTimeoutException": "BaseException",
    "QueueFullException": "BaseException",
    "RetryException": "BaseException",
    "StopRetry": "Exception",
    "TaskImportError": "ImportError",
    "TaskNotFound": "Exception",
}


def found(name: str):
    """`module:thing.part`, imported."""
    module, _, path = name.partition(":")
    thing = importlib.import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    return thing


def parameters(thing) -> list[str]:
    """Each parameter as it would be written, without annotations; private and keyword-only ones are left out."""
    plain = inspect.Parameter.empty
    return [
        str(one.replace(annotation=plain))
        for one in inspect.signature(thing).parameters.values()
        if one.kind is not one.KEYWORD_ONLY and (not one.name.startswith("_") or one.name == "_fn")
    ]


def signatures() -> dict[str, str]:
    """How everything in SUBJECTS is really called."""
    names = [f"{module}:{name}" for module, callables in SUBJECTS.items() for name in callables]
    return {name: f"({', '.join(parameters(found(name)))})" for name in names}


if __name__ == "__main__":
    print(json.dumps(signatures()))
