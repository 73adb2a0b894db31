import pytest

from tests.builders import World


@pytest.fixture
def world(raw, engine):
    """An empty Redis with a store on it."""
    return World(raw, engine.store)
