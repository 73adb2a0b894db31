"""Every boundary at which a process can die, as rows: a script or a point, and the roles that meet it.

A script without a row here fails the test: say who calls it, or why nobody can die in it.
"""

from dataclasses import dataclass

SCRIPTS = {
    "enqueue": ("producer", "sync", "fork child"),
    "enqueue_later": ("producer", "sync", "fork", "fork child"),
    "claim": ("sync", "fork"),
    "start": ("sync", "fork"),
    "heartbeat": ("sync", "fork"),
    "finish": ("sync", "fork"),
    "retry_later": ("sync", "fork"),
    "defer": ("sync", "fork"),
    "give_up": ("sync", "fork"),
    "release": ("sync", "fork"),
    "stand_aside": ("sync", "fork"),
    "set_aside": ("sweeper",),
    "put_back": ("sweeper",),
    "promote": ("sweeper", "sync", "fork"),
    "recover": ("sweeper", "sync", "fork"),
    "retry": ("operator", "sweeper"),
    "delete": ("operator", "sweeper"),
    "cancel": ("operator",),
    "reschedule": ("operator", "sweeper"),
    "move": ("operator", "sweeper"),
    "shift": ("operator",),
    "purge": ("operator",),
    "restore": ("operator", "sweeper"),
    "drop_trash": ("operator", "sweeper"),
    "pause": ("operator",),
    "resume": ("operator", "sweeper"),
    "renew_pause": ("sweeper",),
    "begin_hold": ("operator",),
    "end_hold": ("operator", "sweeper"),
    "start_operation": ("operator",),
    "freeze": ("operator",),
    "skip": ("operator", "sweeper"),
    "pace": ("operator", "sweeper"),
    "steer_operation": ("operator",),
    "end_operation": ("operator", "sweeper"),
    "settle_followed": ("sweeper",),
    "enter_queue": ("sync", "fork"),
    "renew_lock": ("sweeper", "sync", "fork"),
    "release_lock": ("sweeper", "operator", "sync", "fork"),
    "hold": ("sweeper", "operator", "sync", "fork"),
    "whereabouts": ("sweeper",),
    "part_twin": ("sweeper",),
    "index_errors": ("sweeper",),
    "counts": ("sweeper", "sync", "fork"),
    "glimpse": ("operator",),
    "glimpse_execution": ("operator",),
}

APART = {
    "annotate_group": "writes one note with its act",
    "count_executions": "corrects one number, any number of times",
    "edit": "accepts one new task with its act",
    "hand_over": "its own test kills whoever transfers a task, before and after it",
    "list_queue": "puts back one name, any number of times",
    "mark_deploy": "writes one mark with its act",
    "pass_by": "counts what an operation passes by, with how far it has looked, in one step",
    "receive": "as hand_over",
}
"""Scripts that nobody calls on the way of a task, and what they do."""

ON_A_STREAM = {"claim", "start", "heartbeat", "finish", "retry_later", "defer", "give_up", "release", "stand_aside"}
"""Sent by workers on a connection of their own, where a process can also die with the reply on its way."""

AGAIN = {
    ("start", "sync"): (4, 5, 6),
    ("start", "fork"): (4, 5, 6),
    ("finish", "sync"): (4, 5, 6),
    ("finish", "fork"): (4, 5, 6),
    ("claim", "sync"): (3,),
    ("claim", "fork"): (3,),
    ("heartbeat", "sync"): (3,),
    ("heartbeat", "fork"): (3,),
    ("enqueue", "producer"): (2,),
    ("recover", "sweeper"): (2, 3),
    ("retry", "sweeper"): (2,),
    ("hold", "sweeper"): (3,),
}
"""(script, role): later calls that are tried too, because other tasks are under way then."""

POINTS = {
    "before_fork": ("fork",),
    "after_fork": ("fork",),
    "child_begins": ("fork child",),
    "before_call": ("sync", "fork"),
    "before_report": ("fork child",),
    "after_report": ("fork child",),
    "before_settle": ("sync", "fork"),
}
"""Other points: name -> roles."""

POINT_TIMES = (1, 5, 6)

ON_STOPPING = {"stop_signal": ("sync", "fork", "sweeper"), "release_lock": ("sync", "fork", "sweeper")}
"""Points that are met while a process is asked to stop in the middle of its work."""

IN_BATCHES = (
    "claim", "start", "heartbeat", "finish", "retry_later", "give_up", "stand_aside", "before_report", "before_settle",
)  # fmt: skip
"""Scripts and points that are tried with a batch queue too."""


@dataclass(frozen=True)
class Case:
    """role: a key of `crash_roles.ROLES`.  point: as SIGNALBOX_CRASH_AT takes it.

    style: plain | limited (one worker at a queue) | no process (for a while none can be made) | batch (in a batch
    queue) | stopped (asked to stop in the middle) | late (what was not acknowledged is repeated after it has run)."""

    role: str
    point: str
    style: str = "plain"

    @property
    def boundary(self) -> str:
        return self.point.partition("@")[0]

    @property
    def who(self) -> str:
        in_child = " child" if self.point.endswith("@child") else ""
        return f"{self.role}{in_child}" + ("" if self.style == "plain" else f", {self.style}")


def all_cases() -> list[Case]:
    return [*_of_scripts(), *_of_points()]


def _of_scripts():
    for name, roles in SCRIPTS.items():
        for role, process in map(_split, roles):
            for point in _points_of(name, role, process):
                yield from (Case(role, point, style) for style in _styles(role, name))


def _points_of(name, role, process):
    moments = ["before", "sent", "after"] if name in ON_A_STREAM and process == "parent" else ["before", "after"]
    for moment in moments:
        yield f"{moment}:{name}@{process}"
        for time in AGAIN.get((name, role), ()) if process == "parent" else ():
            yield f"{moment}:{name}:{time}@{process}"


def _styles(role, name):
    if role == "producer":
        return ["plain", "late"]
    if name == "enter_queue":
        return ["limited"]
    if (role, name) == ("fork", "release"):
        return ["no process"]
    return ["plain", "batch"] if role in ("sync", "fork") and name in IN_BATCHES else ["plain"]


def _of_points():
    for name, roles in POINTS.items():
        for role, process in map(_split, roles):
            for time in POINT_TIMES:
                yield Case(role, f"reached:{name}:{time}@{process}")
            if name in IN_BATCHES:
                yield Case(role, f"reached:{name}@{process}", "batch")
    for name, roles in ON_STOPPING.items():
        for role in roles:
            if name not in SCRIPTS:
                yield Case(role, f"reached:{name}@parent", "stopped")
            else:
                yield from (Case(role, f"{moment}:{name}@parent", "stopped") for moment in ("before", "after"))


def _split(who) -> tuple[str, str]:
    """(role, process) of words such as `fork child`."""
    role, _, process = who.partition(" ")
    return role, process or "parent"
