"""The gate of a worker: what it may not run goes back, and in the end aside."""

import pytest

from queue_core.leases import Claimed
from queue_core.worker import admission, reluctance
from queue_core.worker.admission import Admission
from tests.builders import payload_text


@pytest.fixture
def clock(monkeypatch):
    """Moves by hand: clock["now"] = seconds."""
    moment = {"now": 1000.0}
    for module in (admission, reluctance):
        monkeypatch.setattr(module, "monotonic", lambda: moment["now"])
    return moment


class Steps:
    """A session that only notes what it is told."""

    def __init__(self):
        self.verbs = []

    def start(self, claimed):
        self.verbs.append("start")

    def flush(self):
        self.verbs.append("flush")

    def defer(self, claimed, due_at):
        self.verbs.append("defer")

    def give_up(self, claimed, execution):
        self.verbs.append("give_up")


@pytest.fixture
def session():
    return Steps()


@pytest.fixture
def gate(engine, session):
    return Admission(engine, session, engine.log)


def claimed(func="other.app:work", **fields):
    return Claimed("orders", "a", 1.0, payload_text("a", func=func, **fields).encode(), 0)


def test_a_task_of_another_worker_goes_back_until_the_patience_is_over(gate, session, clock, engine):
    assert gate.read(claimed()) is None
    clock["now"] += engine.settings.name_patience_seconds
    gate.read(claimed())
    clock["now"] += 1
    gate.read(claimed())
    assert session.verbs == ["defer", "defer", "give_up"]


def test_a_recurring_task_that_comes_again_under_its_id_is_given_new_patience(gate, session, clock, engine):
    gate.read(claimed(time_last_queued=1.0))
    clock["now"] += engine.settings.name_patience_seconds + 1
    gate.read(claimed(time_last_queued=2.0))
    assert session.verbs == ["defer", "defer"]


def test_a_queue_with_nothing_but_foreign_tasks_is_left_alone_for_a_while(gate, clock):
    for number in range(reluctance.REFUSALS_IN_A_ROW):
        assert gate.serves("orders")
        gate.read(claimed(number=number))
    assert not gate.serves("orders") and gate.refused_queues == ["orders"] and gate.serves("mail")
    clock["now"] += 61
    assert gate.serves("orders")
    gate.read(claimed())
    assert not gate.serves("orders")


def test_others_may_look_first_when_a_task_that_was_refused_comes_again(gate, clock):
    gate.read(claimed())
    assert gate.serves("orders")
    clock["now"] += 1
    assert not gate.serves("orders") and gate.serves("mail") and gate.refused_queues == []
    clock["now"] += 1.5
    assert gate.serves("orders")


def test_many_refusals_do_not_close_a_queue_with_other_work(gate, clock, engine):
    """At least as long as it left the queue to others, the worker serves it again."""
    engine.allow_list.modules.add("tests.interop")
    served = []
    for number in range(100):
        served.append(gate.serves("orders"))
        if served[-1]:
            gate.read(claimed(number=number))
            gate.read(claimed(func="tests.interop.errands:note"))
        clock["now"] += 0.25
    assert 35 <= sum(served) <= 65 and gate.refused_queues == []


def test_a_payload_that_could_take_the_worker_down_is_counted_before_it_is_read(engine, session, monkeypatch):
    engine.allow_list.allow_any = True
    gate = Admission(engine, session, engine.log)
    small, large = claimed(), claimed(args=["x" * engine.settings.max_payload_bytes])
    assert gate.read(small).payload.func == "other.app:work" and session.verbs == []
    monkeypatch.setattr(admission.Payload, "decode", lambda *_: pytest.fail(f"read after {session.verbs}"))
    with pytest.raises(pytest.fail.Exception, match="after \\['start', 'flush'\\]"):
        gate.read(large)
