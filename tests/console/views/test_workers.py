"""The workers page."""

import re

import pytest

from queue_core import Actor
from tests.console import seed


def text(answer):
    return answer.get_data(as_text=True)


def test_without_processes_the_page_tells_how_to_start_one(operator):
    page = text(operator.get("/workers/"))
    assert "signalbox worker -m your_module" in page
    assert "TaskTiger workers do not register" in page


def test_a_worker_is_listed_with_what_it_runs(engine, operator):
    now = engine.clock.now()
    running = [{"id": "abc", "queue": "mail", "func": "shop.mail:send", "started_at": now - 5}]
    facts = {"kind": "worker", "host": "w3", "pid": 4711, "queues": ["mail"], "started_at": now, "running": running}
    engine.workers.register("w3-4711", facts)
    page = text(operator.get("/workers/"))
    assert "1 worker alive" in page
    assert "4711" in page
    assert 'href="/queues/mail/tasks/abc">shop.<wbr>mail:<wbr>send</a>' in page


def test_who_has_run_longest_stands_first(engine, operator):
    for name, seconds in (("young", 1), ("stuck", 900)):
        running = [{"id": name, "queue": "q", "func": name, "started_at": engine.clock.now() - seconds}]
        engine.workers.register(name, {"kind": "worker", "host": name, "running": running})
    page = text(operator.get("/workers/"))
    assert page.index("stuck") < page.index("young")


def test_many_workers_stand_on_pages_the_stuck_ones_on_the_first(engine, operator):
    now = engine.clock.now()
    for number in range(120):
        running = [{"id": "t", "queue": "q", "func": "f", "started_at": now - 500}] if number == 77 else []
        engine.workers.register(f"w{number:03}", {"kind": "worker", "host": f"host-{number:03}", "running": running})
    first = text(operator.get("/workers/"))
    assert "120 workers alive" in first
    assert "Page 1 of 3" in first
    assert first.count('<th scope="row">host-') == 50
    assert "host-077" in first
    last = text(operator.get("/workers/?page=3"))
    assert last.count('<th scope="row">host-') == 20
    for odd in ("0", "-3", "99999999999999999999", "x", "3"):
        assert operator.get(f"/workers/?page={odd}").status_code == 200
    assert set(re.findall(r"host-\d+", first)).isdisjoint(re.findall(r"host-\d+", last))


def test_facts_of_a_strange_shape_do_no_harm(engine, operator):
    engine.workers.register("odd", {"kind": 7, "queues": "x", "running": ["x", {}], "started_at": "never"})
    answer = operator.get("/workers/")
    assert answer.status_code == 200
    assert "unknown host" in text(answer)


def test_a_clock_that_is_wrong_is_named(engine, operator):
    engine.workers.register("w", {"kind": "worker", "host": "w3", "clock_behind_seconds": -120.2})
    assert "clock 120 s ahead of Redis" in text(operator.get("/workers/"))


# -- what can be asked of a worker --


def worker(engine, name="w1", **facts):
    engine.workers.register(name, {"kind": "worker", "host": "w3", "pid": 4711, **facts})


def run_of(engine, task_id="abc", seconds=5, **more):
    return {"id": task_id, "queue": "mail", "func": "shop:send", "started_at": engine.clock.now() - seconds, **more}


@pytest.mark.parametrize("verb", ["quiet", "wake", "stop"])
def test_an_operator_asks_a_worker_and_the_page_says_that_it_has_not_heard_yet(engine, operator, acts, verb):
    worker(engine)
    answer = operator.post(f"/workers/w1/{verb}", {"reason": "a deploy", "back": "/workers/"})
    assert (answer.status_code, answer.location) == (303, "/workers/")
    assert [order.verb for order in engine.workers.orders(["w1"])["w1"]] == [verb]
    page = text(operator.get("/workers/"))
    assert "Worker w1 is asked" in page
    assert f"asked to {verb} by olga" in page
    assert acts() == [(f"{verb}_worker", "done")]


def test_a_quiet_worker_says_so_and_can_be_woken(engine, operator):
    worker(engine, quiet=True)
    page = text(operator.get("/workers/"))
    assert ">quiet</span>" in page
    assert 'action="/workers/w1/wake"' in page


