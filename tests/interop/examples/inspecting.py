"""Inspect, requeue and delete tasks: the Task class."""

import datetime

import tasktiger
from tasktiger import Task, TaskNotFound

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK | {"BATCH_QUEUES": {"batch": 5}}, setup_structlog=True)


def send_mail(address, subject=None):
    note("mail", address, subject)


@tiger.task
def fail(number=0):
    note("run", number)
    raise ValueError(f"no luck {number}")


@tiger.task
def who_am_i(name):
    task = tiger.current_task
    note(
        name,
        task.args == [name],
        task.state,
        task.n_executions(),
        tiger.current_serialized_func,
        tiger.current_task_is_batch,
    )
    note(outcome(lambda: tiger.current_tasks), tasktiger.TaskTiger.current_instance is tiger)


@tiger.task(batch=True, queue="batch")
def who_are_we(calls):
    note([task.args == call["args"] for task, call in zip(tiger.current_tasks, calls, strict=True)])
    note(
        [task.n_executions() for task in tiger.current_tasks],
        outcome(lambda: tiger.current_task),
        tiger.current_task_is_batch,
    )
    if len(journal()) == 2:
        raise ValueError("once more")


def failed(count=1, **options):
    tasks = [tiger.delay(fail, args=[number], **options) for number in range(count)]
    work(tiger)
    return tasks


def found(task, state):
    return Task.from_id(tiger, task.queue, state, task.id, load_executions=9)


HOUR = datetime.timedelta(hours=1)


@scene(gives=[{"scheduled": 1}, {}])
def a_unique_task_is_cancelled_without_a_reference():
    Task(tiger, send_mail, args=["a@b"], unique=True).delay(when=datetime.timedelta(minutes=5))
    before = tiger.get_queue_stats()["default"]
    Task(tiger, send_mail, args=["a@b"], unique=True).cancel()
    return [before, tiger.get_queue_stats()]


@scene
def errors_are_inspected_and_retried_by_id():
    failed(2)
    total, tasks = Task.tasks_from_queue(tiger, "default", "error")
    told = [[task.func is fail, task.state, task.queue, task.args] for task in tasks]
    Task.from_id(tiger, "default", "error", tasks[0].id).retry()
    return [total, told, tiger.get_queue_stats(), journal()]


@scene(gives=["run 0", "[True, True]", "[0, 0]"])
def tasks_of_a_batch_know_their_runs():
    failed()
    who_are_we.delay("a")
    who_are_we.delay("b")
    work(tiger)
    return [line.split(" ['raised'")[0] for line in journal()]


@scene
def the_current_task():
    who_am_i.delay("a")
    work(tiger)
    return [journal(), outcome(lambda: tiger.current_task), outcome(lambda: tiger.current_tasks)]


@scene
def nothing_is_current_outside():
    names = ("current_task", "current_tasks", "current_serialized_func", "current_task_is_batch")
    return [outcome(getattr, tiger, name) for name in names]


@scene
def properties_of_a_task():
    task = Task(
        tiger,
        send_mail,
        args=["a"],
        kwargs={"subject": "b"},
        queue="q",
        hard_timeout=3,
        lock=True,
        max_stored_executions=2,
    )
    names = (
        "queue",
        "state",
        "serialized_func",
        "args",
        "kwargs",
        "lock",
        "lock_key",
        "unique",
        "unique_key",
        "hard_timeout",
        "retry_method",
        "retry_on",
        "max_stored_executions",
        "serialized_runner_class",
        "ts",
        "time_last_queued",
        "executions",
        "scheduled_at",
    )
    new = {name: outcome(getattr, task, name)[:2] for name in names}
    task.delay(when=HOUR)
    there = found(task, "scheduled")
    kinds = {
        name: type(getattr(there, name)).__name__ for name in ("ts", "time_last_queued", "scheduled_at", "executions")
    }
    return [new, kinds, there.ts == there.scheduled_at, there.func is send_mail, sorted(there.data), there.ts.tzinfo]


@scene
def executions_of_a_task():
    (task,) = failed()
    there = found(task, "error")
    (execution,) = there.executions
    texts = [
        execution["exception_name"],
        execution["traceback"].splitlines()[0],
        execution["traceback"].splitlines()[-1],
    ]
    return [sorted(execution), texts, execution["time_started"] < execution["time_failed"], there.n_executions()]


@scene
def executions_are_loaded_on_request_only():
    (task,) = failed(1, retry_method=tasktiger.fixed(0, 3))
    work(tiger, rounds=5)
    counts = [len(Task.from_id(tiger, "default", "error", task.id, load_executions=n).executions) for n in (0, 1, 2, 9)]
    _, (listed,) = Task.tasks_from_queue(tiger, "default", "error", load_executions=2)
    return [counts, len(listed.executions), listed.n_executions()]


@scene
def executions_are_kept_to_a_number():
    (task,) = failed(1, retry_method=tasktiger.fixed(0, 4), max_stored_executions=2)
    work(tiger, rounds=6)
    return [len(found(task, "error").executions), found(task, "error").n_executions()]


@scene
def zero_stored_executions_keep_all():
    (task,) = failed(1, retry_method=tasktiger.fixed(0, 2), max_stored_executions=0)
    work(tiger, rounds=4)
    return [len(found(task, "error").executions), found(task, "error").n_executions()]


