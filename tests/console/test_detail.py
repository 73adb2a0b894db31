"""One task, ready for its page."""

from dataclasses import replace

import pytest

from console import detail
from tests.console import seed


@pytest.fixture
def task(engine):
    def make(**more):
        (task_id,) = seed.failed(engine, "mail", **more)
        return engine.browse.task("mail", task_id)

    return make


def test_short_arguments_stand_on_one_line_and_long_ones_are_indented(task):
    assert detail.drawn(task(args=["a"])).args.text == '["a", 0]'
    assert detail.drawn(task(args=["a" * 100])).args.text.startswith('[\n  "aaa')


def test_arguments_beyond_20_kilobytes_are_cut_until_all_are_wanted(task):
    record = task(args=["x" * 30_000])
    assert detail.drawn(record).args.cut
    assert len(detail.drawn(record).args.text) == detail.MAX_SHOWN_CHARACTERS + 1
    assert not detail.drawn(record, whole=True).args.cut


def test_a_failed_run_tells_how_long_it_took_and_what_else_is_known(task):
    attempt = detail.drawn(task()).newest
    assert attempt.seconds == pytest.approx(1.0)
    assert attempt.facts == ()
    assert attempt.exception == "shop.errors:GatewayDown"


def test_the_command_that_retries_it_can_be_pasted_into_a_shell(task):
    drawn = detail.drawn(task())
    assert drawn.retry_command == f"signalbox retry mail {drawn.id}"
    assert replace(drawn, queue="-a b;c").retry_command == f"signalbox retry -- '-a b;c' {drawn.id}"
    assert replace(drawn, queue="a\x1b").retry_command is None
    assert replace(drawn, verbs=()).retry_command is None


def test_a_failed_task_offers_what_may_be_done_with_it(task):
    drawn = detail.drawn(task())
    assert drawn.budget == "1 of 1 attempt used"
    assert drawn.verbs == ("retry", "reschedule", "move", "delete")
