"""Puts tasks into states through the engine, as producers and workers would."""

import json

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/payments.py", line 88, in charge
    raise GatewayDown("gateway refused")
shop.errors.GatewayDown: gateway refused
"""


def charge(*args, **kwargs):
    """A function with a name; nobody runs it."""


def queued(engine, queue, count=1, func=charge, args=("order",), **more):
    """Ids of new tasks in `queued`."""
    return [engine.delay(func, args=[*args, number], queue=queue, **more).id for number in range(count)]


def active(engine, queue):
    """The session and the id of a task that a worker holds."""
    queued(engine, queue)
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim(queue, 1)
    return session, claimed.id


def failed(engine, queue, count=1, exception_name="shop.errors:GatewayDown", traceback=TRACEBACK, **more):
    """Ids of new tasks in `error`, each with one execution."""
    ids = queued(engine, queue, count, **more)
    session = engine.leases.session("worker-1")
    for claimed in session.claim(queue, count):
        session.start(claimed)
        session.give_up(claimed, execution(engine, exception_name, traceback))
    session.flush()
    assert not [settled.error for settled in session.drain() if settled.error]
    session.close()
    return ids


def execution(engine, exception_name, traceback):
    now = engine.clock.now()
    record = {"time_started": now - 1, "time_failed": now, "exception_name": exception_name, "success": False}
    return json.dumps(record | {"host": "worker-1", "traceback": traceback}).encode()
