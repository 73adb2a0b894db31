"""Where our engine means to do otherwise than TaskTiger, and nowhere else: scene -> why, and what is then different."""

from dataclasses import dataclass

_UNSET = object()


@dataclass(frozen=True)
class Departure:
    """why: with the number of TaskTiger's defect, if it is one.  facts: what the scene gives on our engine.

    left, log: the places that differ, as `compare` tells them."""

    why: str
    facts: object = _UNSET
    left: tuple = ()
    log: tuple = ()

    @property
    def has_facts(self) -> bool:
        return self.facts is not _UNSET


NONE = Departure("")

DEPARTURES = {
    "the_defaults": Departure(
        "Recovery is bounded for any number of expired tasks: 200 at a time instead of 10.",
        facts={
            "REDIS_PREFIX": "t",
            "LOGGER_NAME": "tasktiger",
            "DEFAULT_QUEUE": "default",
            "SELECT_TIMEOUT": 1,
            "SELECT_BATCH_TIMEOUT": 0,
            "ALWAYS_EAGER": False,
            "LOCK_RETRY": 1,
            "SCHEDULED_TASK_BATCH_SIZE": 1000,
            "DEFAULT_HARD_TIMEOUT": 300,
            "ACTIVE_TASK_UPDATE_TIMER": 10,
            "ACTIVE_TASK_UPDATE_TIMEOUT": 60,
            "REQUEUE_EXPIRED_TASKS_INTERVAL": 30,
            "REQUEUE_EXPIRED_TASKS_BATCH_SIZE": 200,
            "QUEUE_SCHEDULED_TASKS_TIME": 1,
            "BATCH_QUEUES": {},
            "STATS_INTERVAL": 60,
            "SINGLE_WORKER_QUEUES": [],
            "ONLY_QUEUES": [],
            "EXCLUDE_QUEUES": [],
            "CHILD_CONTEXT_MANAGERS": [],
            "STORE_TRACEBACKS": True,
            "POLL_TASK_QUEUES_INTERVAL": 0,
            "PUBLISH_QUEUED_TASKS": True,
            "retry": ["retry", "_fixed", [60, 3]],
        },
    ),
    "a_full_queue_refuses_a_unique_task_that_is_there_already": Departure(
        "D15: what is queued already takes no further room.", facts="returned"
    ),
    "the_pause_of_a_method": Departure(
        "D1: a payload comes out of a rescheduling as it went in.", left=("/payloads/fail #4/retry_method",)
    ),
    "a_moment_is_changed": Departure(
        "D1: the moment keeps its microseconds.",
        facts=["2030-05-06T07:08:09", "2030-05-06T07:08:09", True, "scheduled"],
    ),
    "an_original_traceback_that_there_is_not": Departure(
        "Where no exception was being handled, the traceback of the RetryException says more than 'NoneType: None'.",
        facts=[
            [],
            {"error": 1},
            ["Traceback (most recent call last):", "RetryException"],
            ["exception_name", "host", "log_error", "retry", "retry_method", "success", "time_failed", "time_started"],
            "tasktiger.exceptions:RetryException",
        ],
        left=("/executions/original_without_one",),
    ),
    "a_runner_that_is_not_there": Departure(
        "D2: a name that cannot be imported fails its task; it ends no worker.",
        facts=[["returned", None], [], {"default": {"error": 1}}],
        left=("/executions/plain",),
        log=(
            "+error could not import runner class",
            "-error could not import runner class",
            "-error could not import runner class",
            "-error exception",
            "-info processing",
        ),
    ),
    "two_runners_in_one_batch": Departure(
        "It is refused before it begins, so nothing is said to run and the traceback is not the executor's.",
        left=("/executions/plain_batch ['a']", "/executions/plain_batch ['b']"),
        log=(
            "+error cannot mix multiple runner classes",
            "-error cannot mix multiple runner classes",
            "-info processing",
            "-info processing",
        ),
    ),
    "a_context_manager_that_cannot_begin": Departure(
        "A context that was entered is left, also when the one inside it cannot be entered.",
        facts=[["outer in", "outer out"], {"default": {"error": 1}}],
    ),
    "expressions_that_are_none": Departure(
        "A wrong expression is refused where it is written, not when a worker starts.",
        facts=["when it is declared"] * 4,
    ),
    "no_next_moment_no_task": Departure(
        "No line says that a task was queued which was not.",
        log=("-info queued periodic task", "-info queued periodic task"),
    ),
    "pages_of_a_queue": Departure(
        "No tasks are no tasks: limit=0 does not mean all of them.",
        facts=[
            [7, [0, 1, 2, 3, 4, 5, 6]],
            [7, [4, 5, 6]],
            [7, [0, 1, 2, 3, 4]],
            [7, [3, 4]],
            [7, []],
            [7, [0]],
            [7, []],
            [7, []],
        ],
    ),
    "a_name_where_names_are_wanted": Departure(
        "A text is not taken for a list of its letters.",
        facts=[["raised", "AssertionError"]] * 3,
        left=("+/payloads/greet ['abc']", "+/tasks/queued/abc", "/queues/queued"),
        log=("-info done", "-info done", "-info processing", "-info ready", "-info ready"),
    ),
    "a_task_that_leaves_the_process": Departure(
        "D11: leaving the process is no success, and it is recorded.",
        facts=[[["error"], ["error"]], ["leaving", "leaving"]],
        left=(
            "+/counts/leave [0]",
            "+/counts/leave [1]",
            "+/executions/leave [0]",
            "+/executions/leave [1]",
            "+/payloads/leave [0]",
            "/tasks/error/default",
        ),
        log=(
            "+error task error",
            "+error task error",
            "+info processing",
            "-info done",
            "-info processing",
            "-warning execution not found",
        ),
    ),
    "a_task_that_is_killed": Departure(
        "D6: a death without last words is recorded as an execution of its own.",
        left=("+/counts/die", "+/executions/die"),
        log=("+error child killed", "+error task error", "-warning execution not found"),
    ),
    "a_worker_in_one_process_leaves_after_a_time_limit": Departure(
        "It takes its leave before it goes.", log=("+info done",)
    ),
    "an_unimportable_task": Departure(
        "The traceback says which name could not be imported; and what could not begin is not said to run.",
        left=("/executions/nothing",),
        log=("-info processing",),
    ),
    "expired_tasks": Departure(
        "A lost worker is recorded as an execution, and the lines about it say what has been done.",
        left=("+/counts/greet ['b']", "+/counts/greet ['c']", "+/executions/greet ['b']", "+/executions/greet ['c']"),
        log=(
            "+error failing expired task",
            "+error failing expired task",
            "+info queueing expired task",
            "-error failing expired task",
            "-error failing expired task",
            "-info queueing expired task",
        ),
    ),
    "functions_of_a_batch_queue_run_by_turns": Departure(
        "Each task of a function without batch=True has an outcome of its own.",
        facts=[["alone 0", "alone 1", "alone 2", "alone 3"], {"batch": {"error": 1}}],
        left=(
            *(f"-/{kind}/alone [{number}]" for kind in ("counts", "executions", "payloads") for number in (0, 1, 3)),
            "/tasks/error/batch",
        ),
        log=("+info done",) * 3 + ("+info processing",) * 3 + ("-error task error",) * 3 + ("-info processing",) * 3,
    ),
    "a_worker_without_a_limit": Departure(
        "D17: every worker of ours honours the system lock.",
        facts=[],
        left=("+/payloads/greet", "+/tasks/queued/default", "/queues/queued"),
        log=("-info done", "-info processing"),
    ),
    "a_lock_for_part_of_a_second": Departure(
        "D17: it is set, instead of half set with an error.", facts=["returned", None]
    ),
    "a_text_as_arguments": Departure(
        "The log shows the arguments as the function is given them.", log=("+info processing", "-info processing")
    ),
    "functions_that_cannot_be_found_again": Departure(
        "The traceback says which name could not be imported; and what could not begin is not said to run.",
        left=(
            "/executions/functions_that_cannot_be_found_again.<locals>.<lambda>",
            "/executions/functions_that_cannot_be_found_again.<locals>.inner",
        ),
        log=("-info processing", "-info processing"),
    ),
    "a_queue_without_a_name": Departure(
        "An empty name is the default queue.",
        facts=["queued", "queued", {"default": {"queued": 2}}],
        left=("+/payloads/say #2", "/tasks/queued/default"),
    ),
    "moments_of_all_kinds": Departure(
        "A number is a moment too: Unix seconds.",
        facts=["queued", "queued", "queued", "queued", "raised", "raised", "raised", "raised"],
        left=("+/payloads/say #2", "+/payloads/say #3", "+/payloads/say #4", "/tasks/queued/default"),
    ),
    "sizes_of_all_kinds": Departure(
        "A limit below zero is none.",
        facts=["queued", "raised", "queued", "queued", "queued", "queued", {"default": {"queued": 5}}],
        left=("+/payloads/say #5", "/tasks/queued/default"),
    ),
    "stored_executions_of_all_kinds": Departure(
        "A number below zero keeps all executions; TaskTiger loses them, and with them the reason of the failure.",
        facts=[[3, 3], [1, 3], [3, 3], [3, 3], [3, 3]],
        left=("+/executions/fail ['stop'] #3",),
        log=("+error task error", "+warning task error", "+warning task error") + ("-warning execution not found",) * 3,
    ),
    "a_task_that_raises_a_base_exception": Departure(
        "D11: whatever a task raises is recorded.",
        left=("+/counts/fail ['base']", "+/executions/fail ['base']"),
        log=("+error task error", "-warning execution not found"),
    ),
    "a_task_that_finds_a_queue_full": Departure(
        "D11: whatever a task raises is recorded.",
        left=("+/counts/fail ['full']", "+/executions/fail ['full']"),
        log=("+error task error", "-warning execution not found"),
    ),
    "a_task_whose_exception_has_odd_letters": Departure(
        "A letter that cannot be written as UTF-8 is spelt out.", left=("/executions/fail ['nul']",)
    ),
    "payloads_of_older_versions": Departure(
        "D1: what cjson made of an empty list is an empty list.",
        facts=[["returned", None], ["() []", "() []", "() []", "static é"], {}],
        left=(
            "-/counts/say",
            "-/counts/say #2",
            "-/executions/say",
            "-/executions/say #2",
            "-/payloads/say",
            "-/payloads/say #2",
            "-/tasks/error/default",
            "/queues/error",
        ),
        log=("+info done",) * 2 + ("+info processing",) * 2 + ("-error task error",) * 2 + ("-info processing",) * 2,
    ),
    "told_of_an_expired_task": Departure(
        "The line says what has been done.", log=("+info queueing expired task", "-info queueing expired task")
    ),
    "told_of_a_missing_payload": Departure(
        "An entry without a task is shown in error with an explanation; TaskTiger drops it.",
        facts={"default": {"error": 1}},
        left=("+/counts/", "+/executions/", "+/tasks/error/default", "/queues/error"),
        log=("+error not found", "-error not found"),
    ),
}

TELLS_MORE = {
    "debug new queue: pid, queue, timestamp",
    "info queueing expired task: pid, queue, task_id, timestamp, verb",
    "debug periodic task already in queue: func, pid, timestamp",
}
"""Kinds of lines of ours: of the queues at the start too, and of what the sweeper did."""

TELLS_LESS = {
    "info queueing expired task: pid, queue, task_id, timestamp",
    "debug periodic task already in queue: func, pid, result, timestamp",
    "debug scheduled tasks: pid, qty, queue, timestamp",
}
"""The same two without our field or with theirs; and a promotion, which is not due in a run without one."""

ENDS = {"stopped while idle": {"tasktiger": {0, -15}, "compat": {0}}}
"""Exit statuses.  D21: a TaskTiger worker that just waits dies by the signal; ours takes its leave."""

LINES_OF_ONE = {
    "+info done",
    "+info stop requested, waiting for task to finish",
    "-info queued periodic task",
}
"""Of a day: a TaskTiger worker that just waits ends without a word, and says that a task was queued which was not."""

OUR_EVENTS = {"sweeping"}
"""Log lines that only we have: a worker says that it does the duties of the sweeper."""


def without_our_own(log: list) -> list:
    return [line for line in log if line[1] not in OUR_EVENTS]
