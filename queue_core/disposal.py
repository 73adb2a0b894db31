"""Where a deleted task goes: to the trash or away for good, as a script that deletes is told."""

import json
import math
import secrets

from queue_core.store import Store

MOST_AT_ONCE = 100
"""So many tasks one script puts into the trash, so that it stays under 10 ms."""


def disposal(store: Store, to_trash: bool, *, by: str, door: str, reason: str, operation_id: str = "") -> dict:
    """What a script that deletes needs beside the task.  to_trash: unless the settings have none.

    by, door, reason, operation_id: kept with it, for whoever looks for it there."""
    to_trash = to_trash and store.settings.trash_seconds > 0
    record = {"by": by, "door": door, "reason": reason, "operation_id": operation_id}
    return {
        "entry_id": secrets.token_hex(8) if to_trash else "",
        "trashed_at": store.now(),
        "trash_seconds": math.ceil(store.settings.trash_seconds),
        "trash_record": json.dumps(record) if to_trash else "",
        "trash_prefix": store.keys.trash_prefix(),
    }
