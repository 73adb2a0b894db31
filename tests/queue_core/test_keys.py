import pytest

from queue_core import scripts
from queue_core.keys import CATALOGUE, Keys
from queue_core.queue_filter import QueueFilter
from queue_core.text import to_text

KEYS = Keys("t")
VALUES = {
    "id": "a", "queue": "orders", "to_queue": "mail", "state": "error", "to_state": "active",
    "operation_id": "op", "group_id": "1-a", "entry_id": "e1", "lock": b"t:lockv2:l",
    "lease": b"t:x:lease:d",
}  # fmt: skip


def test_the_wire_names_of_keys():
    assert KEYS.names("queued") == b"t:queued"
    assert KEYS.state("queued", "q.sub") == b"t:queued:q.sub"
    assert KEYS.payload("a") == b"t:task:a"
    assert KEYS.executions("a") == b"t:task:a:executions"
    assert KEYS.executions_count("a") == b"t:task:a:executions_count"
    assert KEYS.activity() == b"t:activity"
    assert KEYS.lock("x") == b"t:lockv2:x"
    assert KEYS.expiry_throttle() == b"t:lockv2:queue_expired_tasks"
    assert KEYS.semaphore("orders") == b"t:qslock:orders"


@pytest.mark.parametrize(
    ("queue_filter", "group"),
    [
        (QueueFilter.of(), "a683096011db3975a1e401e33b0047d1f2677a11efe85ef12806f016ae039795"),
        (QueueFilter.of(["b", "a"], ["c"]), "3aafec9ce63065d49bda3bb397224d730d9c3e9d8c7ac2d8148be4e779c96917"),
    ],
)
def test_the_group_of_a_filter_is_the_one_of_the_wire(queue_filter, group):
    assert KEYS.promotion_throttle(queue_filter) == f"t:lockv2:queue_scheduled_tasks:{group}".encode()


@pytest.mark.parametrize("prefix", ["t", "{t3}", "pre:fix", "ü"])
def test_every_key_begins_with_the_prefix(prefix):
    keys = Keys(prefix)
    for script in map(scripts.load, scripts.all_names()):
        for name, _ in script.keys:
            if "..." not in name and name not in ("lock", "lease"):
                assert keys.for_script(name, VALUES).startswith(prefix.encode() + b":")


def test_names_keep_their_bytes():
    assert KEYS.state("error", "\udcff*") == b"t:error:\xff*"
    assert KEYS.payload("\udc80") == b"t:task:\x80"


def test_what_a_script_calls_from_and_to_is_the_state_of_the_call():
    assert KEYS.for_script("from", VALUES) == b"t:error:orders"
    assert KEYS.for_script("to", VALUES) == b"t:error:mail"
    assert KEYS.for_script("from_names", VALUES) == b"t:error"
    assert KEYS.for_script("to_queued", VALUES) == b"t:queued:mail"
    assert KEYS.for_script("active_names", VALUES) == b"t:active"


def test_the_type_in_the_catalogue_is_the_type_in_every_head():
    for script in map(scripts.load, scripts.all_names()):
        for name, kind in script.keys:
            if name in CATALOGUE and kind != "any":
                assert CATALOGUE[name][0] == kind, f"{name} in {script.name}"


def test_the_catalogue_lists_every_method():
    methods = {name for name in vars(Keys) if not name.startswith("_")} - {"for_script", "task_prefix", "trash_prefix"}
    assert methods == CATALOGUE.keys()


def test_a_subject_of_failed_logins_is_not_readable_in_the_key():
    assert "anna" not in to_text(KEYS.login_failures("anna"))
