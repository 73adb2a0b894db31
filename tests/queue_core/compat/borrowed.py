"""Calls of small functions from TaskTiger's inside, and what each gives.

Run by the Python that has the real package, it prints what that one gives:

    python -m tests.queue_core.compat.borrowed
"""

import datetime
import importlib
import json

MOMENT = datetime.datetime(2030, 1, 2, 3, 4, 5, 678900)
EAST = datetime.timezone(datetime.timedelta(hours=2))

CALLS = [
    ("_internal.serialize_func_name", [json.dumps], "json:dumps"),
    ("_internal.serialize_func_name", [ValueError], "builtins:ValueError"),
    ("_internal.gen_unique_id", ["mytasks:uniq", [1], {"b": "é"}],
     "b04d7f42456a74f1fa28560feffe5c6aff22e1510a632a990ea655e02e92692c"),
    ("_internal.gen_unique_id", ["mytasks:ukey", None, {"a": 7}],
     "c206b08b9b5eec400afee266d059cc21de8972c5f3fdcc9e066943703492a604"),
    ("_internal.serialize_retry_method", [json.dumps], ["json:dumps", []]),
    ("_internal.get_timestamp", [None], None),
    ("_internal.get_timestamp", [MOMENT], 1893553445.6789),
    ("_internal.get_timestamp", [MOMENT.replace(tzinfo=EAST)], 1893546245.6789),
    ("_internal.queue_matches", ["a.b.c", ["a"], ["a.b"]], False),
    ("_internal.queue_matches", ["a.b.c", ["a", "a.b.c"], ["a.b"]], True),
    ("_internal.queue_matches", ["a"], True),
    ("_internal.dotted_parts", ["a.b.c"], ["a", "a.b", "a.b.c"]),
    ("_internal.reversed_dotted_parts", ["a.b.c"], ["a.b.c", "a.b", "a"]),
    ("utils.redis_glob_escape", ["a*b?[c]\\"], "a\\*b\\?\\[c\\]\\\\"),
]  # fmt: skip


def answers(package: str) -> list:
    return [_plain(_found(package, name)(*arguments)) for name, arguments, _ in CALLS]


def _found(package, name):
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"{package}.{module}"), function)


def _plain(value):
    if value is None or isinstance(value, (str, bool, float)):
        return value
    return [_plain(one) for one in value]


if __name__ == "__main__":
    print(json.dumps(answers("tasktiger")))
