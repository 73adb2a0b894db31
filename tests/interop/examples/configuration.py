"""Configuration: the connection, the options, structured logs."""

import datetime

import tasktiger

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work


def greet(name="you"):
    note("hello", name)
    return f"hello {name}"


def greet_many(calls):
    note(" ".join(call["args"][0] for call in calls))


def new_tiger(**config):
    return tasktiger.TaskTiger(connection=connect(), config=QUICK | config, setup_structlog=True)


batching = new_tiger(BATCH_QUEUES={"letters": 3, "letters.urgent": 2})
greet_all = batching.task(batch=True)(greet_many)


@scene
def the_defaults():
    config = dict(tasktiger.TaskTiger(connection=connect()).config)
    function, arguments = config.pop("DEFAULT_RETRY_METHOD")
    return config | {"retry": [function.__module__.rpartition(".")[2], function.__name__, list(arguments)]}


@scene(gives={"mine": 7, "new": "kept", "default": 60})
def options_given_stand_beside_the_defaults():
    config = tasktiger.TaskTiger(connection=connect(), config={"LOCK_RETRY": 7, "MY_OWN": "kept"}).config
    return {"mine": config["LOCK_RETRY"], "new": config["MY_OWN"], "default": config["ACTIVE_TASK_UPDATE_TIMEOUT"]}


@scene(gives={"ran": ["hello you"], "left": {"scheduled": 1}})
def eager_runs_now_what_is_not_for_later():
    tiger = new_tiger(ALWAYS_EAGER=True)
    tiger.delay(greet)
    tiger.delay(greet, args=["later"], when=datetime.timedelta(hours=1))
    return {"ran": journal(), "left": tiger.get_queue_stats()["default"]}


@scene(gives=["hello Ann", "Task", "Task", None])
def eager_answers():
    tiger = new_tiger(ALWAYS_EAGER=True)
    known = tiger.task()(greet)
    answers = [
        tiger.delay(greet, args=["Ann"]),
        known.delay("Ann"),
        tasktiger.Task(tiger, greet).delay(when=None) and None,
    ]
    return [
        tasktiger.Task(tiger, greet, args=["Ann"]).delay(),
        type(answers[0]).__name__,
        type(answers[1]).__name__,
        None,
    ]


@scene(gives=[["raised", "TypeError"], ["raised", "ZeroDivisionError"]])
def eager_lets_exceptions_out():
    tiger = new_tiger(ALWAYS_EAGER=True)
    return [outcome(tiger.delay, greet, args=[object()]), outcome(tiger.delay, divmod, args=[1, 0])]


@scene(gives=["a b c", "d"])
def a_batch_is_as_large_as_configured():
    for letter in "abcd":
        batching.delay(greet_all, args=[letter], queue="letters")
    work(batching)
    return journal()


@scene(gives=["a b", "c d"])
def the_nearest_name_gives_the_batch_size():
    for letter in "abcd":
        batching.delay(greet_all, args=[letter], queue="letters.urgent.today")
    work(batching)
    return journal()


@scene(gives=["a", "b"])
def other_queues_are_no_batch_queues():
    for letter in "ab":
        batching.delay(greet_all, args=[letter], queue="letter")
    work(batching)
    return journal()


@scene(gives={"first": ["hello mine"], "then": ["hello mine", "hello theirs"], "left": ["default"]})
def only_queues_hold_until_others_are_named():
    tiger = new_tiger(ONLY_QUEUES=["mine"])
    for queue in ("mine", "theirs", "default"):
        tiger.delay(greet, args=[queue], queue=queue)
    work(tiger)
    first = journal()
    work(tiger, queues=["theirs"])
    return {"first": first, "then": journal(), "left": sorted(tiger.get_queue_stats())}


@scene(gives=["hello shown"])
def excluded_queues_are_left_alone():
    tiger = new_tiger(EXCLUDE_QUEUES=["hidden"])
    for queue in ("shown", "hidden", "hidden.too"):
        tiger.delay(greet, args=[queue], queue=queue)
    work(tiger)
    return journal()


@scene(gives={"before": None, "again": ["raised", "RuntimeError"], "prefix": "t2", "ran": ["hello you"]})
def an_instance_may_be_set_up_later():
    tiger = tasktiger.TaskTiger(lazy_init=True)
    before = tiger.config
    known = tiger.task()(greet)
    tiger.init(connection=connect(), config=QUICK | {"REDIS_PREFIX": "t2"})
    known.delay()
    work(tiger)
    prefix = tiger.config["REDIS_PREFIX"]
    return {"before": before, "again": outcome(tiger.init, connection=connect()), "prefix": prefix, "ran": journal()}


@scene
def a_late_instance_takes_nothing_at_once():
    return [
        outcome(tasktiger.TaskTiger, lazy_init=True, config={}),
        outcome(tasktiger.TaskTiger, lazy_init=True, connection=connect()),
        outcome(tasktiger.TaskTiger, lazy_init=True, setup_structlog=True),
    ][:2]


@scene(gives=["soft", 3])
def the_configuration_is_live():
    tiger = new_tiger()
    tiger.config["DEFAULT_QUEUE"] = "soft"
    tiger.config["BATCH_QUEUES"] = {"soft": 3}
    task = tiger.delay(greet)
    return [task.queue, tiger.config["BATCH_QUEUES"]["soft"]]


@scene(gives=["p:queued", "p:queued:default", "p:task"])
def a_prefix_of_its_own():
    tiger = new_tiger(REDIS_PREFIX="p")
    task = tiger.delay(greet)
    return sorted(key.removesuffix(":" + task.id) for key in tiger.connection.scan_iter())


@scene(gives=[[None, "greeted"], ["greeted"]])
def queued_tasks_need_not_be_announced():
    heard = []
    for publish in (False, True):
        tiger = new_tiger(PUBLISH_QUEUED_TASKS=publish)
        with tiger.connection.pubsub(ignore_subscribe_messages=True) as listener:
            listener.subscribe("t:activity")
            listener.get_message(timeout=5)
            tiger.delay(greet, queue="greeted")
            tiger.connection.publish("t:activity", "end")
            said = []
            while "end" not in said:
                if message := listener.get_message(timeout=5):
                    said.append(message["data"])
            heard.append(said[:-1] or [None])
    return [heard[0] + heard[1], heard[1]]
