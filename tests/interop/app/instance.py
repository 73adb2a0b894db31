"""The one queue of the shop."""

import os

import redis
import tasktiger


class Opened:
    """What every task of the shop runs in, as a database session would be."""

    def __enter__(self):
        journal("opened")

    def __exit__(self, *_):
        journal("closed")


def journal(*words):
    """The shop's own record: one line for whatever happens, from any process."""
    with open(os.environ["SCENE_JOURNAL"], "a") as file:
        file.write(" ".join(map(str, words)) + "\n")


tiger = tasktiger.TaskTiger(
    connection=redis.Redis(
        unix_socket_path=os.environ["SCENE_SOCKET"], password=os.environ.get("SCENE_PASSWORD"), decode_responses=True
    ),
    config={
        "REDIS_PREFIX": "t",
        "SELECT_TIMEOUT": 0.05,
        "QUEUE_SCHEDULED_TASKS_TIME": 0.05,
        "ACTIVE_TASK_UPDATE_TIMER": 0.5,
        "ACTIVE_TASK_UPDATE_TIMEOUT": 5,
        "REQUEUE_EXPIRED_TASKS_INTERVAL": 0.2,
        "LOCK_RETRY": 0.05,
        "STATS_INTERVAL": 0,
        "DEFAULT_RETRY_METHOD": tasktiger.fixed(0.05, 2),
        "BATCH_QUEUES": {"index": 10, "index.slow": 2},
        "SINGLE_WORKER_QUEUES": ["ledger"],
        "CHILD_CONTEXT_MANAGERS": [Opened()],
    },
    setup_structlog=True,
)
