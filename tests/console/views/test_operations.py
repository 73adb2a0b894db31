"""The list of operations, one of them, and its progress."""

import re

import pytest

from queue_core import Actor
from tests.console import seed

SOMEBODY = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


def large(engine, raw):
    raw.sadd("t:error", "mail")
    raw.zadd("t:error:mail", {f"task{number}": 1.0 for number in range(500)})
    return engine.operations.start("purge", "mail", "error", actor=SOMEBODY, reason="old orders")


def test_without_operations_the_page_says_what_they_are(operator):
    assert "No operation yet" in text(operator.get("/operations/"))


def test_a_running_operation_shows_its_progress_and_asks_again(engine, raw, operator):
    operation = large(engine, raw)
    engine.operations.step(operation.id)
    page = text(operator.get(f"/operations/{operation.id}"))
    assert "<b>40 %</b> of 500 tasks" in page
    assert f'hx-get="/operations/{operation.id}/progress"' in page
    assert "old orders" in page
    assert "No sweeper is alive to carry it on" in page


def finish_all(engine, queue="mail"):
    session = engine.leases.session("worker-1")
    for claimed in session.claim(queue, 100):
        session.finish(claimed)
    assert not [settled.error for settled in session.drain() if settled.error]
    session.close()


def test_an_ended_operation_asks_on_until_it_is_known_what_became_of_its_tasks(engine, operator):
    seed.failed(engine, "mail", 2)
    operation = engine.operations.run_small(engine.operations.start("retry", "mail", "error", actor=SOMEBODY))
    fragment = text(operator.get(f"/operations/{operation.id}/progress"))
    assert "100 %" in fragment and "every 5s" in fragment
    assert "<b>2</b> still waiting or running" in fragment
    assert "Cancel the rest" not in text(operator.get(f"/operations/{operation.id}"))
    finish_all(engine)
    fragment = text(operator.get(f"/operations/{operation.id}/progress"))
    assert "hx-get" not in fragment and "<b>2</b> succeeded" in fragment
    assert 'aria-label="2 succeeded"' in fragment
    assert "2 succeeded" in text(operator.get("/operations/"))


def test_what_failed_again_is_told_by_its_error(engine, operator):
    seed.failed(engine, "mail", 3)
    operation = engine.operations.run_small(engine.operations.start("retry", "mail", "error", actor=SOMEBODY))
    session = engine.leases.session("worker-1")
    traceback = seed.TRACEBACK.replace("shop.errors.GatewayDown", "<i>KeyError")
    first, second, _ = session.claim("mail", 3)
    session.give_up(first, seed.execution(engine, "shop.errors:GatewayDown", seed.TRACEBACK))
    session.give_up(second, seed.execution(engine, "<i>KeyError", traceback))
    session.drain()
    for found, tasks in engine.operations.followed():
        engine.operations.settle(found, tasks)
    page = text(operator.get(f"/operations/{operation.id}"))
    assert "<b>1</b> failed again, same error" in page
    assert "<b>1</b> failed again, another error" in page and "&lt;i&gt;KeyError 1" in page
    assert "<b>1</b> still waiting or running" in page
    session.close()


def test_a_running_operation_is_cancelled_once(engine, raw, operator, acts):
    operation = large(engine, raw)
    operator.get(f"/operations/{operation.id}")
    assert operator.post(f"/operations/{operation.id}/cancel").status_code == 303
    assert engine.operations.get(operation.id).status == "cancelled"
    assert operator.post(f"/operations/{operation.id}/cancel").status_code == 409
    assert ("cancel_operation", "done") in acts()


def test_the_list_links_to_each_operation_and_every_page_tells_of_running_ones(engine, raw, operator):
    operation = large(engine, raw)
    assert f"/operations/{operation.id}" in text(operator.get("/operations/"))
    assert "1 operation running" in text(operator.get("/audit/"))


def test_a_dropped_record_is_a_page_that_says_so(operator):
    answer = operator.get("/operations/none")
    assert answer.status_code == 404
    assert "This operation is not here any more" in text(answer)


def test_of_a_dropped_record_the_page_tells_what_the_audit_trail_says(engine, raw, operator):
    operation = large(engine, raw)
    engine.operations.cancel(operation.id, actor=SOMEBODY)
    raw.delete(f"t:x:operation:{operation.id}")
    answer = operator.get(f"/operations/{operation.id}")
    page = text(answer)
    assert answer.status_code == 404 and "is kept for 30 d," in page
    assert "purge" in page and "cancel operation" in page and "“old orders”" in page
    assert f'href="/audit/?operation={operation.id}"' in page
    trail = text(operator.get(f"/audit/?operation={operation.id}"))
    assert trail.count("<tr>") == 3 and "“old orders”" in trail
    assert f'name="operation" value="{operation.id}"' in trail and f"audit/export.csv?operation={operation.id}" in trail


