"""Everything that applications of TaskTiger use is there, and is called as there."""

import inspect
import json
import subprocess

import pytest

from queue_core.compat import tasktiger
from tests.interop.tiger import PYTHON, ROOT, environment
from tests.queue_core.compat import surface

CALLABLES = {
    f"{module}:{name}": signature
    for module, callables in surface.SUBJECTS.items()
    for name, signature in callables.items()
}
NAMES = [f"{module}:{name}" for module, names in surface.NAMES.items() for name in names.split()]
PROPERTIES = [f"{cls}.{name}" for cls, names in surface.ATTRIBUTES.items() for name in names.split()]

pytestmark = pytest.mark.usefixtures("installed")


@pytest.mark.parametrize("name", CALLABLES)
def test_it_is_called_as_in_tasktiger(name):
    """What we take beyond it need not be given."""
    ours = surface.parameters(surface.found(name))
    theirs = [part for part in CALLABLES[name].strip("()").split(", ") if part]
    assert ours[: len(theirs)] == theirs
    assert all("=" in one for one in ours[len(theirs) :])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_there(name):
    assert surface.found(name) is not None


@pytest.mark.parametrize("name", PROPERTIES)
def test_it_is_a_property(name):
    cls, _, attribute = name.rpartition(".")
    assert not callable(inspect.getattr_static(surface.found(cls), attribute))


@pytest.mark.parametrize(("name", "base"), surface.BASES.items())
def test_an_exception_is_caught_by_what_catches_it_there(name, base):
    """`except Exception` lets those pass that come straight from BaseException."""
    kind = surface.found(f"tasktiger.exceptions:{name}")
    assert issubclass(kind, Exception) == (base != "BaseException")
    assert issubclass(kind, ImportError) == (base == "ImportError")


def test_the_public_names_are_those_of_tasktiger():
    assert surface.NAMES["tasktiger"].split()[:14] == tasktiger.__all__
    assert tasktiger.__version__ == "0.26.3"


@pytest.mark.interop
def test_the_table_is_that_of_the_real_package():
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    told = subprocess.run(
        [PYTHON, "-m", "tests.queue_core.compat.surface"],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout) == CALLABLES
