"""The shop, an unchanged application of TaskTiger, on both engines: tests/interop/app."""

import functools
import re
import signal

import pytest

from tests.interop.both import day
from tests.interop.both.compare import differences_of_logs
from tests.interop.both.departures import ENDS, LINES_OF_ONE, without_our_own
from tests.interop.both.engines import ENGINES

pytestmark = pytest.mark.timeout(180)
EXECUTORS = ("fork", "sync")


@pytest.fixture(scope="session")
def days(sides, tmp_path_factory):
    """days(engine, executor): that day in the shop, spent once."""

    @functools.cache
    def spent(engine, executor):
        return day.spend(sides[engine], tmp_path_factory.mktemp(executor), "--executor", executor)

    return spent


@pytest.mark.parametrize("engine", ENGINES)
def test_the_shop_s_own_tests_pass(sides, engine, tmp_path):
    done = sides[engine].run("tests.interop.app.own_tests", SCENE_JOURNAL=str(tmp_path / "journal"))
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Ran 19 tests", done.stderr, re.M)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_day_in_the_shop(days, engine, executor):
    journal = days(engine, executor).journal
    assert [line for line in journal if not line.startswith(("opened", "closed"))] == A_DAY


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("part", ["journal", "left", "log"])
def test_a_day_is_the_same_on_both(days, part, executor):
    theirs, ours = (getattr(days(engine, executor), part) for engine in ENGINES)
    if part == "log":
        assert set(differences_of_logs(theirs, without_our_own(ours))) <= LINES_OF_ONE
    else:
        assert ours == theirs


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stopped_worker_ends_as_a_supervisor_expects(days, engine):
    *before, status = days(engine, "fork").statuses
    # on a busy machine a worker of TaskTiger may lose a lease, and ends of that (D4)
    assert engine == "tasktiger" or not before
    assert status in ENDS["stopped while idle"][engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_worker_in_one_process_leaves_after_each_time_limit(days, engine):
    *left, last = days(engine, "sync").statuses
    assert left == [1, 1]
    assert last in ENDS["stopped while idle"][engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_launch_script_tells_what_it_does_not_know(sides, engine, tmp_path):
    launch, journal = "tests.interop.app.launch", str(tmp_path / "journal")
    helped = sides[engine].run(launch, "tasktiger", "--help", SCENE_JOURNAL=journal)
    assert helped.returncode == 0
    assert "--exclude-queues" in helped.stdout
    assert sides[engine].run(launch, "tasktiger", "--no-such-option", SCENE_JOURNAL=journal).returncode == 2
    assert sides[engine].run(launch, "something else", SCENE_JOURNAL=journal).returncode == 1


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_worker_asked_to_stop_ends_its_task_first(sides, engine, tmp_path, signal_number):
    assert day.stopped_in_a_task(sides[engine], tmp_path, signal_number) == (["begin", "end"], 0, {"default": 1})


A_DAY = """
ask again loud
ask again loud
ask again quiet
ask again quiet
book a
book a
book b
count beads
count beads
count beads
drag on
drag on
index [0, 1, 2] 3 True
index slowly [0, 1]
index slowly [2]
inspect broken True False
inspect well True False
labelled 7 blue
noted batch 3
noted begin inspect 9
noted begin inspect 9
noted end
noted for good inspect builtins:ValueError
packed 1
packed 2
patience 1
patience 2
received 1
received 1
received 2
received 2
received soon
reserve cat
reserve cat
reserve cat
reserve hat
reserve hat
reserve hat
reserve vase
transfer a 3
transfer a 3
transfer b 3
wait for rain
wait for rain
""".strip().splitlines()
