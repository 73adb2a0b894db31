"""The model says of TaskTiger what TaskTiger does: the same machine, with the real one on the other side."""

import json
import subprocess

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from queue_core import end_with_parent
from tests.interop.tiger import PYTHON, ROOT, environment
from tests.model import picture
from tests.model.model import ACTIVE, ERROR, QUEUED, SCHEDULED
from tests.model.stage import BEGINNING_AT
from tests.model.tiger_model import TigerModel

QUEUES = st.sampled_from(["orders", "pictures"])
UNIQUE = st.sampled_from(["u", "v"])
PICK = st.integers(0, 7)
SECONDS = st.sampled_from([1.0, 45.0])
RETRY_SECONDS, MAX_RETRIES = 30, 2
"""As in `tiger_side`, which only the other Python can import."""


class Side:
    """A process with a real TaskTiger."""

    def __init__(self, url):
        self.raw = redis.Redis.from_url(url)
        self._process = subprocess.Popen(
            [PYTHON, "-m", "tests.model.tiger_side", url],
            cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=end_with_parent,
        )  # fmt: skip

    def act(self, do, now, **values):
        self._process.stdin.write(json.dumps({"do": do, "now": now, **values}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.kill()
        self._process.wait()
        self.raw.close()


class TaskTigerAlone(RuleBasedStateMachine):
    """A unique id has a queue of its own: of two queues with one payload TaskTiger makes a lost task (wire D7)."""

    side, steps = None, 0

    def __init__(self):
        super().__init__()
        self.side.raw.flushall()
        self.now = BEGINNING_AT
        self.model = TigerModel(max_recoveries=0, lock_retry_seconds=1, payload_budget=0)
        self.written = 0

    @initialize()
    def nothing(self):
        """So that the empty Redis is compared too."""

    # -- rules --

    @rule(queue=QUEUES, delay=st.sampled_from([None, -5.0, 0.0, 30.0]), retries=st.booleans())
    def enqueue(self, queue, delay, retries):
        self.written += 1
        self._enqueue(queue, f"task {self.written}", delay, False, retries)

    @rule(name=UNIQUE, delay=st.sampled_from([None, None, -5.0, 0.0, 30.0]), retries=st.booleans())
    def enqueue_unique(self, name, delay, retries):
        self._enqueue({"u": "orders", "v": "pictures"}[name], name, delay, True, retries)

    def _enqueue(self, queue, name, delay, unique, retries):
        due_at = None if delay is None else self.now + delay
        task_id = self._act("enqueue", queue=queue, name=name, due_at=due_at, unique=unique, retries=retries)
        text = self.side.raw.get(f"t:task:{task_id}").decode()
        stamps = (json.loads(text)["time_last_queued"], json.loads(text)["scheduled_at"])
        assert stamps == (self.now, due_at if due_at and due_at > self.now else self.now)
        self.model.enqueue(queue, task_id, text, self.now, due_at)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds):
        self.now += seconds

    @rule(queue=QUEUES, fails=st.sampled_from([False, True, True]), promotes=st.booleans())
    def round_of_worker(self, queue, fails, promotes):
        self._act("round_of_worker", queue=queue, fails=fails, promotes=promotes)
        self.model.round_of_worker(queue, fails, promotes, self.now, RETRY_SECONDS, MAX_RETRIES)

    @rule(queue=QUEUES, task_id=PICK)
    def somebody_else_takes_it(self, queue, task_id):
        """And holds it for now: a unique task that is enqueued again meanwhile has to wait."""
        for one in self._of(QUEUED, task_id):
            queue, task_id = one
            if task_id not in self.model.states[ACTIVE][queue]:
                self.side.raw.zrem(f"t:queued:{queue}", task_id)
                self.side.raw.zadd(f"t:active:{queue}", {task_id: self.now})
                self.model.states[QUEUED][queue].pop(task_id)
                self.model.states[ACTIVE][queue][task_id] = self.now
                self._name_sets(queue)

    @precondition(lambda self: any(self.model.states[ERROR].values()))
    @rule(pick=PICK, verb=st.sampled_from(["retry", "retry", "delete"]))
    def act_on_an_error(self, pick, verb):
        for queue, task_id in self._of(ERROR, pick):
            self._act(verb, queue=queue, task_id=task_id)
            if verb == "retry":
                self.model.retry(queue, task_id, self.now)
            else:
                self.model.delete(queue, ERROR, task_id)

    @precondition(lambda self: any(self.model.states[SCHEDULED].values()))
    @rule(pick=PICK, verb=st.sampled_from(["cancel", "reschedule"]), seconds=SECONDS)
    def act_on_what_is_scheduled(self, pick, verb, seconds):
        for queue, task_id in self._of(SCHEDULED, pick):
            if verb == "cancel":
                self._act("cancel", queue=queue, task_id=task_id)
                self.model.cancel(queue, SCHEDULED, task_id)
            else:
                self._act("reschedule", queue=queue, task_id=task_id, due_at=self.now + seconds)
                self.model.reschedule(queue, SCHEDULED, task_id, self.now + seconds)

    @rule(queue=QUEUES)
    def purge(self, queue):
        purged = self._act("purge", queue=queue)
        assert purged == self.model.purge(queue, ERROR, float("inf"), None)

    # -- shared --

    def _act(self, do, **values):
        return self.side.act(do, self.now, **values)

    def _of(self, state, pick):
        """One task in that state, as a list of (queue, id); empty when there is none."""
        tasks = [(queue, task_id) for queue, ids in sorted(self.model.states[state].items()) for task_id in sorted(ids)]
        return [tasks[pick % len(tasks)]] if tasks else []

    def _name_sets(self, queue):
        for state in (QUEUED, ACTIVE):
            change = self.side.raw.sadd if self.model.states[state][queue] else self.side.raw.srem
            change(f"t:{state}", queue)

    @invariant()
    def compare(self):
        type(self).steps += 1
        found, wanted = picture.real(self.side.raw)[0], picture.specified(self.model)[0]
        assert not picture.difference(_comparable(found), _comparable(wanted))


def _comparable(all_keys) -> dict:
    """Without the words of failed runs; payloads as what they mean, since TaskTiger's Lua rewrites them."""
    shaped = {}
    for key, value in all_keys.items():
        if key.endswith(":executions"):
            shaped[key] = len(value)
        elif key.startswith("task:") and not key.endswith(":executions_count"):
            shaped[key] = json.loads(value)
        else:
            shaped[key] = value
    return shaped


@pytest.mark.interop
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_model_says_of_tasktiger_what_tasktiger_does(redis_url, capsys):
    if not PYTHON.exists():
        pytest.skip("*** There is no .venv-tasktiger: NOTHING IS TESTED AGAINST TASKTIGER.  bin/test makes it. ***")
    side = Side(redis_url)
    machine = type("TaskTigerHere", (TaskTigerAlone,), {"side": side})
    try:
        run(
            machine,
            settings=settings(
                max_examples=100,
                stateful_step_count=50,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        side.close()
    with capsys.disabled():
        print(f"\n{machine.steps} steps of TaskTiger, each as the model says")
