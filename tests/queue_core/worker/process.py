"""What the processes of `seeds.worker_process` run."""

import json
import sys

import structlog

from queue_core import Engine, Settings, Worker
from queue_core.sweeper import Sweeper
from tests.queue_core.worker.seeds import MODULE


def _engine():
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stdout))
    facts = json.loads(sys.argv[1])
    return Engine(facts["url"], Settings(**facts["settings"]), allow_modules=[MODULE]), facts


def worker():
    engine, facts = _engine()
    Worker(engine, executor=facts["executor"]).run()


def sweeper():
    engine, _ = _engine()
    Sweeper(engine).run()
