"""The one migration of data that TaskTiger has."""

from queue_core.compat.tasktiger.utils import redis_glob_escape
from queue_core.errors import StoreCorrupt
from queue_core.text import to_bytes, to_text

_PAGE = 1000
_AFTER = b":executions"


def migrate_executions_count(tiger) -> None:
    """Raises the counts of failed runs to the lengths of their lists: versions before 0.17 kept no count.

    A key of a type that the protocol does not know is logged and left alone.  Workers may run meanwhile."""
    store = tiger.store
    before = store.keys.task_prefix()
    pattern = to_bytes(redis_glob_escape(to_text(before))) + b"*" + _AFTER
    for key in store.client.scan_iter(pattern, count=_PAGE):
        try:
            store.run("count_executions", id=to_text(key.removeprefix(before).removesuffix(_AFTER)))
        except StoreCorrupt as error:
            tiger.log.warning("executions not counted", key=to_text(key), error=str(error))
