import json

import pytest

from queue_core import payload as payloads
from queue_core.errors import InvalidPayload, InvalidQueueName, InvalidTask
from queue_core.outcome import Failed, Killed, TimedOut
from queue_core.payload import Payload, checked_queue, hashed_id, keyed_id, plain_id, with_scheduled_at

# wire §4
UNIQUE = "b04d7f42456a74f1fa28560feffe5c6aff22e1510a632a990ea655e02e92692c"
UNIQUE_KEY = "c206b08b9b5eec400afee266d059cc21de8972c5f3fdcc9e066943703492a604"
LOCK_KEY = "2a1a3865fdc19e57b70413f4102ba6a789762048b6e5dcb64cd4d577b9badcf7"
LOCK = "c5d6765755581798d3f23cbb36bb0fe8dca4f32e25c1b26272b6e9fa91cb28c6"
PERIODIC = "b211d066b161d6348172761cf7a90b1b4a3570f56cf886c77af893a470726ead"


def payload(**fields):
    return Payload({"id": "a", "func": "mytasks:add", **fields})


def decode(fields, task_id="a"):
    return Payload.decode(json.dumps(fields).encode() if not isinstance(fields, bytes) else fields, task_id)


# -- ids --


def test_the_ids_of_the_wire():
    assert hashed_id("mytasks:uniq", [1], {"b": "é"}) == UNIQUE
    assert keyed_id("mytasks:ukey", ["a"], {"a": 7, "b": "x"}) == UNIQUE_KEY
    assert hashed_id("mytasks:cron", [], {}) == PERIODIC


def test_the_lock_ids_of_the_wire():
    assert payload(lock=True, args=[1], kwargs={"b": 2}).lock_id == LOCK
    keyed = Payload({"id": "a", "func": "mytasks:ukey", "lock": True, "lock_key": ["b"], "kwargs": {"a": 7, "b": "x"}})
    assert keyed.lock_id == LOCK_KEY


def test_a_lock_without_arguments_is_made_of_empty_ones():
    assert payload(lock=True).lock_id == hashed_id("mytasks:add", [], {})
    assert payload().lock_id is None


def test_a_key_that_was_not_given_counts_as_null():
    assert keyed_id("f", ["a", "b"], {"a": 1}) == hashed_id("f", None, {"a": 1, "b": None})


def test_plain_ids_are_sixty_four_hex_digits_and_never_the_same():
    ids = {plain_id() for _ in range(100)}
    assert len(ids) == 100 and all(len(one) == 64 and int(one, 16) >= 0 for one in ids)


@pytest.mark.parametrize("args", [[object()], [{1: 2, "a": 3}], [b"bytes"]])
def test_arguments_that_make_no_id_are_refused(args):
    with pytest.raises(InvalidTask, match="mytasks:uniq"):
        hashed_id("mytasks:uniq", args, {})


# -- reading --


def test_the_worked_payload_of_the_wire_is_read():
    one = decode(
        b'{"id": "a", "func": "mytasks:add", "lock": true, "args": [1], "kwargs": {"b": 2}, "hard_timeout": 9.5, '
        b'"retry_method": ["tasktiger.retry:_exponential", [1, 2, 3]], "retry_on": '
        b'["tasktiger.exceptions:JobTimeoutException", "builtins:ValueError"], "max_stored_executions": 5, '
        b'"time_last_queued": 1795219212.3908892, "scheduled_at": 1795219212.3908892}'
    )
    assert (one.id, one.func, one.args, one.kwargs) == ("a", "mytasks:add", [1], {"b": 2})
    assert one.hard_timeout_seconds == 9.5 and one.max_stored_executions == 5
    assert one.retry_method == ("tasktiger.retry:_exponential", [1, 2, 3])
    assert one.repeatable and one.lock_id and not one.unique


def test_id_and_func_are_enough():
    one = decode({"id": "a", "func": "f:g"})
    assert (one.args, one.kwargs, one.retry_on, one.retry_method, one.lock_id) == ([], {}, [], None, None)
    assert not one.repeatable


def test_what_is_not_understood_is_kept():
    assert decode({"id": "a", "func": "f:g", "new": {"x": 1}}).fields["new"] == {"x": 1}


