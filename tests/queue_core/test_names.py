import functools
import sys

import pytest

from queue_core import errors, names
from queue_core.errors import InvalidTask, NameNotAllowed, TaskImportError
from queue_core.names import AllowList, canonical, lineage, split, wire_name

HERE = __name__


class Holder:
    @staticmethod
    def work():
        pass

    class Inner:
        def work(self):
            pass


def work():
    pass


def test_a_function_is_named_by_module_and_qualified_name():
    assert wire_name(work) == f"{HERE}:work"
    assert wire_name(Holder.work) == f"{HERE}:Holder.work"
    assert wire_name(ValueError) == "builtins:ValueError"


@pytest.mark.parametrize("name", ["JobTimeoutException", "RetryException", "StopRetry", "QueueFullException"])
def test_our_exceptions_go_by_the_names_of_the_wire(name):
    cls = getattr(errors, name)
    assert wire_name(cls) == f"tasktiger.exceptions:{name}"
    assert AllowList().resolve(f"tasktiger.exceptions:{name}") is cls


def test_an_older_name_of_the_timeout_is_understood():
    assert AllowList().resolve("tasktiger.timeouts:JobTimeoutException") is errors.JobTimeoutException
    assert canonical("tasktiger.timeouts:JobTimeoutException") == "tasktiger.exceptions:JobTimeoutException"


@pytest.mark.parametrize("thing", [5, "text", object()])
def test_what_has_no_name_is_refused(thing):
    with pytest.raises(InvalidTask):
        wire_name(thing)


def test_a_function_of_the_main_module_is_refused(monkeypatch):
    monkeypatch.setattr(work, "__module__", "__main__")
    with pytest.raises(InvalidTask, match="__main__"):
        wire_name(work)


def test_the_lineage_of_an_exception_names_all_its_bases():
    assert lineage(errors.JobTimeoutException) == (
        "tasktiger.exceptions:JobTimeoutException", "builtins:BaseException", "builtins:object",
    )  # fmt: skip
    assert lineage(KeyError)[:2] == ("builtins:KeyError", "builtins:LookupError")


def test_a_very_old_name_has_a_dot_instead_of_the_colon():
    assert split("app.tasks.work") == ("app.tasks", "work")
    assert canonical("app.tasks.work") == "app.tasks:work"


@pytest.mark.parametrize("name", ["", "work", ":work", "app:", ".work"])
def test_what_names_nothing_is_refused(name):
    with pytest.raises(TaskImportError):
        split(name)
    assert canonical(name) == name
    assert not AllowList([HERE]).permits(name)


def test_functions_of_allowed_modules_are_found():
    allowed = AllowList([HERE])
    assert allowed.resolve(f"{HERE}:work") is work
    assert allowed.resolve(f"{HERE}:Holder.work") is Holder.work
    assert allowed.resolve(f"{HERE}.work") is work


@pytest.mark.parametrize("module", ["app.__main__", "app.__main__.tasks", "app.tasks.__main__"])
def test_a_program_is_not_imported_nor_what_pretends_to_lie_below_it(module):
    assert not AllowList(["app"]).permits(f"{module}:work")
    assert not AllowList(["app"]).permits(f"{module}.work")


def test_a_module_below_an_allowed_one_is_allowed_and_one_beside_it_is_not():
    allowed = AllowList(["app"])
    assert allowed.permits("app.tasks:work")
    assert not allowed.permits("apple:work") and not allowed.permits("appl:work")


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "subprocess:Popen", "queue_core.people:People"])
def test_a_name_outside_is_not_imported(name):
    allowed = AllowList([HERE])
    assert not allowed.permits(name)
    with pytest.raises(NameNotAllowed):
        allowed.resolve(name)


def test_asking_for_a_foreign_module_does_not_import_it():
    module = "antigravity"
    sys.modules.pop(module, None)
    assert not AllowList([HERE]).permits(f"{module}:fly")
    assert module not in sys.modules


@pytest.mark.parametrize("path", ["sys.exit", "pytest.fail", "names.importlib.import_module", "sys", "wire_name"])
def test_a_way_out_through_an_allowed_module_is_closed(path):
    with pytest.raises(NameNotAllowed, match="borrowed"):
        AllowList([HERE]).resolve(f"{HERE}:{path}")


def test_a_registered_function_is_found_without_its_module():
    allowed = AllowList()
    assert not allowed
    allowed.register(work)
    assert allowed and allowed.resolve(f"{HERE}:work") is work
    assert not allowed.permits(f"{HERE}:Holder.work")


def _louder(function):
    @functools.wraps(function)
    def wrapper():
        return f"{function()}!"

    return wrapper


def _registered(function):
    OWN.register(function)
    return function


OWN = AllowList()


class Speaker:
    @classmethod
    @_registered
    def name(cls):
        return cls.__name__


@_louder
@_registered
def speak():
    return "hello"


def test_a_registered_function_keeps_what_its_module_puts_around_it():
    assert OWN.resolve(f"{HERE}:speak")() == "hello!"


def test_a_registered_method_of_a_class_knows_its_class():
    assert OWN.resolve(f"{HERE}:Speaker.name")() == "Speaker"


def test_a_registered_function_is_found_when_its_name_has_gone_to_something_else(monkeypatch):
    monkeypatch.setattr(sys.modules[HERE], "speak", "nothing to call")
    assert OWN.resolve(f"{HERE}:speak")() == "hello"


def test_a_function_inside_another_cannot_be_registered():
    def inner():
        pass

    allowed = AllowList()
    allowed.register(inner)
    assert not allowed.permits(f"{HERE}:{inner.__qualname__}")


def test_anything_can_be_allowed_explicitly():
    import os.path

    assert AllowList(allow_any=True).resolve("posixpath:join") is os.path.join


@pytest.mark.parametrize("name", [f"{HERE}:missing", f"{HERE}:work.missing", f"{HERE}.sub:work"])
def test_an_allowed_name_that_is_not_there_cannot_be_imported(name):
    with pytest.raises(TaskImportError):
        AllowList([HERE]).resolve(name)


class Touchy:
    def __init__(self, fault):
        self._fault = fault

    def __getattr__(self, name):
        raise self._fault


@pytest.mark.parametrize("fault", [RuntimeError("outside of a request"), SystemExit(1), errors.RetryException()])
@pytest.mark.parametrize("allow_any", [True, False])
def test_a_name_whose_attributes_raise_what_they_like_cannot_be_imported(monkeypatch, fault, allow_any):
    monkeypatch.setattr(sys.modules[HERE], "touchy", Touchy(fault), raising=False)
    with pytest.raises(TaskImportError, match="'work' raised"):
        AllowList([HERE], allow_any).resolve(f"{HERE}:touchy.work")


def test_a_module_that_breaks_at_import_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken_tasks.py").write_text("raise KeyError('settings')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TaskImportError, match="KeyError: 'settings'"):
        AllowList(["broken_tasks"]).resolve("broken_tasks:work")


def test_an_alias_is_registered_in_both_directions(monkeypatch):
    monkeypatch.setattr(names, "ALIASES", dict(names.ALIASES))
    monkeypatch.setattr(names, "_CANONICAL", dict(names._CANONICAL))
    names.register_alias("old.place:work", work)
    assert wire_name(work) == "old.place:work"
    assert AllowList().resolve("old.place:work") is work