def test_of_what_never_was_the_page_says_that_nothing_names_it(operator):
    assert "no act that is kept names it" in text(operator.get("/operations/none"))
    assert operator.get("/operations/~").status_code == 404
    assert operator.get("/operations/none/progress").status_code == 404


@pytest.mark.parametrize("hostile", ["~3Cscript~3Ealert(1)", "~FF~FE", "x" * 3000, "~00"])
def test_a_hostile_name_of_an_operation_breaks_no_page(operator, hostile):
    for address in (f"/operations/{hostile}", f"/audit/?operation={hostile}"):
        answer = operator.get(address)
        assert answer.status_code in (200, 404) and "<script>alert" not in text(answer)
    assert operator.get("/audit/?operation=~X").status_code == 400


def test_the_list_leads_through_all_that_is_kept_and_says_how_far_back_that_is(engine, raw, operator, monkeypatch):
    monkeypatch.setattr("console.views.operations.NEWEST", 2)
    for _ in range(3):
        large(engine, raw)
    page = text(operator.get("/operations/"))
    assert page.count("old orders") == 2 and "The list goes back to <time" in page and "kept for 30 d," in page
    following = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    page = text(operator.get(following))
    assert page.count("old orders") == 1 and "First page" in page and 'rel="next"' not in page
    assert "No older operation is kept" in text(operator.get("/operations/?cursor=5:x"))
    assert operator.get("/operations/?cursor=x").status_code == 400


def test_of_several_operations_the_whole_act_stands_first(engine, raw, operator):
    for queue in ("mail", "post", "<i>"):
        seed.failed(engine, queue, 2)
    chosen = dict.fromkeys(("mail", "post", "<i>"))
    started = engine.operations.start_together("retry", "error", chosen, actor=SOMEBODY, reason="bank", rate=0.03)
    engine.operations.step(started[0].id)
    engine.operations.pause(started[1].id, actor=SOMEBODY, reason="wait for it")
    page = text(operator.get(f"/operations/{started[2].id}"))
    assert "<h1>Retry in 3 queues</h1>" in page and "“bank”" in page
    whole, one = page.index('id="together-title"'), page.index('id="one-title"')
    assert whole < page.index("<b>Paused</b> in") < page.index("of 6 tasks") < page.index("Pause all 3") < one
    assert "1 queue paused, 2 queues running" in page and "wait for it" in page and "<i>" not in page
    fragment = text(operator.get(f"/operations/{started[2].id}/progress"))
    assert 'id="progress"' in fragment and "of 6 tasks" in fragment and "every 2s" in fragment
    fragment = text(operator.get(f"/operations/{started[2].id}/progress?part=one"))
    assert 'id="progress-one"' in fragment and "of 2 tasks" in fragment and "part=one" in fragment


def test_the_part_of_a_single_operation_is_the_whole(engine, raw, operator):
    operation = large(engine, raw)
    assert 'id="progress"' in text(operator.get(f"/operations/{operation.id}/progress?part=one"))


def test_an_act_whose_other_records_are_gone_is_a_single_one(engine, raw, operator):
    for queue in ("mail", "post"):
        seed.failed(engine, queue, 2)
    started = engine.operations.start_together("retry", "error", dict.fromkeys(("mail", "post")), actor=SOMEBODY)
    raw.delete(f"t:x:operation:{started[0].id}")
    page = text(operator.get(f"/operations/{started[1].id}"))
    assert "of this act" not in page and 'id="progress"' in page


def test_a_viewer_may_look_but_not_cancel(engine, raw, viewer):
    operation = large(engine, raw)
    assert "Cancel the rest" not in text(viewer.get(f"/operations/{operation.id}"))
    assert viewer.post(f"/operations/{operation.id}/cancel").status_code == 403


def test_an_operation_is_paused_resumed_and_slowed_down(engine, raw, operator, acts):
    operation = large(engine, raw)
    address = f"/operations/{operation.id}"
    page = text(operator.get(address))
    assert "Pause</button>" in page and "as fast as it goes" in page
    operator.post(f"{address}/pause", {"reason": "<b>wait</b>"})
    page = text(operator.get(address))
    assert "Paused</b>" in page and "&lt;b&gt;wait&lt;/b&gt;" in page and "Resume</button>" in page
    assert "stands still" in text(operator.get("/operations/"))
    operator.post(f"{address}/resume")
    operator.post(f"{address}/rate", {"rate": "2.5"})
    assert engine.operations.get(operation.id).rate == 2.5
    page = text(operator.get(address))
    assert "2.5 a second" in page and "about 3 min" in page
    assert acts()[:3] == [("change_rate", "done"), ("resume_operation", "done"), ("pause_operation", "done")]


