"""Every example of TaskTiger's documentation, and what a migrating team meets beside it, on both engines.

Of the latter are the modules `frozen_time` and `odd_input`.

| section of TaskTiger's documentation | examples |
|---|---|
| Features | features, batches, workers, retrying, schedules, pausing, cleaning_up |
| Quick start | quick_start; test_app_command |
| Configuration | configuration, batches |
| Task decorator | task_decorator |
| Task options | task_options, retrying, runners, schedules, batches |
| Custom retrying | custom_retrying |
| Workers | workers; test_app_command |
| Inspect, requeue and delete tasks | inspecting |
| Pause queue processing | pausing |
| Rollbar error handling | test_app_rollbar |
| Cleaning Up Error'd Tasks | cleaning_up |
| Running The Test Suite | of TaskTiger's own repository |
| Releasing a New Version | of TaskTiger's own repository |
"""

import ast
import itertools
import re
from pathlib import Path

import pytest

from tests.interop.both.compare import differences, differences_of_logs
from tests.interop.both.departures import DEPARTURES, NONE, TELLS_LESS, TELLS_MORE, without_our_own
from tests.interop.both.engines import ENGINES
from tests.interop.tiger import PYTHON, ROOT

EXAMPLES = Path(__file__).parent / "examples"


def scenes_in(path: Path) -> list[str]:
    """The names of the functions that are marked as scenes."""
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if any("scene" in ast.unparse(mark) for mark in node.decorator_list)]


ALL = [
    (path.stem, scene) for path in sorted(EXAMPLES.glob("*.py")) if path.stem != "__init__" for scene in scenes_in(path)
]
each_scene = pytest.mark.parametrize(("module", "scene"), ALL, ids=[f"{module}-{scene}" for module, scene in ALL])


def told_by(side, module, scene):
    told = side.played(f"tests.interop.examples.{module}")
    assert scene in told, f"{side.name} never came to the end of {scene}: {told['']}"
    assert told[scene]["status"] == 0, told[scene]["output"]
    return told[scene]


@pytest.mark.parametrize("engine", ENGINES)
@each_scene
def test_an_example_gives_what_the_documentation_says(sides, engine, module, scene):
    told, departure = told_by(sides[engine], module, scene), DEPARTURES.get(scene, NONE)
    if engine == "compat" and departure.has_facts:
        assert told["facts"] == departure.facts
    elif told["gives"] is not None:
        assert told["facts"] == told["gives"]


@each_scene
def test_both_engines_do_the_same(sides, module, scene):
    theirs, ours = (told_by(sides[engine], module, scene) for engine in ENGINES)
    departure = DEPARTURES.get(scene, NONE)
    if departure.has_facts:
        assert theirs["facts"] != departure.facts, "this is no departure any more"
    else:
        assert ours["facts"] == theirs["facts"]
    assert differences(theirs["left"], ours["left"]) == sorted(departure.left), (theirs["left"], ours["left"])
    assert differences_of_logs(theirs["log"], without_our_own(ours["log"])) == sorted(departure.log)


@pytest.mark.parametrize("scene", scenes_in(EXAMPLES / "telling.py"))
def test_both_engines_have_the_same_kinds_of_lines(sides, scene):
    theirs, ours = (set(told_by(sides[engine], "telling", scene)["events"]) for engine in ENGINES)
    assert ours - theirs - TELLS_MORE - {"info sweeping: duty, id, pid, timestamp"} == set()
    assert theirs - ours - TELLS_LESS == set()


def test_every_departure_is_of_a_scene_and_says_why_and_what():
    for scene, departure in DEPARTURES.items():
        assert scene in {name for _, name in ALL}
        assert departure.why and (departure.has_facts or departure.left or departure.log)


def test_names_of_scenes_are_used_once():
    names = [scene for _, scene in ALL]
    assert len(names) == len(set(names))


def test_the_table_has_every_section_of_the_documentation(sides):
    (metadata,) = (PYTHON.parent.parent / "lib").glob("python*/site-packages/tasktiger-*.dist-info/METADATA")
    lines = metadata.read_text().splitlines()
    sections = {text for text, line in itertools.pairwise(lines) if re.fullmatch("---+", line) and text.strip()}
    table = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", __doc__, re.M))
    assert sections == set(table) - {"section of TaskTiger's documentation"}


def test_the_table_names_examples_that_there_are():
    named = set(
        re.findall(r"\b(?:[a-z]+_)*[a-z]+\b", " ".join(re.findall(r"^\| .+? \| ([a-z_ ,;]+) \|$", __doc__, re.M)))
    )
    there = {path.stem for path in EXAMPLES.glob("*.py")} | {
        path.stem for path in (ROOT / "tests/interop").glob("test_app_*")
    }
    assert named - {"examples", "of", "s", "own", "repository"} <= there
