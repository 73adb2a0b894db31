import contextlib

import pytest

from queue_core import Engine
from tests.builders import World
from tests.proxy import Proxy


@pytest.fixture
def world(raw, engine):
    """The empty Redis with an engine on it, to put tasks into and to read back."""
    return World(raw, engine.store)


@pytest.fixture
def proxy(server):
    """A proxy before the empty Redis."""
    with contextlib.closing(Proxy(server.socket_path)) as proxy:
        yield proxy


@pytest.fixture
def engine_behind_proxy(proxy):
    with contextlib.closing(Engine(proxy.url)) as engine:
        yield engine
