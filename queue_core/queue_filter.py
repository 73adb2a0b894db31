"""Which queues a process serves: dotted names, the most specific name wins (wire §10.1)."""

import hashlib
import json
from dataclasses import dataclass


def ancestry(queue: str):
    """`a.b.c`, then `a.b`, then `a`."""
    while queue:
        yield queue
        queue = queue.rpartition(".")[0]


@dataclass(frozen=True)
class QueueFilter:
    """only: serve these and their subqueues (empty: all); exclude: not these, unless a longer name is in `only`."""

    only: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    @classmethod
    def of(cls, only=(), exclude=()):
        # a plain string would be taken letter by letter
        assert not isinstance(only, str) and not isinstance(exclude, str), "give lists of queue names, not a string"
        return cls(frozenset(only or ()), frozenset(exclude or ()))

    def accepts(self, queue: str) -> bool:
        for name in ancestry(queue):
            if name in self.exclude:
                return False
            if name in self.only:
                return True
        return not self.only

    @property
    def group_name(self) -> str:
        """The name of the worker group with this filter."""
        return hashlib.sha256(json.dumps(self.key).encode()).hexdigest()

    @property
    def key(self) -> list[list[str]]:
        """The two sorted lists that the name of a worker group is made of (wire §4)."""
        return [sorted(self.only), sorted(self.exclude)]
