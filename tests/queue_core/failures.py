"""Failed tasks, put into error as workers leave them, of either kind."""

import json

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/billing/tasks.py", line {line}, in {function}
    raise {name}(reason)
{name}: {message}
"""


def execution(name="shop.errors.GatewayDown", message="refused order 17", at=100.0, line=88, function="charge", **more):
    """The record of a failed run, as JSON."""
    traceback = TRACEBACK.format(name=name, message=message, line=line, function=function)
    record = {"time_started": at - 1, "time_failed": at, "exception_name": name.replace(".", ":"), "success": False}
    return json.dumps(record | {"host": "w1", "traceback": traceback} | more)


def fail(world, task_id="a", queue="orders", at=100.0, func="shop.tasks:charge", kwargs=None, **record):
    """One task in error with one failed run."""
    world.put("error", queue, task_id, score=at, func=func, kwargs=kwargs or {})
    world.raw.delete(world.keys.executions(task_id))
    world.raw.rpush(world.keys.executions(task_id), execution(at=at, **record))


def fail_many(world, count, queues=1, first_at=100.0, step=0.01, kinds=3):
    """So many failures of a few kinds, spread over queues; quickly."""
    pipeline = world.raw.pipeline(transaction=False)
    for number in range(count):
        at, kind, queue = first_at + number * step, number % kinds, f"q{number % queues}"
        task_id = f"{number:064x}"
        pipeline.zadd(f"t:error:{queue}", {task_id: at})
        pipeline.sadd("t:error", queue)
        fields = {"id": task_id, "func": f"shop.tasks:work{kind}", "args": [number], "kwargs": {"tenant": "acme"}}
        pipeline.set(f"t:task:{task_id}", json.dumps(fields))
        run = execution(f"shop.errors.Error{kind}", f"refused order {number}", at, line=number % 90)
        pipeline.rpush(f"t:task:{task_id}:executions", run)
        if number % 1000 == 999:
            pipeline.execute()
    pipeline.execute()
