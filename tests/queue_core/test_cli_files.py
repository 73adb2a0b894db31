"""`signalbox export` and `signalbox import`."""

import json

import pytest
from click.testing import CliRunner

from queue_core.cli import main
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, payload_text


@pytest.fixture
def run(redis_url, monkeypatch):
    """Runs `signalbox <arguments>` on the empty Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    return lambda *arguments, **more: CliRunner().invoke(main, arguments, **more)


@pytest.fixture
def file(world, run, tmp_path):
    """A file with three errors of `orders`, which are gone from Redis."""
    for number in range(3):
        world.put("error", task_id=f"t{number}", score=100.0 + number)
    path = tmp_path / "orders.jsonl"
    path.write_bytes(run("export", "orders", "error").stdout_bytes)
    world.raw.flushall()
    return path


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_of_a_state_goes_to_standard_output_and_is_recorded(world, run, engine):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    world.put("queued", task_id="b")
    (line,) = lines_of(run("export", HOSTILE_QUEUE, "error", "--reason", "evidence"))
    assert (line["id"], line["payload"]) == (HOSTILE_ID, world.dump()[f"t:task:{HOSTILE_ID}"])
    (entry,) = engine.audit.page().entries
    assert (entry.verb, entry.queue, entry.reason) == ("export", HOSTILE_QUEUE, "evidence")
    assert entry.facts == {"state": "error", "matched": 1}


def test_old_ones_and_named_ones(world, run, engine):
    world.put("error", task_id="old", score=100.0)
    world.put("error", task_id="new", score=engine.store.now())
    assert [line["id"] for line in lines_of(run("export", "orders", "error", "--older-than", "1h"))] == ["old"]
    assert [line["id"] for line in lines_of(run("export", "orders", "error", "new", "gone"))] == ["new"]
    assert run("export", "orders", "error", "new", "--older-than", "1h").exit_code == 2


def test_a_file_comes_back(world, run, file, engine):
    done = run("import", str(file), "--yes", "--reason", "they are wanted")
    assert done.exit_code == 0 and "3 imported, 0 imported before, 0 there already" in done.stderr
    assert world.scores("error") == {"t0": 100.0, "t1": 101.0, "t2": 102.0}
    again = run("import", str(file), "--yes")
    assert again.exit_code == 0 and "0 imported, 3 imported before" in again.stderr
    assert {entry.verb for entry in engine.audit.page().entries} == {"import"}


def test_many_tasks_are_two_entries_of_the_trail(world, run, engine, tmp_path):
    for number in range(201):
        world.put("error", task_id=f"t{number}")
    path = tmp_path / "orders.jsonl"
    path.write_bytes(run("export", "orders", "error").stdout_bytes)
    world.raw.flushall()
    assert "201 imported" in run("import", str(path), "--yes", "--reason", "they are wanted").stderr
    end, begin = engine.audit.page().entries
    assert (begin.verb, end.verb) == ("begin_import", "import") and begin.reason == end.reason == "they are wanted"
    assert begin.facts == end.facts == {"matched": 201, "file": str(path)}
    run("import", str(path), "--yes")
    assert engine.audit.page().entries[0].facts == {"matched": 0, "file": str(path)}


def test_it_comes_from_standard_input_and_into_another_queue(world, run, file):
    done = run("import", "-", "--yes", "--queue", "mail.again", input=file.read_bytes())
    assert done.exit_code == 0
    assert len(world.scores("error", "mail.again")) == 3 and not world.scores("error")


def test_a_dry_run_and_a_no_write_nothing(world, run, file):
    world.put("queued", task_id="t1")
    before = world.dump()
    looked = run("import", str(file), "--dry-run")
    assert looked.exit_code == 0 and "3 tasks, 1 of them there already; 0 bad lines" in looked.stderr
    assert run("import", str(file), input="n\n").exit_code == 1
    assert world.dump() == before


def test_bad_lines_are_named_and_the_good_ones_imported(world, run, file):
    file.write_bytes(b"\xff\n" + file.read_bytes() + b'{"kind": "signalbox task"}\n' + b"[" * 10_000 + b"\n")
    done = run("import", str(file), "--yes")
    assert done.exit_code == 1
    for said in ("line 1: It is not UTF-8", "line 5: ", "line 6: It is nested too deeply", "3 imported"):
        assert said in done.stderr
    assert len(world.scores("error")) == 3


def test_strict_imports_nothing_when_a_line_is_bad(world, run, file):
    file.write_bytes(file.read_bytes() + b"{\n")
    done = run("import", str(file), "--yes", "--strict")
    assert done.exit_code == 1 and "line 4: It is not JSON" in done.stderr and "Nothing was imported" in done.stderr
    assert world.dump() == {}


def test_an_empty_file_is_no_import(run, tmp_path, world):
    (tmp_path / "empty").touch()
    assert run("import", str(tmp_path / "empty"), "--yes").exit_code == 1
    assert world.dump() == {}


def test_what_it_says_of_a_hostile_file_cannot_harm_a_terminal(run, tmp_path):
    name = "a\x1b[31m"
    line = {"kind": "signalbox task", "queue": "q", "state": name, "id": name, "score": 1, "payload": payload_text("a")}
    (tmp_path / "bad").write_text(json.dumps(line))
    assert "\x1b" not in run("import", str(tmp_path / "bad"), "--yes").output
