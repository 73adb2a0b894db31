"""The answer for load balancers."""

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine


def test_a_console_that_reaches_redis_is_healthy_to_anybody(engine):
    answer = create_app(engine, ConsoleSettings()).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert "Set-Cookie" not in answer.headers


def test_with_redis_away_the_console_says_so_and_no_more():
    app = create_app(Engine("unix:///nowhere/redis.sock"), ConsoleSettings())
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (503, {"status": "store away"})
