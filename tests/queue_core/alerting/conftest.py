import contextlib

import pytest

from queue_core import Engine, Settings, alerting
from queue_core.alert_conditions import Facts
from queue_core.alerting import Alerting, sending
from queue_core.duties import Duties
from tests.receiver import Receiver
from tests.waiting import wait_until

PATIENCE_SECONDS = 60.0
"""A machine may be busy, and each event is sent by a process of its own."""


@pytest.fixture(autouse=True)
def _receivers_may_take_their_time(monkeypatch):
    """On a busy machine an answer that came too late would be asked for again; tests of that say how late is late."""
    monkeypatch.setattr(sending, "SILENT_SECONDS", 60.0)
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 60)


@pytest.fixture
def receivers():
    """Makes receivers with these answers."""
    with contextlib.ExitStack() as stack:

        def made(*answers):
            return stack.enter_context(contextlib.closing(Receiver(*answers)))

        yield made


@pytest.fixture
def receiver(receivers):
    """One that takes everything."""
    return receivers()


class Teller:
    """A process with the duty: what it looks at, notes and sends happens when the test says so."""

    def __init__(self, url, *receivers, **settings):
        urls = tuple(one if isinstance(one, str) else one.url for one in receivers)
        self.engine = Engine(url, Settings(alert_webhooks=urls, **settings))
        self.alerting = Alerting(self.engine)

    def step(self):
        """Everything once, to its end."""
        list(self.alerting.tell())

    def look(self):
        """Counts, reads errors, looks and notes; sends what waits."""
        self.engine.snapshot.take()
        # each by one who has told nothing yet, so that it tells at once
        list(Duties(self.engine).index_errors())
        list(Duties(self.engine).check_error_groups())
        list(Duties(self.engine).index_errors())
        self.step()

    def until(self, condition, why=""):
        """Goes on until it holds; gives what it gives."""

        def met():
            self.step()
            return condition()

        return wait_until(met, PATIENCE_SECONDS, why)

    @property
    def open(self) -> dict:
        """{kind: sight} of the open alerts."""
        return {one.sight.kind: one.sight for one in self.engine.alerts.open()}

    def close(self):
        self.alerting.leave()
        self.engine.close()


@pytest.fixture
def teller(redis_url, monkeypatch):
    """Makes tellers, who look whenever they are asked."""
    monkeypatch.setattr(alerting, "LOOK_EVERY_SECONDS", 0.0)
    with contextlib.ExitStack() as stack:

        def made(*receivers, **settings):
            return stack.enter_context(contextlib.closing(Teller(redis_url, *receivers, **settings)))

        yield made


@pytest.fixture
def nothing():
    """Facts of which none is known."""
    return Facts(now=1000.0)
