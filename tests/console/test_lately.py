"""Where a list is empty the page says what is known of it: who did what there, and what failed last."""

import pytest

from queue_core import Actor
from queue_core.duties import Duties
from tests.console import seed

ADA = Actor("ada", "web")


@pytest.fixture
def seen(engine, operator):
    """A page after a fresh count, and after all errors were read."""

    duties = Duties(engine)

    def look(address):
        engine.snapshot.take()
        list(duties.index_errors())
        answer = operator.get(address)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return look


def purged(engine, queue, count, **more):
    """Tasks that failed there, were seen, and are purged by now."""
    seed.failed(engine, queue, count, **more)
    operation = engine.operations.start("purge", queue, "error", actor=ADA, reason="left over")
    engine.operations.run_small(operation)
    return operation


def empty_part(page):
    return page.split('class="empty')[1].split("</main>")[0]


def test_a_queue_without_errors_says_who_purged_how_many_and_what_failed_there(engine, seen):
    seed.failed(engine, "billing", 4)
    seen("/")
    operation = engine.operations.start("purge", "billing", "error", actor=ADA, reason="left over")
    engine.operations.run_small(operation)
    told = empty_part(seen("/queues/billing/error"))
    assert "Last failure" in told and "GatewayDown" in told
    assert "Purge of 4 tasks by <b>ada</b>" in told and "left over" in told
    assert f'href="/operations/{operation.id}"' in told


def test_it_speaks_of_no_other_queue(engine, seen):
    purged(engine, "billing", 2)
    told = empty_part(seen("/queues/mail/error"))
    assert "lately" not in told and "ada" not in told


def test_a_failure_that_may_have_been_elsewhere_is_told_so(engine, seen):
    seed.failed(engine, "billing")
    seed.failed(engine, "mail")
    seen("/")
    (task,) = engine.browse.page("billing", "error").rows
    engine.control.delete("billing", "error", task.id, actor=ADA)
    told = empty_part(seen("/queues/billing/error"))
    assert "Failed here before" in told and "last in one of 2 queues" in told
    assert "Delete by <b>ada</b>" in told


@pytest.mark.parametrize("address", ["/errors/", "/errors/tasks", "/operations/"])
def test_pages_of_all_queues_name_the_queue(engine, seen, address):
    purged(engine, "billing", 2)
    if address == "/operations/":  # its record is forgotten, the trail still knows
        engine.store.client.delete(engine.store.keys.operations())
    told = empty_part(seen(address))
    assert "Purge" in told and "billing" in told and "<b>ada</b>" in told


def test_the_empty_trash_says_who_emptied_it(engine, seen):
    purged(engine, "billing", 2)
    engine.trash.empty(actor=ADA, reason="memory")
    told = empty_part(seen("/trash/"))
    assert "Empty the trash by <b>ada</b>" in told and "memory" in told


def test_nothing_held_and_nothing_paused_say_who_ended_it(engine, seen):
    hold = engine.holds.hold_function("shop:charge", actor=ADA, reason="a fix ships")
    engine.holds.release(hold.id, actor=ADA)
    engine.control.pause("billing", actor=ADA, reason="a fix ships")
    engine.control.resume("billing", actor=ADA)
    page = seen("/holds/")
    assert "Release by <b>ada</b>" in page
    assert "Resume in <a" in page and "No queue is paused" in page


def test_nothing_scheduled_says_who_cancelled(engine, seen):
    task = engine.delay(seed.charge, queue="billing", when=engine.clock.now() + 3600)
    engine.control.cancel("billing", "scheduled", task.id, actor=ADA)
    assert "Cancel in <a" in empty_part(seen("/scheduled/"))


def test_a_trail_that_cannot_be_read_leaves_the_page_as_it_is(engine, raw, seen):
    raw.set("t:x:audit", "no stream")
    assert "No task is in error here" in seen("/queues/billing/error")
    assert "The trash is empty" in seen("/trash/")


def test_what_people_typed_is_text(engine, seen):
    engine.control.pause("billing", actor=ADA, reason="<script>alert(1)</script>")
    engine.control.resume("billing", actor=ADA, reason="<script>alert(2)</script>")
    assert "<script>alert" not in seen("/queues/billing/error")
