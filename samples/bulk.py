"""Writing very many tasks at once: a back door past the engine's scripts, for filling an empty Redis only.

What arrives is exactly what the scripts `enqueue`, `enqueue_later` and `give_up` leave behind (keys and shapes of the
wire), in pipelines instead of one call each.  Unlike the scripts it does not look what is there already.
"""

from collections import defaultdict

from queue_core import states
from samples.history import Entry

CHUNK = 500


def write(store, entries: list[Entry]) -> None:
    """Raises StoreUnavailable, StoreFull; some of the entries may have been written then."""
    pipeline = store.client.pipeline()
    places = defaultdict(dict)
    for entry in entries:
        _write_task(pipeline, store.keys, entry)
        places[entry.state, entry.queue][entry.payload.id] = entry.score
    # payloads first: whoever finds an id in a set must find its payload
    for (state, queue), scores in places.items():
        pipeline.zadd(store.keys.state(state, queue), scores, nx=True)
        pipeline.sadd(store.keys.names(state), queue)
        if state == states.QUEUED:
            pipeline.publish(store.keys.activity(), queue)
    pipeline.execute()


def _write_task(pipeline, keys, entry):
    task_id = entry.payload.id
    pipeline.set(keys.payload(task_id), entry.payload.encode())
    if entry.executions:
        pipeline.rpush(keys.executions(task_id), *entry.executions)
        pipeline.incrby(keys.executions_count(task_id), len(entry.executions))