def test_killing_a_task_asks_first_and_wants_a_reason(engine, operator, acts):
    worker(engine, running=[run_of(engine, hard_timeout_seconds=300)], executor="sync")
    assert 'href="/workers/w1/kill/mail/abc"' in text(operator.get("/workers/"))
    page = text(operator.get("/workers/w1/kill/mail/abc"))
    assert "Kill this task?" in page
    assert "hard timeout is 5 min" in page
    assert "leaves with it" in page
    assert operator.post("/workers/w1/kill/mail/abc", {"reason": " "}).status_code == 400
    assert operator.post("/workers/w1/kill/mail/abc", {"reason": "it hangs"}).location == "/workers/"
    (order,) = engine.workers.orders(["w1"])["w1"]
    assert (order.verb, order.queue, order.task_id, order.reason) == ("kill", "mail", "abc", "it hangs")
    assert acts() == [("kill_worker", "done"), ("kill_worker", "failed")]


def test_a_task_that_has_ended_meanwhile_cannot_be_killed_any_more(engine, operator):
    worker(engine, running=[])
    answer = operator.get("/workers/w1/kill/mail/abc")
    assert answer.status_code == 404
    assert "This task is not here any more" in text(answer)


def test_a_worker_that_has_left_is_said_to_be_gone(engine, operator, acts):
    assert operator.get("/workers/gone/kill/mail/abc").status_code == 404
    operator.get("/workers/")
    answer = operator.post("/workers/gone/stop", {})
    assert answer.status_code == 409
    assert "No worker of ours that is alive" in text(answer)
    assert acts() == [("stop_worker", "failed")]


def test_a_viewer_may_look_and_ask_nothing(engine, viewer):
    worker(engine, running=[run_of(engine)])
    page = text(viewer.get("/workers/"))
    assert "Kill" not in page
    assert "Ask…" not in page
    for address in ("/workers/w1/stop", "/workers/w1/kill/mail/abc"):
        assert viewer.post(address, {"reason": "x"}).status_code == 403
    assert not engine.workers.orders(["w1"])


def test_a_run_past_its_hard_timeout_stands_first_and_says_so(engine, operator):
    worker(engine, "old", host="old", running=[run_of(engine, "a", 900, hard_timeout_seconds=3600)])
    worker(engine, "stuck", host="stuck", running=[run_of(engine, "b", 400, hard_timeout_seconds=300)])
    page = text(operator.get("/workers/"))
    assert page.count("past its hard timeout") == 1
    assert page.index(">stuck ") < page.index(">old ")


def test_a_silent_worker_says_that_it_hears_nothing(engine, raw, operator):
    worker(engine)
    engine.workers.order("stop", "w1", actor=Actor("ann", "command line"))
    raw.zadd("t:x:workers", {"w1": engine.clock.now() - 40})
    page = text(operator.get("/workers/"))
    assert ">silent</span>" in page
    assert "obeys only once it speaks again" in page


def test_memory_is_shown_and_unknown_where_nobody_told(engine, operator):
    worker(engine, memory_bytes=52_428_800)
    worker(engine, "w2", memory_bytes="much")
    page = text(operator.get("/workers/"))
    assert "52.4 MB" in page
    assert 'data-label="Memory">unknown' in page


def test_what_others_hold_is_listed_by_queue(engine, raw, operator):
    seed.active(engine, "ours")
    raw.zadd("t:active:theirs", {"their-task": engine.clock.now() - 300})
    raw.sadd("t:active", "theirs")
    engine.snapshot.take()
    page = text(operator.get("/workers/"))
    held = page.split('id="held-title"')[1]
    assert 'href="/queues/theirs/tasks/their-task"' in held
    assert "lease over" in held
    assert "/queues/ours/" not in held


def test_names_from_redis_are_text_and_nothing_else(engine, operator):
    worker(engine, "<b>id", host="<script>x</script>", running=[run_of(engine, "<i>t")])
    page = text(operator.get("/workers/"))
    assert "<script>x" not in page
    assert "<b>id" not in page
    assert operator.get("/workers/~3Cb~3Eid/kill/mail/~3Ci~3Et").status_code == 200


def test_orders_of_a_strange_shape_do_no_harm(engine, raw, operator):
    worker(engine)
    raw.hset("t:x:orders:w1", mapping={"stop": b"\xff", "kill": '{"at": "x", "by": 7}', "other": "{}"})
    page = text(operator.get("/workers/"))
    assert "asked to stop by somebody" in page
    assert "other" not in page.split("<main")[1].split("asked to kill")[0]
    raw.delete("t:x:orders:w1")
    raw.set("t:x:orders:w1", "no hash")
    assert operator.get("/workers/").status_code == 200
