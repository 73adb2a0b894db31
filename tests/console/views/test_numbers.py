"""Numbers over time as pages."""

import re

import pytest

from console import create_app
from console.converters import to_segment
from console.settings import ConsoleSettings
from queue_core import Actor, Engine
from queue_core.snapshot import QueueCounts, Snapshot
from queue_core.tally import Tally
from tests.builders import HOSTILE_QUEUE, World
from tests.console.visitor import Visitor

RANGES = ("1h", "24h", "7d", "90d")
MARKUP = "<b>bold</b><script>alert(1)</script>\udcff"


@pytest.fixture
def world(raw, engine):
    return World(raw, engine.store)


def fill(engine, queue="orders", function="shop:send"):
    tally, now = Tally(), engine.store.now()
    for ending in ("succeeded", "succeeded", "failed"):
        tally.start(queue, function, now)
        tally.end(queue, function, now, ending)
        tally.time(queue, function, now, wait_seconds=4.0, run_seconds=0.02)
    engine.stats.write(tally)
    engine.stats.sample(Snapshot(now, {queue: QueueCounts(queued=9, error=1, oldest_queued_at=now - 70)}), 1)


@pytest.mark.parametrize("span", RANGES)
def test_the_page_draws_runs_times_and_depths_of_every_range(engine, viewer, span):
    fill(engine)
    for address in ("/numbers/", "/numbers/queues/orders", "/numbers/functions/shop:send"):
        page = viewer.get(f"{address}?range={span}").get_data(as_text=True)
        assert "2 runs succeeded" in page and "1 runs failed for good" in page and "p95" in page
        assert ("at most 9, now 9" in page) is ("functions" not in address)
        assert f'range={span}" aria-current="page"' in page
        assert 'class="plot-succeeded"' in page and "The numbers as a table" in page


def test_without_any_number_the_page_says_that_nothing_is_known(viewer):
    page = viewer.get("/numbers/").get_data(as_text=True)
    assert "TaskTiger workers do not report" in page and "Nothing is known of this time" in page
    assert not re.search(r"<td class=\"num\">0</td>", page)


def test_deploys_and_operations_are_marked(engine, viewer):
    fill(engine)
    engine.error_groups.mark_deploy("v7 " + MARKUP, actor=Actor("anna", "web"))
    page = viewer.get("/numbers/?range=7d").get_data(as_text=True)
    assert 'class="mark mark-deploy"' in page and "v7 &lt;b&gt;" in page and "<script>alert" not in page


@pytest.mark.parametrize("name", [MARKUP, HOSTILE_QUEUE, "", "x" * 3000, "../..", "a/b?range=1h"])
def test_names_of_any_bytes_are_shown_as_they_are(engine, viewer, name):
    fill(engine, name, name)
    for kind in ("queues", "functions"):
        answer = viewer.get(f"/numbers/{kind}/{to_segment(name)}")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200 and "<script>alert" not in page and "<b>bold" not in page
    assert viewer.get("/numbers/").status_code == 200


def test_a_queue_that_is_gone_has_an_empty_page(viewer):
    assert "Nothing is known" in viewer.get("/numbers/queues/gone").get_data(as_text=True)


def test_a_range_that_there_is_not_gives_the_usual_one(engine, viewer):
    fill(engine)
    assert 'range=24h" aria-current="page"' in viewer.get("/numbers/?range=99y").get_data(as_text=True)


def test_broken_keys_are_unknown_and_not_an_error(engine, viewer, raw):
    fill(engine)
    for key in raw.keys("t:x:stats:*"):
        raw.delete(key)
        raw.lpush(key, b"\xff")
    for address in ("/numbers/", "/numbers/queues/orders", "/numbers/functions/shop:send", "/"):
        assert viewer.get(address).status_code == 200
    assert "Nothing is known" in viewer.get("/numbers/").get_data(as_text=True)


def test_nobody_sees_it_without_a_login(app):
    for address in ("/numbers/", "/numbers/queues/orders", "/numbers/functions/f"):
        assert Visitor(app).get(address).status_code == 303


def test_while_redis_is_away_the_page_says_so():
    app = create_app(Engine("unix:///nowhere/redis.sock"), ConsoleSettings())
    assert app.test_client().get("/numbers/").status_code == 503


def test_of_a_queue_that_only_tasktiger_serves_the_page_tells_what_it_showed(engine, viewer):
    now = engine.store.now()
    flowed(engine, "orders", now)
    for address in ("/numbers/", "/numbers/queues/orders"):
        page = viewer.get(address).get_data(as_text=True)
        assert "at least 30 became ready, at least 20 were taken" in page
        assert "2 tasks came into error" in page and "TaskTiger workers do not report" in page
        assert page.index("seen-title") < page.index("counted-title") and "runs succeeded" not in page


def test_of_a_queue_that_both_serve_both_are_told_apart(engine, viewer):
    fill(engine)
    flowed(engine, "orders", engine.store.now())
    page = viewer.get("/numbers/queues/orders").get_data(as_text=True)
    counted, seen = page[page.index("counted-title") :].split("seen-title", 1)
    assert "2 runs succeeded" in counted and "became ready" not in counted
    assert "at least 20 were taken" in seen and "runs succeeded" not in seen.split("</section>")[0]


def flowed(engine, queue, now):
    tally = Tally()
    tally.flow(queue, now, ready=30, taken=20)
    tally.fail(queue, now, 3.0)
    tally.fail(queue, now, None)
    engine.stats.write(tally)


def test_the_overview_shows_the_last_day_and_how_the_hour_is(engine, viewer, world):
    fill(engine)
    world.put("queued")
    engine.snapshot.take()
    page = viewer.get("/").get_data(as_text=True)
    assert "Last 24 hours" in page and "3 runs ended in the last hour" in page and "2 runs succeeded" in page
    assert "Last 24 hours" not in viewer.get("/live").get_data(as_text=True)


def test_the_overview_tells_what_is_done_a_minute_whoever_does_it(engine, viewer, world):
    world.put("queued")
    engine.snapshot.take()
    assert "nobody has looked lately" in viewer.get("/live").get_data(as_text=True)
    flowed(engine, "orders", engine.store.now() - 120)
    engine.stats.sample(engine.snapshot.read(), 0)
    list(engine.recents.gather())
    page = viewer.get("/").get_data(as_text=True)
    assert "≥\u202f4.0" in page and "at least 20 were taken" in page and "runs succeeded" not in page
    fill(engine)
    page = viewer.get("/").get_data(as_text=True)
    assert "2 runs succeeded" in page and "at least 20 were taken" in page


def test_the_page_of_a_queue_leads_to_its_numbers(viewer, world):
    world.put("error")
    assert 'href="/numbers/queues/orders"' in viewer.get("/queues/orders/error").get_data(as_text=True)
