"""What every page of the console asks of Redis over tens of thousands of errors; how long it takes is measured only."""

import contextlib
from dataclasses import replace

import pytest

from bench.console_pages.addresses import addresses
from bench.console_pages.fill import BIG_QUEUE, LARGE_QUEUE, SETTINGS, Sizes, fill
from bench.console_pages.measure import measure
from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from tests.console.visitor import PASSWORD, Visitor

SCALE = 20
MOST_COMMANDS = 1500
TRIES = 5
"""A busy machine may hold up any command once; what holds up Redis by itself does so at every visit."""


@pytest.fixture(scope="module")
def deployment(session_server):
    """An engine on a twentieth of the large deployment, the console on it, and somebody who may look at everything."""
    with contextlib.closing(Engine(session_server.url, SETTINGS)) as engine:
        engine.store.client.flushall()
        fill(engine, replace(Sizes().at(SCALE), index_seconds=5.0), tell=lambda line: None)
        engine.people.add("bench", PASSWORD, "admin")
        app = create_app(engine, ConsoleSettings())
        visitor = Visitor(app)
        visitor.log_in("bench")
        yield engine, app, visitor.client
        engine.store.client.flushall()


@pytest.mark.timeout(600)
def test_every_page_answers_with_few_commands_and_holds_up_redis_never(deployment):
    engine, app, client = deployment
    assert engine.browse.sizes(BIG_QUEUE)["error"] == 50_000 and sum(engine.browse.sizes(LARGE_QUEUE).values()) == 5
    found, wrong = addresses(app, engine), []
    assert len(found) > 60
    for address in found:
        costs = [measure(client, address, engine.store.client, times=1)]
        while costs[-1].slow and len(costs) < TRIES:
            costs.append(measure(client, address, engine.store.client, times=1))
        if costs[0].status >= 400:
            wrong.append(
                f"{address.path} answers {costs[0].status}; a new kind of argument has its value in addresses.py"
            )
        if costs[0].commands > MOST_COMMANDS and not address.searches:
            wrong.append(f"{address.path} sends {costs[0].commands} commands")
        if costs[-1].slow:
            wrong.append(f"{address.path} holds up Redis: {', '.join(costs[-1].slow)}")
    assert not wrong, "\n".join(wrong)
