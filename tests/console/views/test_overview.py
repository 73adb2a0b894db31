"""The overview."""

import pytest

from queue_core import Actor
from tests.console import seed


@pytest.fixture
def seen(engine, operator):
    """The overview after a fresh count."""

    def look(address="/"):
        engine.snapshot.take()
        return operator.get(address).get_data(as_text=True)

    return look


def test_before_anybody_counted_the_counts_are_unknown_and_not_zero(operator):
    page = operator.get("/").get_data(as_text=True)
    assert "The counts are unknown" in page
    assert "Counts unknown" in page
    assert "No queue holds a task" not in page


def test_an_empty_redis_teaches_how_to_put_a_task_on_a_queue(seen):
    assert "engine.task(queue=" in seen()


def test_when_all_is_well_one_calm_sentence_says_so(engine, seen):
    seed.queued(engine, "mail", 2)
    page = seen()
    assert "All is well: 1 queue, no errors" in page
    assert "Wants attention" not in page


def test_failing_queues_want_attention_and_groups_show_sums(engine, seen):
    seed.failed(engine, "shop.mail", 2)
    seed.failed(engine, "shop.pay", 3)
    page = seen()
    assert "Wants attention" in page
    assert ">5</a>" in page  # the figure on top
    assert 'aria-label="Close shop"' in page
    assert 'href="/queues/shop.pay/error">3</a>' in page


def test_a_group_closes_without_javascript(engine, seen):
    seed.failed(engine, "shop.mail")
    seed.failed(engine, "shop.pay")
    page = seen("/?shut=shop")
    assert 'aria-label="Open shop"' in page
    assert "/queues/shop.pay/error" not in page.split('id="queues-title"')[1]


def test_the_filter_finds_queues_by_name(engine, seen):
    seed.queued(engine, "shop.mail")
    seed.queued(engine, "billing")
    page = seen("/?q=BILL")
    assert "1 of 2 queues match" in page
    assert "shop.mail" not in page
    assert "No queue has" in seen("/?q=nothing")


def test_a_paused_queue_has_a_badge(engine, seen):
    seed.queued(engine, "mail")
    engine.control.pause("mail", actor=Actor("ann", "command line"), reason="a fix ships")
    assert "paused, until resumed" in seen()


def test_the_live_part_is_the_same_fragment_as_on_the_page(engine, seen, operator):
    seed.queued(engine, "mail")
    engine.snapshot.take()
    fragment = operator.get("/live").get_data(as_text=True)
    assert fragment.strip().startswith('<div id="live"')
    assert "<html" not in fragment


def test_ten_thousand_queues_are_drawn_in_part_and_the_page_says_so(engine, raw, seen):
    pipeline = raw.pipeline()
    for number in range(10_000):
        name = f"tenant{number % 500}.queue{number}"
        pipeline.sadd("t:queued", name)
        pipeline.zadd(f"t:queued:{name}", {"x": 1})
    pipeline.execute()
    page = seen()
    assert "10\u202f000 queues" in page
    assert "the first 200 lines are shown" in page
    assert len(page) < 600_000


def test_who_is_not_logged_in_sees_nothing(app):
    answer = app.test_client().get("/")
    assert answer.status_code == 303
    assert "/login" in answer.location
