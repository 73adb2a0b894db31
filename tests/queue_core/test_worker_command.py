from datetime import timedelta

import pytest

from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor
from queue_core.worker_command import address, command_for

NO_ADDRESS = {"host": None, "port": None, "password": None, "db": None}
NOTHING_SAID = {
    "queues": None,
    "module": None,
    "exclude_queues": None,
    "max_workers_per_queue": None,
    "store_tracebacks": None,
    "executor_class": ForkExecutor,
    "exit_after": None,
}


class Heard:
    """An engine that writes down what it is told to run."""

    def __init__(self):
        self.address = self.options = None

    def run_worker(self, **options):
        self.options = options


@pytest.fixture
def run():
    """What an engine hears of a command line, and the exit status."""

    def run(*arguments):
        heard = Heard()

        def engine_at(**address):
            heard.address = address
            return heard

        with pytest.raises(SystemExit) as left:
            command_for(engine_at)(list(arguments))
        return heard, left.value.code

    return run


def test_a_worker_of_no_options_has_the_defaults(run):
    heard, status = run()
    assert (heard.address, heard.options, status) == (NO_ADDRESS, NOTHING_SAID, 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-q", "a, b,,c"], {"queues": "a, b,,c"}),
        (["--exclude-queues", ""], {"exclude_queues": ""}),
        (["-m", "app.tasks, app.more"], {"module": "app.tasks, app.more"}),
        (["-M", "3"], {"max_workers_per_queue": 3}),
        (["--max-workers-per-queue", "0"], {"max_workers_per_queue": 0}),
        (["--store-tracebacks"], {"store_tracebacks": True}),
        (["--no-store-tracebacks"], {"store_tracebacks": False}),
        (["--executor", "sync"], {"executor_class": SyncExecutor}),
        (["--executor", "fork"], {"executor_class": ForkExecutor}),
        (["--exit-after", "2"], {"exit_after": timedelta(minutes=2)}),
        (["--exit-after", "0"], {"exit_after": None}),
    ],
)
def test_an_option_is_passed_on_as_tasktiger_does(run, arguments, expected):
    heard, status = run(*arguments)
    assert (heard.options, status) == (NOTHING_SAID | expected, 0)


def test_the_address_is_given_in_parts(run):
    heard, _ = run("-h", "redis.example", "-p", "7000", "-a", "secret", "-n", "2")
    assert heard.address == {"host": "redis.example", "port": "7000", "password": "secret", "db": "2"}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--executor", "threads"], 1),
        (["--exit-after", "soon"], 2),
        (["-M", "many"], 2),
        (["extra"], 2),
        (["--nonsense"], 2),
    ],
)
def test_a_wrong_call_runs_nothing(run, arguments, status):
    heard, left_with = run(*arguments)
    assert (heard.options, left_with) == (None, status)


def test_an_error_of_the_worker_is_passed_on():
    def engine_at(**_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command_for(engine_at)([])


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({}, None),
        ({"host": "redis.example"}, "redis://redis.example:6379/0"),
        ({"port": "7000", "db": "3"}, "redis://localhost:7000/3"),
        ({"password": "a/b@c:d"}, "redis://:a%2Fb%40c%3Ad@localhost:6379/0"),
    ],
)
def test_the_parts_of_an_address_make_a_url(parts, url):
    assert address(**parts) == url
