"""What applications borrow from TaskTiger's inside gives what it gives there."""

import datetime
import json
import subprocess
import time

import pytest

from queue_core import exponential
from queue_core.compat.tasktiger import _internal
from queue_core.errors import TaskImportError
from tests.interop.tiger import PYTHON, ROOT, environment
from tests.queue_core.compat import borrowed

OURS = "queue_core.compat.tasktiger"


def test_every_call_gives_what_the_table_says():
    assert borrowed.answers(OURS) == [wanted for _, _, wanted in borrowed.CALLS]


@pytest.mark.interop
def test_the_table_says_what_the_real_package_gives():
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    told = subprocess.run(
        [PYTHON, "-m", "tests.queue_core.compat.borrowed"],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout) == [wanted for _, _, wanted in borrowed.CALLS]


def test_a_retry_method_is_written_under_tasktigers_name():
    assert _internal.serialize_retry_method(exponential(1, 2, 3)) == ("tasktiger.retry:_exponential", (1, 2, 3))


def test_a_time_from_now_is_counted_from_now():
    assert _internal.get_timestamp(datetime.timedelta(hours=1)) == pytest.approx(time.time() + 3600, abs=5)


def test_ids_are_new_each_time():
    assert len({_internal.gen_id() for _ in range(10)}) == 10 and len(_internal.gen_id()) == 64


@pytest.mark.parametrize("name", ["no_such_module:f", "json:nothing", "json:dumps.nothing", "nodots"])
def test_what_cannot_be_imported_is_an_import_error(name):
    with pytest.raises(TaskImportError):
        _internal.import_attribute(name)


@pytest.mark.parametrize("name", ["json:dumps", "json.dumps", "datetime:datetime.now"])
def test_what_can_be_imported_is_given(name):
    assert callable(_internal.import_attribute(name))


def test_a_function_of_main_has_no_name():
    with pytest.raises(ValueError, match="__main__"):
        _internal.serialize_func_name(type("f", (), {"__module__": "__main__"}))
