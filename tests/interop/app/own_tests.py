# ruff: noqa: PT027 - the shop tests with unittest
"""The shop's own tests, as it has them with TaskTiger."""

import datetime
import time
import unittest
from unittest import mock

import tasktiger
from tasktiger import Task, Worker
from tasktiger._internal import ACTIVE, QUEUED, SCHEDULED
from tasktiger.test_helpers import TaskTigerTestMixin

from tests.interop.app import orders, recurring
from tests.interop.app.instance import tiger


class Case(TaskTigerTestMixin, unittest.TestCase):
    def setUp(self):
        tiger.connection.flushdb()
        tiger.config["ALWAYS_EAGER"] = False
        patched = mock.patch.dict(tiger.config, SELECT_TIMEOUT=0)
        patched.start()
        self.addCleanup(patched.stop)

    def assert_queues(self, **states):
        """Exactly these queues, with so many tasks, are known in each state."""
        for state in (QUEUED, ACTIVE, SCHEDULED, "error"):
            wanted = states.get(state, {})
            assert tiger.connection.smembers(tiger._key(state)) == set(wanted), state
            for queue, number in wanted.items():
                assert tiger.connection.zcard(tiger._key(state, queue)) == number


class Workers(Case):
    def test_the_mixin_runs_what_is_queued(self):
        orders.receive.delay(1)
        self.assert_queues(queued={"default": 1})
        self.run_worker(tiger)
        self.assert_queues(scheduled={"nightly": 1, "weekly": 1})

    def test_the_mixin_tells_of_errors(self):
        orders.inspect.delay("broken")
        with self.assertRaises(Exception):  # noqa: B017 - of no class of its own
            self.run_worker(tiger)

    def test_the_mixin_keeps_quiet_when_asked(self):
        orders.inspect.delay("broken")
        self.run_worker(tiger, raise_on_errors=False)
        self.assert_queues(error={"noted": 1}, scheduled={"nightly": 1, "weekly": 1})

    def test_the_mixin_takes_options_of_a_worker(self):
        orders.pack.delay(1)
        orders.receive.delay(1)
        self.run_worker(tiger, queues=["orders"])
        self.assert_queues(queued={"default": 1})

    def test_a_limit_may_be_set_afterwards(self):
        worker = Worker(tiger, queues=["default"])
        worker.max_workers_per_queue = 1
        orders.receive.delay(1)
        worker.run(once=True)
        self.assert_queues()


class Eager(Case):
    def setUp(self):
        super().setUp()
        tiger.config["ALWAYS_EAGER"] = True
        self.addCleanup(tiger.config.__setitem__, "ALWAYS_EAGER", False)

    def test_a_task_runs_at_once(self):
        assert Task(tiger, orders.receive, args=[21]).delay() == 42
        self.assert_queues()

    def test_the_runner_has_its_say(self):
        with mock.patch.object(orders, "journal"):
            assert Task(tiger, orders.receive, args=[1], runner_class=orders.Noted).delay() == ["eager", 2]

    def test_an_exception_comes_through(self):
        with self.assertRaises(orders.Gone):
            orders.reserve.delay("cat", "gone")

    def test_later_is_later(self):
        tiger.delay(orders.receive, args=[1], when=datetime.timedelta(hours=1))
        self.assert_queues(scheduled={"default": 1})


class Frozen(Case):
    def test_a_task_is_due_when_its_time_has_come(self):
        noon = datetime.datetime(2031, 2, 3, 12, tzinfo=datetime.UTC)
        with mock.patch.object(time, "time", return_value=noon.timestamp() - 3600):
            tiger.delay(orders.receive, args=[1], when=noon)
            Worker(tiger, queues=["default"]).run(once=True)
        self.assert_queues(scheduled={"default": 1})
        with mock.patch.object(time, "time", return_value=noon.timestamp() + 1):
            deadline = time.monotonic() + 10
            while tiger.get_total_queue_size("default") and time.monotonic() < deadline:
                Worker(tiger, queues=["default"]).run(once=True)
        self.assert_queues()


class Private(Case):
    def test_keys_are_made_of_parts(self):
        assert tiger._key("queued", "default") == "t:queued:default"
        assert tiger._key("task", "7", "executions") == "t:task:7:executions"

    def test_a_task_is_moved_by_hand(self):
        task = orders.receive.delay(1)
        task._move(from_state=QUEUED, to_state=SCHEDULED, when=time.time() + 60)
        self.assert_queues(scheduled={"default": 1})
        task._move(from_state=SCHEDULED, to_state="error", when=time.time())
        self.assert_queues(error={"default": 1})
        task._move(from_state="error")
        self.assert_queues()

    def test_a_move_from_elsewhere_is_refused(self):
        task = orders.receive.delay(1)
        with self.assertRaises(tasktiger.TaskNotFound):
            task._move(from_state=ACTIVE, to_state=QUEUED)

    def test_the_data_of_a_task_are_at_hand(self):
        task = orders.receive.delay(1)
        assert task._data["func"] == "tests.interop.app.orders:receive"
        assert task.data == task._data

    def test_ids_of_periodic_tasks_are_computed(self):
        from tasktiger._internal import gen_unique_id, serialize_func_name

        self.run_worker(tiger, queues=["nightly"])
        name = serialize_func_name(recurring.close_the_books)
        assert name == "tests.interop.app.recurring:close_the_books"
        assert tiger.connection.zrange("t:scheduled:nightly", 0, -1) == [gen_unique_id(name, [], {})]

    def test_names_of_classes(self):
        from tasktiger._internal import serialize_func_name

        assert serialize_func_name(orders.Noted) == "tests.interop.app.orders:Noted"
        assert serialize_func_name(tasktiger.JobTimeoutException) == "tasktiger.exceptions:JobTimeoutException"
        assert serialize_func_name(ValueError) == "builtins:ValueError"

    def test_the_log_is_made_quiet(self):
        import logging

        tiger.log.setLevel(logging.CRITICAL)
        self.addCleanup(tiger.log.setLevel, logging.DEBUG)
        orders.inspect.delay("broken")
        self.run_worker(tiger, raise_on_errors=False, queues=["noted"])
        self.assert_queues(error={"noted": 1})

    def test_exceptions_are_known_by_name(self):
        orders.ask_again.delay("loud", True)
        for _ in range(5):
            self.run_worker(tiger, raise_on_errors=False, queues=["stock"])
            time.sleep(0.06)
        _, (task,) = Task.tasks_from_queue(tiger, "stock", "error", load_executions=9)
        assert {one["exception_name"] for one in task.executions} == {"tasktiger.exceptions:RetryException"}

    def test_no_other_keys_than_the_tasks(self):
        task = orders.receive.delay(1)
        assert set(tiger.connection.keys("t:*")) == {"t:queued", "t:queued:default", f"t:task:{task.id}"}


if __name__ == "__main__":
    unittest.main()
