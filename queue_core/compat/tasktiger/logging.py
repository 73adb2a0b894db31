"""A structlog processor that says in which task a line was written."""

from queue_core.worker import running


def tasktiger_processor(logger, method_name, event_dict):
    """Adds task_id, task_func and queue to lines that are written inside a task, unless it is a batch."""
    try:
        now = running.current()
    except RuntimeError:
        return event_dict
    if not now.batch:
        task = now.tasks[0]
        event_dict |= {"task_id": task.id, "task_func": now.func, "queue": task.queue}
    return event_dict
