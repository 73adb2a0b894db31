"""The import rules of docs/architecture.md, read from the source."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS = {
    1: """acts alert alert_conditions alert_delivery alert_message alert_words audit_chain background_search clock
          common_arguments config crash_points cron draft error_group errors execution fingerprint flow histogram
          hold keys masking moments names outcome parent_death payload query query_syntax query_terms queue_filter
          retry schedule series states strictness tally task_line tasktiger_config text tiers""",
    2: """bookmark connection disposal embedded scripts server_binary store stream task_facts walk""",
    3: """alerts answers audit audit_file background browse checkups condition control enqueue error_groups error_index
          holds leases locks lookup operations orphans people periodic recent retention saved_views search siding
          snapshot stats task_files timetable transfers trash twins workers""",
    4: """alerting duties process sweeper worker""",
    5: """__init__ cli commands compat doctor engine task tasktiger_names worker_command""",
}
"""Where each module or package of queue_core stands.  A new one has to be placed here first."""

DEMO = {"samples.bulk", "samples.demo", "samples.drafts", "samples.failures", "samples.history"}
"""Writes a believable past through the store, and says so; the rest of the samples is a plain application."""

ROOMS = 3
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}
OPEN_TO_THE_CONSOLE = {"__init__", "errors", "states"}


@dataclass(frozen=True)
class Module:
    """One source file and the names of the modules that it imports, inside functions too."""

    name: str
    imports: frozenset

    @property
    def part(self) -> str:
        """The module or package of its top package that it belongs to: `worker` for queue_core.worker.loop."""
        return part_of(self.name)


def part_of(name: str) -> str:
    return [*name.split("."), "__init__"][1]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def module_behind(module: str, name: str) -> str:
    """What `from module import name` reads: a module inside, or the module itself."""
    inner = f"{module}.{name}"
    return inner if is_module(inner) and name not in defined_at_the_door(module) else module


@cache
def defined_at_the_door(package: str) -> frozenset:
    """The names that a package takes from its modules; one may be called as another module is."""
    path = ROOT.joinpath(*package.split("."), "__init__.py")
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.is_file() else ()
    taken = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module != package]
    return frozenset(alias.name for node in taken for alias in node.names)


def imported_names(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.relative_to(ROOT)} imports relatively: absolute imports only"
            yield from (module_behind(node.module, alias.name) for alias in node.names)


def modules_of(package: str) -> list[Module]:
    files = sorted((ROOT / package).rglob("*.py"))
    return [Module(module_name(path), frozenset(imported_names(path))) for path in files]


def imported_from(module: Module, package: str) -> set[str]:
    return {name for name in module.imports if name.split(".")[0] == package}


ENGINE = modules_of("queue_core")
CONSOLE = modules_of("console")
by_name = pytest.mark.parametrize


def named(modules):
    return {"argvalues": modules, "ids": [module.name for module in modules]}


@by_name("module", **named(ENGINE))
def test_every_module_of_the_engine_has_its_layer(module):
    assert module.part in LAYER_OF, f"place {module.part} in LAYERS"


def test_the_table_of_layers_names_no_module_that_is_gone():
    assert set(LAYER_OF) == {module.part for module in ENGINE}


@by_name("module", **named(ENGINE))
def test_the_engine_imports_downward_only(module):
    layer = LAYER_OF[module.part]
    upward = {name for name in imported_from(module, "queue_core") if LAYER_OF[part_of(name)] > layer}
    assert not upward


@by_name("module", **named([module for module in ENGINE if LAYER_OF.get(module.part) == ROOMS]))
def test_rooms_do_not_import_each_other(module):
    others = {part_of(name) for name in imported_from(module, "queue_core")} - {module.part}
    assert not {name for name in others if LAYER_OF[name] == ROOMS}


def test_parts_of_the_engine_do_not_import_each_other_in_a_circle():
    uses = {}
    for module in ENGINE:
        if module.part != "__init__":
            used = {part_of(name) for name in imported_from(module, "queue_core")}
            uses.setdefault(module.part, set()).update(used - {module.part, "__init__"})
    while uses:
        free = [part for part, used in uses.items() if not used & uses.keys()]
        assert free, f"a circle among {sorted(uses)}"
        for part in free:
            del uses[part]


@by_name("module", **named(ENGINE + CONSOLE))
def test_only_the_store_imports_redis(module):
    is_store = module.name.startswith("queue_core") and LAYER_OF.get(module.part) == 2
    assert is_store or not imported_from(module, "redis")


READS_TASKS = re.compile(r"\b(browse\.(page|newest_errors|rows|task)|search\.scan)\(")


@by_name("module", **named(CONSOLE))
def test_the_console_reads_tasks_through_the_door_that_hides_secrets(module):
    source = ROOT.joinpath(*module.name.split(".")).with_suffix(".py")
    allowed = module.name in ("console.reading", "console.smoke") or not source.is_file()
    assert allowed or not READS_TASKS.search(source.read_text(encoding="utf-8"))


@by_name("module", **named(ENGINE))
def test_the_engine_knows_no_console_and_no_web(module):
    foreign = {name.split(".")[0] for name in module.imports}
    assert not foreign & {"console", "flask", "werkzeug", "jinja2", "tests"}
    # the command offers `demo` where the samples are
    assert "samples" not in foreign or module.name == "queue_core.cli"


@by_name("module", **named(CONSOLE))
def test_the_console_knows_only_the_door_of_the_engine(module):
    assert {part_of(name) for name in imported_from(module, "queue_core")} <= OPEN_TO_THE_CONSOLE


@by_name("module", **named([module for module in CONSOLE if module.part == "views"]))
def test_views_do_not_import_views(module):
    assert not {name for name in module.imports if name.startswith("console.views.")}


@by_name("module", **named(modules_of("samples")))
def test_the_sample_application_uses_the_engine_as_any_other_would(module):
    used = {part_of(name) for name in imported_from(module, "queue_core")}
    assert used <= OPEN_TO_THE_CONSOLE or module.name in DEMO
    assert not imported_from(module, "console")


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMMENTS = re.compile(r"\{#.*?#\}", re.DOTALL)
FORBIDDEN = {
    "a script inside": r"<script\b(?![^>]*\bsrc=)",
    "a style sheet inside": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "a handler attribute": r"\son[a-z]+\s*=",
    "a script address": r"javascript:",
    "markup taken as safe": r"\|\s*safe\b|Markup\(",
    "something from another host": r"(src|href)\s*=\s*[\"']?(https?:)?//",
}


@by_name("path", TEMPLATES, ids=[str(path.relative_to(ROOT)) for path in TEMPLATES])
def test_templates_obey_the_content_policy(path):
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    assert not [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]
