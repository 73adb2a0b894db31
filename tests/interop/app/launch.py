"""The shop's own way to start a worker: python -m …launch tasktiger [TaskTiger's options]."""

import sys

from tests.interop.app import orders, recurring  # noqa: F401 - their functions are registered
from tests.interop.app.instance import tiger

if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else None
    if command == "tasktiger":
        tiger.run_worker_with_args(sys.argv[2:])
        sys.exit(0)
    sys.exit(f"no such command: {command}")
