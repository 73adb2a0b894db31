import importlib

import pytest

import queue_core
from queue_core.compat import tasktiger


def test_one_class_has_both_names(installed):
    theirs = importlib.import_module("tasktiger")
    assert theirs is tasktiger
    assert theirs.TaskTiger is importlib.import_module("tasktiger.tasktiger").TaskTiger is queue_core.Engine
    assert theirs.Task is importlib.import_module("tasktiger.task").Task is queue_core.Task
    assert theirs.Worker is importlib.import_module("tasktiger.worker").Worker is queue_core.Worker
    assert importlib.import_module("tasktiger.exceptions").RetryException is queue_core.RetryException


def test_engines_are_as_lenient_as_tasktiger_while_it_is_installed(redis_url):
    tasktiger.install()
    try:
        assert not tasktiger.TaskTiger(redis_url).strict
    finally:
        tasktiger.uninstall()
    assert queue_core.Engine(redis_url).strict


PROGRAM = """
import queue_core.compat.tasktiger as compat
compat.install()
compat.install()

import sys
import tasktiger
import tasktiger.exceptions
from tasktiger import TaskTiger, RetryException, exponential
from tasktiger.redis_semaphore import Semaphore
from tasktiger._internal import gen_unique_id

same = tasktiger.exceptions.RetryException is RetryException
print(TaskTiger.__module__, same, len(sys.modules["tasktiger"].__all__))
"""


def test_a_process_imports_our_modules_under_tasktigers_names(python):
    done = python("-c", PROGRAM)
    assert (done.stdout, done.stderr) == ("queue_core.engine True 14\n", "")


@pytest.mark.parametrize("name", ["tasktiger", "tasktiger.worker"])
def test_a_tasktiger_that_has_been_imported_already_is_not_pushed_aside(python, name):
    files = {"tasktiger/__init__.py": "", "tasktiger/worker.py": ""}
    program = f"import {name}\nimport queue_core.compat.tasktiger as compat\ncompat.install()"
    done = python("-c", program, files=files)
    assert done.returncode == 1
    assert "tasktiger has been imported already, from " in done.stderr.splitlines()[-1]


def test_a_tasktiger_that_is_only_installed_is_covered(python):
    files = {"tasktiger/__init__.py": "raise SystemExit('the real one')"}
    done = python("-c", PROGRAM, files=files)
    assert (done.returncode, done.stdout) == (0, "queue_core.engine True 14\n")


@pytest.mark.parametrize(("module", "package"), [("rollbar", "signalbox[rollbar]"), ("flask_script", "Flask-Script")])
def test_a_module_that_needs_another_package_says_so(python, module, package):
    program = f"import sys\nsys.modules[{module!r}] = None\n{PROGRAM}\nimport tasktiger.{module}"
    done = python("-c", program)
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: This needs the package ")
        and package in done.stderr
    )
