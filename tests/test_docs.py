"""What exists is documented, and what is documented exists."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

from console import create_app
from console.settings import ENVIRONMENT_PREFIX as CONSOLE_PREFIX
from console.settings import ConsoleSettings
from docs import make_reference
from queue_core import Engine, scripts, states
from queue_core.cli import main
from queue_core.config import ENVIRONMENT_PREFIX, Settings, default_of
from queue_core.keys import CATALOGUE
from queue_core.tasktiger_config import SETTING_OF
from tests.console import routes

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in folder.rglob("*.md"))])
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(home|Users|root|work)/\w")
MOST_PICTURE_BYTES = 150_000
by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def code_in(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", without_code(text))


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, heads and rulers left out."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [cells for cells in found if cells[0].startswith("`") or cells[0] in ("GET", "POST")]


def sections(text: str, mark: str) -> dict[str, str]:
    """{heading: what stands below it} for the headings that begin with `mark`."""
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def only_code(cell: str) -> str:
    return " ".join(code_in(cell))


# -- the reference --


def test_the_reference_is_as_the_docstrings_are():
    assert make_reference.PAGE.read_text(encoding="utf-8") == make_reference.page(), (
        "python -m docs.make_reference writes it anew"
    )


# -- keys --


def test_every_key_stands_in_its_document_with_its_type():
    documented = {only_code(key): kind for key, kind, *_ in rows(read("docs/redis_keys.md"))}
    assert documented == {f"<p>:{pattern}": kind for kind, pattern, _ in CATALOGUE.values()}


def test_every_key_says_what_bounds_it_and_who_deletes_it():
    unclear = [cells[0] for cells in rows(read("docs/redis_keys.md")) if len(cells) != 6 or not all(cells)]
    assert not unclear


# -- settings --

SETTINGS = [(Settings, ENVIRONMENT_PREFIX, "## The engine"), (ConsoleSettings, CONSOLE_PREFIX, "## The console")]


@pytest.mark.parametrize(("kind", "prefix", "heading"), SETTINGS, ids=["engine", "console"])
def test_every_setting_stands_in_its_document_with_default_and_unit(kind, prefix, heading):
    table = rows(sections(read("docs/configuration.md"), "##")[heading.removeprefix("## ")])
    documented = {only_code(name): (default, unit) for name, default, unit, _ in table}
    expected = {
        prefix + one.name.upper(): (in_words(default_of(one)), one.metadata["unit"])
        for one in fields(kind)
        if "by_code" not in one.metadata
    }
    assert documented == expected


def test_every_name_of_tasktiger_stands_in_its_document_with_our_setting():
    table = rows(sections(read("docs/configuration.md"), "##")["TaskTiger's names"])
    assert {only_code(name): code_in(ours)[0] for name, ours in table} == SETTING_OF


def in_words(default) -> str:
    if default in ((), {}):
        return "empty"
    if isinstance(default, list):
        return f"`{json.dumps(default)}`"
    if isinstance(default, bool):
        return "`yes`" if default else "`no`"
    if isinstance(default, float):
        return f"`{default:.15g}`"
    return f"`{default}`" if default != "" else "empty"


def test_the_settings_that_all_processes_share_are_marked():
    marked = {only_code(cells[0]) for cells in rows(read("docs/configuration.md")) if "**Shared**" in cells[-1]}
    shared = {one.name for one in fields(Settings) if one.metadata.get("shared")}
    assert marked == {ENVIRONMENT_PREFIX + name.upper() for name in shared}


@by_document
def test_no_document_names_a_variable_that_nothing_reads(document):
    known = {prefix + one.name.upper() for kind, prefix, _ in SETTINGS for one in fields(kind)}
    programs = "".join(path.read_text() for path in [*ROOT.glob("bin/*"), ROOT / "tests/conftest.py"])
    named = set(re.findall(r"SIGNALBOX_[A-Z_0-9]*[A-Z0-9]", document.read_text(encoding="utf-8")))
    assert not {name for name in named - known if name not in programs}


# -- commands --


def all_commands(command, path, parent=None):
    context = click.Context(command, info_name=path, parent=parent)
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from all_commands(command.get_command(context, name), f"{path} {name}", context)


COMMANDS = {path: (command, context) for path, command, context in all_commands(main, "signalbox")}
COMMAND_SECTIONS = {
    only_code(heading): text
    for heading, text in sections(read("docs/commands.md"), "##").items()
    if only_code(heading).startswith("signalbox")
}


def test_every_command_has_its_section():
    assert set(COMMAND_SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_is_called_as_its_section_says(path):
    command, context = COMMANDS[path]
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    assert f"```text\n{usage}\n```" in COMMAND_SECTIONS[path]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_has_the_options_that_its_section_lists(path):
    table = [cells for cells in rows(COMMAND_SECTIONS[path]) if cells[0].startswith("`-")]
    options = [one for one in COMMANDS[path][0].params if isinstance(one, click.Option)]
    assert {tuple(code_in(cells[0])): said_default(cells[1]) for cells in table} == {
        tuple(option.opts): real_default(option) for option in options
    }


def said_default(cell: str) -> str:
    return only_code(cell) or ("required" if cell == "required" else "")


def real_default(option) -> str:
    plain = isinstance(option.default, (int, str)) and not option.is_flag
    return "required" if option.required else str(option.default) if plain else ""


def test_the_programs_in_bin_stand_in_the_document_of_the_commands():
    documented = {
        name for name in map(only_code, (cells[0] for cells in rows(read("docs/commands.md")))) if "/" in name
    }
    assert documented == {f"bin/{path.name}" for path in ROOT.glob("bin/[a-z]*")}


# -- routes --


def test_every_route_stands_in_its_document_with_the_right_that_it_needs():
    pages = read("docs/console.md") + read("docs/api.md")
    table = [cells for cells in rows(pages) if cells[0] in ("GET", "POST")]
    documented = {(method, only_code(address)): right for method, address, right, _ in table}
    assert documented == dict(real_routes())


def test_every_route_stands_in_the_table_of_who_gets_in_where():
    app = create_app(Engine("redis://localhost:1"), ConsoleSettings())
    advice = routes.missing_and_gone(app)
    assert not advice, advice


def real_routes():
    app = create_app(Engine("redis://localhost:1"), ConsoleSettings())
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<[^>]*?(\w+)>", r"<\1>", rule.rule)
        for method in rule.methods & {"GET", "POST"}:
            yield (method, address), right_of(app.view_functions[rule.endpoint], rule.endpoint)


def right_of(view, endpoint) -> str:
    if endpoint == "static" or getattr(view, "is_public", False):
        return "anybody"
    return getattr(view, "needed_right", "look")


# -- scripts, modules, words --


def test_every_script_stands_in_the_life_of_a_task_with_what_it_refuses():
    table = [cells for cells in rows(read("docs/lifecycle.md")) if len(cells) == 4]
    documented = {only_code(name): set(code_in(refusals)) for name, _, _, refusals in table}
    refused = {name: set(scripts.load(name).refuses) for name in scripts.all_names()}
    assert documented == refused


def test_every_module_is_named_in_the_architecture():
    code = code_in(read("docs/architecture.md"))
    named = {Path(name).name for name in code if name.endswith(".py") and not name.startswith("tests/")}
    modules = {path.name for package in ("queue_core", "console") for path in (ROOT / package).rglob("*.py")}
    assert named == modules


@by_document
def test_every_file_that_a_document_names_exists(document):
    named = {name for name in code_in(document.read_text(encoding="utf-8")) if re.fullmatch(r"[\w/.-]+\.\w{2,4}", name)}
    files = {name for name in named if Path(name).suffix in (".py", ".lua", ".html", ".md", ".sh", ".txt", ".toml")}
    beside = {name for name in files if not (document.parent / name).exists()}
    assert not {name for name in beside if not any(exists_below(folder, name) for folder in (ROOT, *FOLDERS))}


def exists_below(folder: Path, name: str) -> bool:
    return (folder / name).exists() or (folder != ROOT and any(folder.rglob(name)))


def test_states_and_arrows_are_words_of_the_glossary():
    words = {
        word.strip() for line in read("docs/glossary.md").splitlines() for word in line[2:].split(" | ")[0].split(",")
    }
    arrows = {name.replace("_", " ") for name in states.ARROWS} - {"enqueue later", "start"}
    assert {*states.ALL, *arrows} <= words


# -- links and paths --


def links(document: Path) -> list[str]:
    text = without_code(document.read_text(encoding="utf-8"))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("https://")]


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", without_code(document.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@by_document
def test_every_link_and_picture_leads_somewhere(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} leads to no heading"


def test_every_picture_of_a_journey_is_small_and_taken_by_the_journey():
    journeys = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/journeys").glob("test_*.py"))
    shown = {
        path
        for page in (ROOT / "docs/console").glob("*.md")
        for path in re.findall(r"images/([\w-]+)\.png", page.read_text())
    }
    there = {path.stem: path.stat().st_size for path in (ROOT / "docs/console/images").glob("*.png")}
    assert there.keys() == shown
    assert not [name for name in shown if f'"{name}"' not in journeys]
    assert not {name: size for name, size in there.items() if size > MOST_PICTURE_BYTES}


def test_every_document_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        document = ahead.pop().resolve()
        if document.is_dir():
            ahead.extend(document.glob("*.md"))
        elif document not in reached and document.suffix == ".md":
            reached.add(document)
            ahead.extend(document.parent / link.partition("#")[0] for link in links(document))
    assert reached == set(DOCUMENTS)


@by_document
def test_no_document_names_a_place_of_one_machine(document):
    text = document.read_text(encoding="utf-8")
    assert not MACHINE_PATH.search(text)
    assert not any(link.startswith(("/", "file:")) for link in links(document))


# -- the example --


def test_the_example_of_the_readme_runs(redis_url, tmp_path):
    module, application = re.findall(r"^```python\n(.+?)^```$", read("README.md"), flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "mailing.py").write_text(module)
    work = "from mailing import engine\nfrom queue_core import Worker\nWorker(engine, executor='sync').run(once=True)"
    said = "".join(run(code, tmp_path, redis_url) for code in (application, work))
    assert "To ann@example.org: Hello!" in said
    engine = Engine(redis_url)
    assert engine.browse.sizes("mail.letters") == {"queued": 0, "active": 0, "scheduled": 1, "error": 0}
    engine.close()


def run(code: str, folder: Path, redis_url: str) -> str:
    environment = os.environ | {"REDIS_URL": redis_url, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
