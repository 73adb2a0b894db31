"""The rules of holds: who lets something wait, and who moves tasks aside and back."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from queue_core.siding import Siding
from tests.builders import ANNA
from tests.model.stage import IDS, QUEUES, Stage

CHOSEN = st.lists(IDS, min_size=1, unique=True)


class Holders(Stage):
    @rule(queue=st.none() | QUEUES, seconds=st.sampled_from([None, 30.0]))
    def hold(self, queue, seconds):
        """All tasks call one function."""
        until = None if seconds is None else self.clock.now() + seconds
        held = self.engine.holds.hold_function("app:work", queue=queue, actor=ANNA, reason="a fix", until=until)
        self.hold_id = held.id
        self.hold_ends_at[held.id] = until
        self.model.begin_hold(held.id, queue)
        self.model.note_act("hold", queue or "app:work")

    @rule()
    def release_the_last_one(self):
        hold_id, queue = self.hold_id, self.model.hold_queues.get(self.hold_id)

        def specified(_):
            self.model.end_hold(hold_id)
            self.model.note_act("release", queue or "app:work")

        self.both(lambda: self.engine.holds.release(hold_id, actor=ANNA) and None, specified)

    @rule(queue=QUEUES, chosen=CHOSEN)
    def put_back_by_name(self, queue, chosen):
        """Mostly what does not stand aside."""
        self.both(
            lambda: self.engine.store.run("put_back", queue=queue, ids=chosen),
            lambda _: self.model.put_back(queue, chosen),
        )

    @precondition(lambda self: any(self.model.states["queued"].values()))
    @rule(queue=QUEUES, chosen=CHOSEN)
    def set_aside_by_name(self, queue, chosen):
        """As who looked a moment ago: some have left since, or the hold has ended."""
        self.both(
            lambda: self.engine.store.run("set_aside", queue=queue, hold_id=self.hold_id, ids=chosen),
            lambda _: self.model.set_aside(queue, chosen, self.hold_id),
        )

    @rule()
    def a_sweeper_looks(self):
        """Holds that have ended lapse; what none covers comes back, and what one covers goes aside."""
        self._lapse()
        for _ in Siding(self.engine.store).sweep():
            pass
        for queue in sorted(self.model.states["scheduled"]):
            if not self._covered(queue):
                self.model.put_back(queue, self.model.aside(queue))
        for queue in sorted(self.model.states["queued"]):
            if self._covered(queue):
                self.model.set_aside(queue, self._runnable(queue), self._covered(queue))

    def _lapse(self):
        now = self.clock.now()
        over = {
            one
            for one in self.model.hold_queues
            if self.hold_ends_at[one] is not None and self.hold_ends_at[one] <= now
        }
        lapsed = self.engine.holds.lapse()
        assert {hold.id for hold in lapsed} == over
        for hold in lapsed:
            self.model.end_hold(hold.id)
            self.model.note_act("release", hold.queue or "app:work")

    def _runnable(self, queue):
        """What the payload still tells the function of."""
        return [task_id for task_id in self.model.states["queued"][queue] if task_id in self.model.payloads]

    def _covered(self, queue):
        """The hold that counts there, the oldest first, or None."""
        standing = [hold.id for hold in self.engine.holds.all()]
        return next((one for one in standing if self.model.hold_queues[one] in (None, queue)), None)
