"""What happens to the processes: killed, stopped and let go on, cut off, and Redis taken away."""

import contextlib
import random
import time
from collections import Counter

import redis

from bench.soaking.crew import SoakCrew

KINDS = {
    "kill worker": 9,
    "kill sweeper": 3,
    "kill child": 4,
    "freeze worker": 4,
    "freeze sweeper": 2,
    "cut connections": 6,
    "kill redis": 3,
    "stop redis": 2,
    "kill redis and worker": 1,
    "freeze redis": 2,
}
"""What is done, and how often in comparison."""

_BETWEEN_SECONDS = (0.3, 3.0)
_FROZEN_SECONDS = (2.0, 7.0)
"""Shorter than a lease, and longer."""
_REDIS_AWAY_SECONDS = (0.0, 2.5)
_REDIS_FROZEN_SECONDS = (0.5, 3.0)
_LOOK_SECONDS = 0.05


class Weather:
    """done: {kind: times}.  away_seconds: how long Redis was away in all."""

    def __init__(self, crew: SoakCrew, seed):
        self.done = Counter()
        self.away_seconds = 0.0
        self._crew, self._chance = crew, random.Random(seed)
        self._next_at = time.monotonic() + self._chance.uniform(*_BETWEEN_SECONDS)

    def pass_by(self) -> None:
        """A short while of it."""
        self._crew.keep_up()
        if time.monotonic() >= self._next_at:
            self._strike(self._chance.choices(list(KINDS), KINDS.values())[0])
            self._next_at = time.monotonic() + self._chance.uniform(*_BETWEEN_SECONDS)
        time.sleep(_LOOK_SECONDS)

    def clear_up(self) -> None:
        """Everything runs again."""
        self._crew.thaw_all()
        self._crew.keep_up()

    def _strike(self, kind):
        chance, crew = self._chance, self._crew
        # every choice is made before the act, so that the same seed makes the same plan whatever the acts meet
        worker, sweeper = chance.choice(crew.workers), chance.choice(crew.sweepers)
        frozen, away = chance.uniform(*_FROZEN_SECONDS), chance.uniform(*_REDIS_AWAY_SECONDS)
        redis_frozen, cut = chance.uniform(*_REDIS_FROZEN_SECONDS), random.Random(chance.random())
        {
            "kill worker": lambda: crew.kill(worker),
            "kill sweeper": lambda: crew.kill(sweeper),
            "kill child": crew.kill_child,
            "freeze worker": lambda: crew.freeze(worker, frozen),
            "freeze sweeper": lambda: crew.freeze(sweeper, frozen),
            "cut connections": lambda: self._cut(cut),
            "kill redis": lambda: self._without_redis(crew.kill_redis, away),
            "stop redis": lambda: self._without_redis(crew.stop_redis, away),
            "kill redis and worker": lambda: self._without_redis(crew.kill_redis, away, worker),
            "freeze redis": lambda: crew.freeze_redis(redis_frozen),
        }[kind]()
        self.done[kind] += 1

    def _cut(self, chance):
        with contextlib.suppress(redis.RedisError):
            self._crew.cut_connections(chance)

    def _without_redis(self, end, seconds, worker=None):
        end()
        began_at = time.monotonic()
        if worker:
            self._crew.kill(worker)
        time.sleep(seconds)
        self._crew.restart_redis()
        self.away_seconds += time.monotonic() - began_at
