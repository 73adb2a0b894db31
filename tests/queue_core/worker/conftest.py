"""Engines with quick settings, and workers in this process."""

import pytest

from queue_core import Engine, Settings, Worker
from tests.queue_core.worker.seeds import MODULE, QUICK


@pytest.fixture
def make_engine(redis_url):
    engines = []

    def make(**settings):
        engines.append(Engine(redis_url, Settings(**{**QUICK, **settings}), allow_modules=[MODULE]))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def run_once(make_engine):
    """Runs a worker in this process until nothing is left to run."""

    def run(executor="sync", queues=None, settings=None, **more):
        engine = make_engine(**(settings or {}))
        Worker(engine, queues=queues, executor=executor, **more).run(once=True)
        return engine

    return run
