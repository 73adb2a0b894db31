import importlib
import sys

import pytest

from queue_core.compat.stand_in import StandIn
from queue_core.errors import InvalidRequest


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """`theirs` is to mean `ours`: a package with a part, and a part that cannot be imported."""
    package = tmp_path / "ours_for_test"
    package.mkdir()
    (package / "__init__.py").write_text("value = object()\n")
    (package / "part.py").write_text("class Thing: pass\n")
    (package / "broken.py").write_text("raise ImportError('this needs another package')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    stand_in = StandIn("theirs_for_test", "ours_for_test")
    yield stand_in
    stand_in.uninstall()
    for name in [name for name in sys.modules if name.startswith("ours_for_test")]:
        del sys.modules[name]


def of(name):
    return importlib.import_module(name)


def test_a_module_is_the_same_object_under_both_names(stand_in):
    stand_in.install()
    assert of("theirs_for_test") is of("ours_for_test")
    assert of("theirs_for_test.part") is of("ours_for_test.part")
    assert of("theirs_for_test.part").Thing.__module__ == "ours_for_test.part"


def test_a_module_keeps_its_own_name(stand_in):
    stand_in.install(["part"])
    assert of("theirs_for_test.part").__spec__.name == of("theirs_for_test.part").__name__ == "ours_for_test.part"
    assert importlib.reload(of("ours_for_test.part")) is of("theirs_for_test.part")


def test_a_part_is_an_attribute_of_the_package(stand_in):
    stand_in.install(["part"])
    assert sys.modules["theirs_for_test"].part is sys.modules["theirs_for_test.part"]


def test_only_the_named_parts_are_imported_at_once(stand_in):
    stand_in.install(["part"])
    assert "theirs_for_test.part" in sys.modules and "theirs_for_test.broken" not in sys.modules
    with pytest.raises(ImportError, match="needs another package"):
        of("theirs_for_test.broken")


def test_a_part_that_we_do_not_have_is_not_found(stand_in):
    stand_in.install()
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'theirs_for_test\.nothing'"):
        of("theirs_for_test.nothing")


def test_it_may_be_installed_twice_and_taken_back(stand_in):
    stand_in.install(["part"])
    stand_in.install(["part"])
    assert sys.meta_path.count(stand_in) == 1
    stand_in.uninstall()
    stand_in.uninstall()
    with pytest.raises(ModuleNotFoundError):
        of("theirs_for_test")


def test_a_package_of_that_name_that_is_there_already_is_not_pushed_aside(stand_in, tmp_path):
    (tmp_path / "theirs_for_test.py").write_text("")
    real = of("theirs_for_test")
    with pytest.raises(InvalidRequest, match=r"imported already, from .*theirs_for_test\.py"):
        stand_in.install()
    assert of("theirs_for_test") is real and stand_in not in sys.meta_path
    del sys.modules["theirs_for_test"]


def test_names_that_only_begin_alike_are_left_alone(stand_in, tmp_path):
    (tmp_path / "theirs_for_test_too.py").write_text("")
    stand_in.install()
    assert of("theirs_for_test_too").__name__ == "theirs_for_test_too"
    del sys.modules["theirs_for_test_too"]
