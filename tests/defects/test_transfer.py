"""D27: from one Redis to another; who dies on the way leaves the task in one of them or in both, never in none."""

import os
import subprocess
import sys

import pytest

from queue_core import Engine, Settings
from tests.builders import ANNA
from tests.interop.tiger import ROOT

TRANSFER = """
import sys
from queue_core import Actor, Engine, Settings
here, there = Engine(sys.argv[1], Settings()), Engine(sys.argv[1], Settings(prefix="other"))
here.transfers.transfer("orders", "queued", "a", to=there, actor=Actor("anna", "api"))
"""


@pytest.fixture
def there(redis_url):
    engine = Engine(redis_url, Settings(prefix="other"))
    yield engine
    engine.close()


def test_d27_a_task_goes_to_another_redis(world, engine, there):
    payload = world.put("queued")
    engine.transfers.transfer("orders", "queued", "a", to=there, actor=ANNA)
    assert there.browse.states("orders", "a") == ["queued"] and engine.browse.states("orders", "a") == []
    assert world.dump()["other:task:a"] == payload and "t:task:a" not in world.dump()


@pytest.mark.parametrize(
    ("point", "places"),
    [
        ("before:receive", ([], ["queued"])),
        ("after:receive", (["queued"], ["queued"])),
        ("before:hand_over", (["queued"], ["queued"])),
        ("after:hand_over", (["queued"], [])),
    ],
)
def test_d27_who_dies_on_the_way_loses_nothing_and_it_can_be_done_again(world, engine, there, redis_url, point, places):
    world.put("queued")
    environment = os.environ | {"SIGNALBOX_CRASH_AT": point, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", TRANSFER, redis_url], env=environment, check=False).returncode == -9
    assert (there.browse.states("orders", "a"), engine.browse.states("orders", "a")) == places
    again = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", TRANSFER, redis_url], env=again, check=False, capture_output=True)
    assert done.returncode == 0 or b"TaskNotFound" in done.stderr
    assert there.browse.states("orders", "a") == ["queued"] and engine.browse.states("orders", "a") == []
    assert world.raw.zcard("other:queued:orders") == 1
