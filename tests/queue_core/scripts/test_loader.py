import hashlib

import pytest

from queue_core import scripts
from queue_core.scripts import BadHead


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of scripts of this test alone."""
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "refuse.lua").write_text("local refusing = true\n")
    (tmp_path / "include" / "more.lua").write_text("local more = true\n")
    monkeypatch.setattr(scripts, "FOLDER", tmp_path)
    scripts.load.cache_clear()
    yield tmp_path
    scripts.load.cache_clear()


HEAD = "-- good: does good\n-- KEYS    here zset, there set\n-- ARGV    id, rest...\n-- gives   OK\n"


def load(folder, text, name="good"):
    (folder / f"{name}.lua").write_text(text)
    return scripts.load(name)


def test_a_head_names_keys_arguments_and_refusals(folder):
    script = load(folder, HEAD + "-- refuses NOT_HERE (it left), TOO_LATE\n-- include more\nreturn 'OK'\n")
    assert script.keys == (("here", "zset"), ("there", "set"))
    assert script.args == ("id", "rest...")
    assert script.refuses == ("NOT_HERE", "TOO_LATE")
    assert script.sha == hashlib.sha1(script.source).hexdigest()
    assert script.source.startswith(
        b"local refusing = true\n\nlocal more = true\n\nlocal here, there = unpack(KEYS, 1, 2)"
    )


def test_a_long_line_of_the_head_goes_on_in_the_next(folder):
    script = load(folder, HEAD.replace(" there set", "\n--         there set") + "return 1\n")
    assert script.keys == (("here", "zset"), ("there", "set"))


def test_a_comment_after_the_head_is_none_of_it(folder):
    assert load(folder, HEAD + "-- refuses NOT_HERE\n\n-- STILL_NOT a word\nreturn 1\n").refuses == ("NOT_HERE",)


def test_values_are_bound_in_the_order_of_the_head(folder):
    script = load(folder, HEAD + "return 1\n")
    values = {"there": "k2", "id": "x", "here": "k1", "rest": ["y", "z"]}
    assert script.bind(values) == (2, ["k1", "k2", "x", "y", "z"])


def test_a_value_that_is_missing_is_no_silent_default(folder):
    with pytest.raises(KeyError, match="there"):
        load(folder, HEAD + "return 1\n").bind({"here": "k1", "id": "x", "rest": []})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must begin"),
        ("return 1\n", "must begin"),
        (HEAD.replace("good:", "other:"), "must begin"),
        ("-- good: x\n-- ARGV\n-- gives OK\n", "KEYS"),
        ("-- good: x\n-- KEYS a zset\n-- gives OK\n", "ARGV"),
        ("-- good: x\n-- KEYS a zset\n-- ARGV\n", "gives"),
        (HEAD.replace("here zset", "here"), "'here'"),
        (HEAD.replace("here zset", "here tree"), "'here tree'"),
    ],
)
def test_a_script_without_a_sound_contract_is_refused(folder, text, fault):
    with pytest.raises(BadHead, match=fault):
        load(folder, text)


def test_ten_thousand_arguments_arrive(store_of_ten_thousand, raw):
    assert raw.eval(store_of_ten_thousand.source, 2, "k1", "k2", "id", *range(10_000)) == 10_000


@pytest.fixture
def store_of_ten_thousand(folder):
    (folder / "include" / "refuse.lua").write_text("local function find_wrong_type() end\n")
    return load(folder, HEAD + "return #rest\n")
