"""Which functions recur here."""

from queue_core import Engine, periodic
from queue_core.queue_filter import QueueFilter
from queue_core.worker import recurring
from tests.queue_core.worker.functions import every_hour
from tests.queue_core.worker.seeds import MODULE


def test_functions_of_allowed_modules_are_found_whichever_engine_decorated_them(redis_url):
    engine = Engine(redis_url, allow_modules=[MODULE])
    assert recurring.functions(engine, QueueFilter()) == {f"{MODULE}:every_hour": every_hour}


def test_functions_of_other_modules_are_not(redis_url):
    assert recurring.functions(Engine(redis_url, allow_modules=["os"]), QueueFilter()) == {}


def test_a_worker_that_may_run_anything_starts_what_its_own_modules_say(redis_url):
    assert recurring.functions(Engine(redis_url, allow_any=True), QueueFilter()) == {}
    engine = Engine(redis_url, allow_modules=[MODULE], allow_any=True)
    assert recurring.functions(engine, QueueFilter()) == {f"{MODULE}:every_hour": every_hour}


def test_functions_of_queues_that_are_not_served_are_left_out(redis_url):
    engine = Engine(redis_url, allow_modules=[MODULE])
    assert recurring.functions(engine, QueueFilter.of(["orders"])) == {}


def test_functions_of_the_engine_itself_are_found(redis_url):
    engine = Engine(redis_url)
    engine.task(_nightly, schedule=periodic(days=1))
    assert recurring.functions(engine, QueueFilter()) == {f"{__name__}:_nightly": _nightly}


def _nightly():
    pass
