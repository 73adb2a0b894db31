"""The processes of a soak: Redis, workers of both kinds, and two sweepers of which one acts."""

import random

import redis

from bench.soaking.tasks import BATCH_QUEUE
from tests.faults.crew import EXECUTORS, Crew

_MODULE = "bench.soaking.tasks"
KEPT = {"operation_keep_seconds": 20.0, "max_audit_entries": 200, "trash_seconds": 20.0}
"""What is kept for long in real life is kept for so short here that its amount has to settle."""

_SETTINGS = {
    **{f"SIGNALBOX_{name.upper()}": str(value) for name, value in KEPT.items()},
    "SIGNALBOX_BATCH_QUEUES": f"{BATCH_QUEUE}=20",
}
SWEEPERS = 2


class SoakCrew(Crew):
    """As the crew of the fault tests, with the tasks of the soak."""

    def __init__(self, folder, transport, workers):
        super().__init__(folder, transport, workers)
        self.folder = folder
        self.settings = _SETTINGS
        self._programs = {f"sweeper-{number}": ["sweeper"] for number in range(SWEEPERS)} | {
            f"worker-{number}": ["worker", "-m", _MODULE, "--executor", EXECUTORS[number % 2]]
            for number in range(workers)
        }

    @property
    def sweepers(self) -> list[str]:
        return [name for name in self._processes if name.startswith("sweeper")]

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._processes.values()}

    def stop_redis(self) -> None:
        """As an administrator does."""
        self.redis.stop()

    def cut_connections(self, chance: random.Random) -> int:
        """Ends about half of all connections to Redis, with the replies that were on their way; how many."""
        with redis.Redis.from_url(self.url, socket_timeout=2) as client:
            ids = [one["id"] for one in client.client_list() if one["id"] != str(client.client_id())]
            chosen = [one for one in sorted(ids) if chance.random() < 0.5]
            return sum(client.client_kill_filter(_id=one) for one in chosen)

    def thaw_all(self) -> None:
        for name in list(self._frozen_until):
            self._thaw(name)

    def log_lines(self, wanted: str) -> list[str]:
        """Lines of all logs with `wanted` in them."""
        return [
            f"{path.stem}: {line}"
            for path in sorted(self.folder.glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
            if wanted in line
        ]