@scene
def pages_of_a_queue():
    for number in range(7):
        tiger.delay(send_mail, args=[number], when=HOUR * (number + 1))

    def page(**options):
        total, tasks = Task.tasks_from_queue(tiger, "default", "scheduled", **options)
        return [total, [task.args[0] for task in tasks]]

    return [
        page(),
        page(limit=3),
        page(skip=2),
        page(skip=2, limit=2),
        page(skip=7),
        page(skip=6, limit=5),
        page(limit=0),
        page(skip=100, limit=1),
    ]


@scene
def pages_of_nothing():
    return [
        Task.tasks_from_queue(tiger, "nowhere", "queued"),
        outcome(Task.tasks_from_queue, tiger, "default", "unheard of"),
        outcome(Task.from_id, tiger, "default", "queued", "no such id"),
    ]


@scene
def payloads_that_are_gone():
    gone, there = tiger.delay(send_mail, args=[1]), tiger.delay(send_mail, args=[2])
    tiger.connection.delete(f"t:task:{gone.id}")
    total, tasks = Task.tasks_from_queue(tiger, "default", "queued")
    _, everything = Task.tasks_from_queue(tiger, "default", "queued", include_not_found=True)
    bare = next(task for task in everything if task.id == gone.id)
    answers = [
        outcome(Task.from_id, tiger, "default", "queued", gone.id),
        outcome(gone.n_executions),
        sorted(bare.data),
    ]
    return [total, [task.args for task in tasks], len(everything), answers, there.state]


@scene
def verbs_in_the_wrong_state():
    queued, later = tiger.delay(send_mail, args=[1]), tiger.delay(send_mail, args=[2], when=HOUR)
    (error,) = failed()
    work(tiger)
    answers = {}
    for task, state in ((queued, "gone"), (later, "scheduled"), (error, "error")):
        for verb in ("retry", "cancel", "delete"):
            twin = task if state == "gone" else found(task, state)
            answers[f"{verb} {state}"] = outcome(getattr(twin, verb))
            if answers[f"{verb} {state}"][0] == "returned":
                break
    late = outcome(queued.update_scheduled_time, datetime.datetime(2030, 1, 1))
    return [answers, late, tiger.get_queue_stats()]


@scene
def a_moment_is_changed():
    task = tiger.delay(send_mail, args=[1], when=HOUR)
    task.update_scheduled_time(datetime.datetime(2030, 5, 6, 7, 8, 9))
    first = found(task, "scheduled")
    task.update_scheduled_time(datetime.timedelta(hours=20))
    second = found(task, "scheduled")
    return [first.ts.isoformat(), first.scheduled_at.isoformat(), second.ts == second.scheduled_at, task.state]


@scene
def a_clone_is_the_same_task():
    task = tiger.delay(send_mail, args=["a"], kwargs={"subject": [1]})
    clone = task.clone()
    clone.args.append("b")
    return [clone.id == task.id, clone is task, task.args, clone.state, clone.queue, clone.func is send_mail]


@scene
def should_retry_on():
    task = Task(tiger, send_mail, retry_on=[ValueError, LookupError])
    bare = Task(tiger, send_mail)
    classes = (ValueError, UnicodeError, KeyError, Exception, OSError, tasktiger.JobTimeoutException)
    return [[task.should_retry_on(one) for one in classes], [bool(bare.should_retry_on(one)) for one in classes]]


@scene
def should_retry_on_what_cannot_be_imported():
    task = tiger.delay(send_mail, args=[1], retry_on=[ValueError])
    key = f"t:task:{task.id}"
    tiger.connection.set(key, tiger.connection.get(key).replace("builtins:ValueError", "nowhere:Trouble"))
    return Task.from_id(tiger, "default", "queued", task.id).should_retry_on(ValueError)


@scene
def a_task_is_executed_here():
    missing = outcome(Task(tiger, who_am_i, args=["here"]).execute)
    there = who_am_i.delay("there")
    there.execute()
    return [missing, journal(), outcome(Task(tiger, fail).execute), tiger.get_queue_stats()]


@scene
def verbs_tell_the_task():
    task = Task(tiger, send_mail, args=["a"])
    before = outcome(lambda: task.state)
    task.delay(when=HOUR)
    scheduled = task.state
    task.cancel()
    (error,) = failed()
    there = found(error, "error")
    there.retry()
    again = there.state
    work(tiger)
    found(error, "error").delete()
    return [before, scheduled, again, tiger.get_queue_stats(), outcome(there.n_executions)]


@scene
def a_loaded_task_is_queued_again():
    (error,) = failed()
    there = found(error, "error")
    there.delay()
    return [there.state, tiger.get_queue_stats()]


@scene
def the_queue_of_a_function():
    tiger.task(queue="special")(send_mail)
    named = [Task.queue_from_function(one, tiger) for one in (send_mail, fail)]
    del send_mail._task_queue, send_mail.delay
    return named


@scene
def tasks_print_themselves():
    task = tiger.delay(send_mail, args=[1])
    return ["send_mail" in repr(task), issubclass(TaskNotFound, Exception)]


@scene
def tasks_compare():
    task = tiger.delay(send_mail, args=[1])
    twin = found(task, "queued")
    return [twin.id == task.id, twin.data == task.data]
