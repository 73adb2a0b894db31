"""The page of recurring work."""

import pytest

from tests.builders import World


@pytest.fixture
def recurs(engine, raw):
    """A worker that knows a recurring function, whose occurrence is due in so many seconds."""
    world = World(raw, engine.store)

    def make(name="shop:report", due_in=600.0, state="scheduled", **facts):
        work = {"func": name, "queue": "reports", "id": f"id-of-{name}", "schedule": "0 3 * * *"}
        known = engine.workers.alive()
        told = known[0].facts["recurring"] if known else []
        engine.workers.register("w1", {"kind": "worker", "recurring": [*told, work], **facts})
        if state:
            world.put(state, "reports", work["id"], engine.clock.now() + due_in)
        return work["id"]

    return make


def seen(visitor):
    answer = visitor.get("/periodic/")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_without_recurring_work_the_page_shows_how_to_have_some(operator):
    assert "No worker alive knows recurring work" in seen(operator)


def test_a_function_shows_its_schedule_and_how_its_runs_went(engine, operator, recurs):
    recurs()
    now = engine.clock.now()
    engine.periodic.note_run("shop:report", "failed", now - 90_000, now - 89_000)
    engine.periodic.note_run("shop:report", "done", now - 3600, now - 3580)
    page = seen(operator)
    assert "0 3 * * *" in page
    assert "took 20 s" in page
    assert page.index("dot-failed") < page.index("dot-done")


def test_what_has_left_no_run_is_unknown(operator, recurs):
    recurs()
    assert '<span class="muted">unknown</span>' in seen(operator)


def test_trouble_stands_first(operator, recurs):
    recurs("shop:a_fine")
    recurs("shop:b_late", due_in=-300)
    recurs("shop:c_gone", state=None)
    page = seen(operator).split("<tbody>")[1]
    assert page.index("c_<wbr>gone") < page.index("b_<wbr>late") < page.index("a_<wbr>fine")
    assert "none is waiting" in page
    assert "overdue" in page


def test_it_runs_now_and_the_page_comes_back(engine, operator, recurs, acts):
    task_id = recurs()
    assert "Run now" in seen(operator)
    form = {"state": "scheduled", "seconds": "0", "back": "/periodic/"}
    answer = operator.post(f"/queues/reports/tasks/{task_id}/reschedule", form)
    assert answer.location == "/periodic/"
    assert engine.periodic.occurrences([("f", "reports", task_id)])[0].score <= engine.clock.now()
    assert acts() == [("reschedule", "done")]


def test_a_viewer_sees_no_button(viewer, recurs):
    recurs()
    assert "reschedule" not in seen(viewer)


def test_facts_of_a_strange_shape_do_no_harm(engine, operator):
    odd = ["x", {}, {"func": 7}, {"func": "<b>f", "queue": "q", "id": "i", "schedule": "<script>s"}]
    engine.workers.register("w1", {"kind": "worker", "recurring": odd})
    engine.workers.register("w2", {"kind": "worker", "recurring": "all"})
    page = seen(operator)
    assert "1 recurring function" in page
    assert "<script>s" not in page


def test_who_is_not_logged_in_sees_nothing(app):
    assert "/login" in app.test_client().get("/periodic/").location