def test_json_of_another_writer_is_read():
    assert decode('{"func":"f:g","id":"a","args":["\u00e9\\/"]}'.encode()).args == ["é/"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'"text"',
        b"{}",
        b'{"id": "a"}',
        b'{"id": "a", "func": 5}',
        b"[" * 100_000,
        b'{"func": "f", "n": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_payload_is_refused_with_the_reason(raw):
    with pytest.raises(InvalidPayload) as caught:
        Payload.decode(raw, "a")
    assert caught.value.task_id == "a"


@pytest.mark.parametrize("other", ["b", None, 5, ["a"]])
def test_the_id_inside_is_the_id_outside(other):
    with pytest.raises(InvalidPayload, match="its id is"):
        decode({"id": other, "func": "f:g"})


@pytest.mark.parametrize(
    "field",
    [
        {"args": {"a": 1}}, {"args": "text"}, {"kwargs": [1]}, {"retry_on": "builtins:ValueError"}, {"retry_on": [5]},
        {"retry_method": "fixed"}, {"retry_method": ["x"]}, {"retry_method": [5, []]}, {"retry_method": {"a": 1}},
        {"hard_timeout": "5"}, {"hard_timeout": [5]}, {"hard_timeout": -1}, {"hard_timeout": float("inf")},
        {"hard_timeout": float("nan")}, {"max_stored_executions": "5"}, {"max_stored_executions": 1.5},
        {"runner_class": ["a:b"]}, {"lock_key": 5}, {"lock_key": [["a"]]}, {"lock_key": [{"a": 1}]},
    ],
)  # fmt: skip
def test_a_field_of_a_wrong_shape_is_found_before_the_run(field):
    with pytest.raises(InvalidPayload, match="shape"):
        decode({"id": "a", "func": "f:g", "lock": True} | field)


@pytest.mark.parametrize(
    ("retry_on", "repeatable"),
    [
        ([], False),
        (["builtins:ValueError"], False),
        (["builtins:Exception"], False),
        (["tasktiger.exceptions:JobTimeoutException"], True),
        (["tasktiger.exceptions.JobTimeoutException"], True),
        (["tasktiger.timeouts:JobTimeoutException"], True),
        (["builtins:ValueError", "builtins:BaseException"], True),
        (["", "no colon"], False),
    ],
)
def test_who_covers_a_timeout_may_be_started_again(retry_on, repeatable):
    assert payload(retry_on=retry_on).repeatable is repeatable


# -- writing --


def test_a_payload_is_written_as_the_wire_has_it():
    one = Payload({"id": "a", "func": "f:g", "args": [1, "é", None, 1.5], "kwargs": {"b": 2}})
    assert one.encode() == b'{"id": "a", "func": "f:g", "args": [1, "\\u00e9", null, 1.5], "kwargs": {"b": 2}}'


def test_large_numbers_and_empty_lists_survive_reading_and_writing():
    one = decode({"id": "a", "func": "f:g", "args": [9007199254740993, [], {}, 0.1, 1e300, -0.0]})
    assert json.loads(one.encode())["args"] == [9007199254740993, [], {}, 0.1, 1e300, -0.0]


@pytest.mark.parametrize("args", [[object()], [b"bytes"], [{1, 2}], [float("nan")], [float("inf")], [{(1, 2): 3}]])
def test_arguments_that_json_cannot_carry_are_refused(args):
    with pytest.raises(InvalidTask, match="cannot be written as JSON"):
        payload(args=args).encode(max_bytes=1000)


def test_arguments_that_contain_themselves_are_refused():
    args = []
    args.append(args)
    with pytest.raises(InvalidTask):
        payload(args=args).encode(max_bytes=1000)


def test_arguments_that_are_too_large_are_refused():
    with pytest.raises(InvalidTask, match="the limit is 1000"):
        payload(args=["x" * 1000]).encode(max_bytes=1000)


@pytest.mark.parametrize("queue", ["orders", "a.b.c", "Ω", "with space", "q" * 200])
def test_queue_names_that_can_be_created(queue):
    assert checked_queue(queue) == queue


@pytest.mark.parametrize("queue", ["", "q" * 201, "a\nb", "a\x00", "\udcff", "\u200b"])
def test_queue_names_that_cannot_be_created(queue):
    with pytest.raises(InvalidQueueName):
        checked_queue(queue)


# -- one field of a payload, every other byte as it was --


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"id": "a", "func": "f", "scheduled_at": 1.5}', b'{"id": "a", "func": "f", "scheduled_at": 99.25}'),
        (b'{"scheduled_at":1,"id":"a","func":"f"}', b'{"scheduled_at":99.25,"id":"a","func":"f"}'),
        (b'{"id": "a", "func": "f"}', b'{"id": "a", "func": "f", "scheduled_at": 99.25}'),
        (
            b'{ "func":"f",\n "id" : "a" , "scheduled_at" : null }',
            b'{ "func":"f",\n "id" : "a" , "scheduled_at" : 99.25 }',
        ),
        (
            b'{"args":[1e2,9007199254740993,"\\u00e9\\/",{"scheduled_at":7}],"scheduled_at":1}',
            b'{"args":[1e2,9007199254740993,"\\u00e9\\/",{"scheduled_at":7}],"scheduled_at":99.25}',
        ),
        (
            '{"args":["é"]}'.encode(),
            '{"args":["é"], "scheduled_at": 99.25}'.encode(),
        ),
        (
            b'{"scheduled_at": 1, "id": "a", "func": "f", "scheduled_at": 2}',
            b'{"scheduled_at": 1, "id": "a", "func": "f", "scheduled_at": 99.25}',
        ),
    ],
)
def test_only_the_time_changes_in_a_payload(before, after):
    assert with_scheduled_at(before, 99.25) == after
    assert json.loads(after)["scheduled_at"] == 99.25


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"[1]", b"{}", '{"id": "a"}'.encode("utf-16"), b'{"a": 1,}', b"null"]
)
def test_what_cannot_be_read_is_left_as_it_is(raw):
    assert with_scheduled_at(raw, 99.25) in (raw, b'{"scheduled_at": 99.25}')


