"""Quick start: a function, a queue, a worker."""

import tasktiger

from tests.interop.both.scene import QUICK, connect, journal, note, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


def greet():
    note("hello")


@scene(gives=["Task", "queued", "default", "tests.interop.examples.quick_start:greet", []])
def a_plain_function_is_queued():
    task = tiger.delay(greet)
    return [type(task).__name__, task.state, task.queue, task.serialized_func, journal()]


@scene(gives={"ran": ["hello"], "sizes": {}})
def a_worker_runs_what_is_queued():
    tiger.delay(greet)
    work(tiger)
    return {"ran": journal(), "sizes": tiger.get_queue_stats()}


@scene(gives=["hello"])
def a_worker_of_the_instance_runs_what_is_queued():
    tiger.delay(greet, queue="other")
    tasktiger.Worker(tiger, queues=["other"]).run(once=True)
    return journal()


@scene(gives=["hello", "hello"])
def a_task_runs_without_being_queued():
    task = tasktiger.Task(tiger, greet)
    task.execute()
    task.execute()
    return journal()
