"""The command of TaskTiger, `tasktiger.run_worker`: a worker on the Redis that its options name."""

from queue_core.engine import Engine
from queue_core.worker_command import address, command_for


def _engine_at(**parts) -> Engine:
    return Engine(address(**parts), setup_structlog=True, allow_any=True, strict=False)


run_worker = command_for(_engine_at)