# -- executions --


def test_the_record_of_a_failure_has_what_the_wire_wants():
    record = payloads.execution(Failed(1.5, 2.5, "builtins:ValueError", traceback="Traceback …"))
    assert record.pop("host")
    assert record == {
        "time_started": 1.5, "time_failed": 2.5, "exception_name": "builtins:ValueError", "success": False,
        "traceback": "Traceback …",
    }  # fmt: skip


def test_tracebacks_can_be_left_out():
    assert "traceback" not in payloads.execution(Failed(1, 2, "x:Y", traceback="T"), with_traceback=False)


def test_a_wanted_retry_stands_in_the_record():
    wanted = Failed(1, 2, "x:Y", retry_wanted=True, retry_method=("m:f", (5, 2)), log_error=False)
    record = payloads.execution(wanted)
    assert (record["retry"], record["retry_method"], record["log_error"]) == (True, ["m:f", [5, 2]], False)


@pytest.mark.parametrize(
    ("outcome", "extension"),
    [
        (TimedOut(1, 2, 5.0), {"reason": "hard_timeout", "seconds": 5.0}),
        (Killed(1, 2, signal=9), {"reason": "killed", "signal": 9, "exit_status": None}),
        (Killed(1, 2, exit_status=3), {"reason": "killed", "signal": None, "exit_status": 3}),
    ],
)
def test_an_end_from_outside_is_a_timeout_on_the_wire_and_explained_to_us(outcome, extension):
    record = payloads.execution(outcome)
    assert record["exception_name"] == "tasktiger.exceptions:JobTimeoutException"
    assert record["x"] == extension and "traceback" not in record


def test_an_explained_failure_has_every_field_that_consumers_need():
    record = payloads.explained("worker_lost", "gone", 5.0)
    assert {"time_started", "time_failed", "exception_name", "success", "host"} <= record.keys()
    assert record["x"] == {"reason": "worker_lost"}


def test_any_text_can_be_recorded():
    assert json.loads(payloads.encode_execution({"traceback": "\udcff\ud800é"}))["traceback"] == "\udcff\ud800é"
