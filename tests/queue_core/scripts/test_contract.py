"""What holds for every script, whatever it does.

The test file of a script gives `sample(world, queue, task_id)`: it makes the state in which the script goes through,
and gives the values of that call; `REFUSALS`; and GROWS = True when a full Redis may refuse it.
"""

import importlib
import re

import pytest
import redis

from queue_core import scripts
from queue_core.errors import BY_CODE_WORD, QueueFullException, SignalboxError, StoreCorrupt, StoreFull
from queue_core.text import to_bytes
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, full_memory
from tests.checker import assert_sound

NAMES = scripts.all_names()
FOREIGN_TYPES = {"string": "list"}


def module_of(name):
    return importlib.import_module(f"tests.queue_core.scripts.test_{name}")


def sample_call(world, name, queue="orders", task_id="a"):
    return world.store.call(name, **module_of(name).sample(world, queue, task_id))


def all_refusals():
    return [
        pytest.param(name, refusal, id=f"{name}: {refusal}") for name in NAMES for refusal in module_of(name).REFUSALS
    ]


def typed_keys():
    for name in NAMES:
        for position, (key, kind) in enumerate(scripts.load(name).keys):
            if kind not in ("channel", "any") and not key.endswith("..."):
                yield pytest.param(name, position, kind, id=f"{name} {key}")


def everything(world):
    return world.dump(), world.expiring()


@pytest.mark.parametrize("name", NAMES)
def test_every_script_has_its_tests(name):
    module = module_of(name)
    assert callable(module.sample)
    assert any(entry.startswith("test_") for entry in dir(module))
    assert {refusal.word for refusal in module.REFUSALS} == set(scripts.load(name).refuses)


@pytest.mark.parametrize("name", NAMES)
def test_every_code_word_has_its_exception(name):
    assert set(scripts.load(name).refuses) <= BY_CODE_WORD.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_head_names_every_code_word_of_the_body(name):
    body = (scripts.FOLDER / f"{name}.lua").read_text()
    words = set(re.findall(r"refuse\('([A-Z_]+)'", body)) | ({"OPERATION_ENDED"} if "refuse_ended(" in body else set())
    assert words == set(scripts.load(name).refuses)


@pytest.mark.parametrize("name", NAMES)
def test_no_script_searches_guesses_or_rewrites_json(name):
    source = (scripts.FOLDER / f"{name}.lua").read_text()
    assert not re.search(r"cjson|'KEYS'|'SCAN'|math\.random|RANDOMKEY|loadstring", source)
    assert name in ("claim", "heartbeat", "recover", "start", "enter_queue") or "server_now" not in source


@pytest.mark.parametrize(("name", "refusal"), all_refusals())
def test_nothing_is_written_when_a_script_refuses(world, name, refusal):
    values = module_of(name).sample(world, "orders", "a")
    refusal.spoil(world)
    before = everything(world)
    with pytest.raises(BY_CODE_WORD[refusal.word]) as caught:
        world.run(name, **{**values, **refusal.values})
    assert isinstance(caught.value, (SignalboxError, QueueFullException))
    assert everything(world) == before


@pytest.mark.parametrize(("name", "position", "kind"), list(typed_keys()))
def test_a_key_of_another_type_is_refused_and_nothing_is_written(world, name, position, kind):
    call = sample_call(world, name)
    key = call.values[position]
    world.raw.delete(key)
    if kind == "string":
        world.raw.rpush(key, "foreign")
    else:
        world.raw.set(key, "foreign")
    before = everything(world)
    with pytest.raises(StoreCorrupt, match=re.escape(key.decode())):
        world.store.send(call)
    assert everything(world) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_script_that_redis_has_forgotten_is_sent_in_full(world, name):
    call = sample_call(world, name)
    world.raw.script_flush()
    world.store.send(call)
    assert world.raw.script_exists(call.script.sha) == [True]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_go_through_byte_for_byte(world, name):
    call = sample_call(world, name, HOSTILE_QUEUE, HOSTILE_ID)
    world.store.send(call)
    assert_sound(world.raw)


@pytest.mark.parametrize(("name", "refusal"), all_refusals())
def test_a_refusal_about_hostile_names_is_one_line(world, name, refusal):
    """A line break in an error reply would be read as the next reply."""
    values = module_of(name).sample(world, "orders", "a")
    refusal.spoil(world)
    hostile = {key: HOSTILE_ID for key in ("id",) if key in values and "lease" not in values}
    with pytest.raises(BY_CODE_WORD[refusal.word]):
        world.run(name, **{**values, **refusal.values, **(hostile if refusal.word == "TASK_NOT_FOUND" else {})})
    assert world.store.client.echo(b"in step") == b"in step"


@pytest.mark.parametrize("name", NAMES)
def test_a_full_redis_lets_it_through_or_refuses_it_whole(world, name):
    call = sample_call(world, name)
    with full_memory(world.raw):
        before = everything(world)
        if getattr(module_of(name), "GROWS", False):
            with pytest.raises(StoreFull):
                world.store.send(call)
            assert everything(world) == before
        else:
            world.store.send(call)
    assert_sound(world.raw)


@pytest.mark.parametrize("name", [name for name in NAMES if ("activity", "channel") in scripts.load(name).keys])
def test_nobody_is_told_of_anything_where_publishing_is_off(world, engine, name):
    values = module_of(name).sample(world, "orders", "a")
    engine.config["PUBLISH_QUEUED_TASKS"] = False
    with world.published() as published:
        world.run(name, **values)
    assert not published


def test_only_what_accepts_new_work_or_copies_names_is_refused_by_a_full_redis():
    assert {name for name in NAMES if getattr(module_of(name), "GROWS", False)} == {
        "edit", "enqueue", "enqueue_later", "freeze", "receive",
    }  # fmt: skip


def test_replies_that_mean_nothing_special_stay_as_they_are(world):
    with pytest.raises(redis.ResponseError, match="unknown command"):
        world.store.client.execute_command("NO_SUCH_COMMAND")


def test_every_hostile_name_is_bytes_that_no_text_holds():
    for name in (HOSTILE_QUEUE, HOSTILE_ID):
        with pytest.raises(UnicodeDecodeError):
            to_bytes(name).decode()