def test_a_rate_that_is_none_is_refused_in_words(engine, raw, operator):
    operation = large(engine, raw)
    operator.get(f"/operations/{operation.id}")
    for rate in ("quick", "-1", "nan", "1e9"):
        answer = operator.post(f"/operations/{operation.id}/rate", {"rate": rate})
        assert answer.status_code == 400 and "tasks a second" in text(answer)
    assert engine.operations.get(operation.id).rate == 0


def test_a_viewer_steers_nothing(engine, raw, viewer):
    operation = large(engine, raw)
    for verb in ("pause", "resume", "rate"):
        assert viewer.post(f"/operations/{operation.id}/{verb}").status_code == 403
    assert engine.operations.get(operation.id).status == "running"


def test_what_has_ended_cannot_be_steered(engine, raw, operator):
    operation = large(engine, raw)
    engine.operations.cancel(operation.id, actor=SOMEBODY)
    operator.get("/operations/")
    for verb in ("pause", "resume", "rate"):
        assert operator.post(f"/operations/{operation.id}/{verb}").status_code == 409


def test_every_page_tells_paused_operations_from_running_ones(engine, raw, operator):
    paused = large(engine, raw)
    engine.operations.pause(paused.id, actor=SOMEBODY)
    assert "1 operation paused" in text(operator.get("/audit/"))
    large(engine, raw)
    assert "1 operation running, 1 paused" in text(operator.get("/audit/"))


def failed_again(engine, count=3):
    """A retry of tasks that have failed again; its id."""
    seed.failed(engine, "mail", count)
    operation = engine.operations.run_small(engine.operations.start("retry", "mail", "error", actor=SOMEBODY))
    session = engine.leases.session("worker-1")
    for claimed in session.claim("mail", count):
        session.give_up(claimed, seed.execution(engine, "shop.errors:GatewayDown", seed.TRACEBACK))
    session.drain()
    session.close()
    for found, tasks in engine.operations.followed():
        engine.operations.settle(found, tasks)
    return operation.id


def test_the_failed_part_is_retried_by_another_operation_that_leads_back(engine, operator, acts):
    operation_id = failed_again(engine)
    seed.failed(engine, "mail", 2)
    address = f"/operations/{operation_id}/failed"
    assert f'href="{address}"' in text(operator.get(f"/operations/{operation_id}"))
    assert "<b>3 tasks</b>" in text(operator.get(address))
    answer = operator.post(address, {"reason": "the gateway is back", "canary": "2", "rate": "5"})
    assert answer.status_code == 303
    (retried,) = [one for one in engine.operations.newest() if one.retries == operation_id]
    assert (retried.matched, retried.canary, retried.rate, retried.selected) == (3, 2, 5.0, True)
    page = text(operator.get(f"/operations/{retried.id}"))
    assert f'the failed part of <a href="/operations/{operation_id}">' in page
    assert f'<a href="/operations/{retried.id}">Its failed part was retried' in text(
        operator.get(f"/operations/{operation_id}")
    )
    assert ("retry", "done") in acts()


def test_what_is_not_in_error_any_more_is_no_failed_part(engine, operator, acts):
    operation_id = failed_again(engine)
    operator.get(f"/operations/{operation_id}/failed")
    first = operator.post(f"/operations/{operation_id}/failed")
    second = operator.post(f"/operations/{operation_id}/failed")
    assert (first.status_code, second.status_code) == (303, 400)
    assert "Nothing to do" in text(operator.get(f"/operations/{operation_id}/failed"))
    assert ("retry failed", "failed") in acts()


def test_a_viewer_retries_no_failed_part(engine, viewer):
    operation_id = failed_again(engine, 1)
    assert "Retry the failed part" not in text(viewer.get(f"/operations/{operation_id}"))
    assert viewer.get(f"/operations/{operation_id}/failed").status_code == 403
    assert viewer.post(f"/operations/{operation_id}/failed").status_code == 403


def test_the_failed_part_of_a_dropped_record_is_a_page_that_says_so(operator):
    assert operator.get("/operations/none/failed").status_code == 404


def test_an_odd_canary_is_refused_in_words(engine, operator):
    operation_id = failed_again(engine, 1)
    operator.get(f"/operations/{operation_id}/failed")
    for odd in ({"canary": "101"}, {"canary_failures": "x"}, {"canary_seconds": "0"}, {"canary_seconds": "1e3"}):
        answer = operator.post(f"/operations/{operation_id}/failed", odd)
        assert answer.status_code == 400 and "canary" in text(answer).lower(), odd
    assert len(engine.operations.newest()) == 1
