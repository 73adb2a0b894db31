"""What an act on many queues would touch, told before it is begun: a part for each queue, and their sums.  Pure."""

from collections import Counter
from dataclasses import dataclass, field

LOOKED_AT = 4000
"""So many tasks are read for one preview, shared by its queues."""
_FUNCTIONS = 6
_SAMPLES = 5


@dataclass(frozen=True)
class Part:
    """foreseen: what `operations.foresee` tells of the queue."""

    queue: str
    foreseen: object


@dataclass(frozen=True)
class Preview:
    """left: further queues, which one act does not take."""

    parts: list[Part] = field(default_factory=list)
    left: int = 0

    @property
    def about(self) -> int:
        """How many tasks are meant."""
        return self._sum("about")

    @property
    def looked_at(self) -> int:
        return self._sum("looked_at")

    @property
    def total(self) -> int:
        return self._sum("total")

    @property
    def is_exact(self) -> bool:
        return all(part.foreseen.is_exact for part in self.parts)

    @property
    def queues(self) -> list[str]:
        return [part.queue for part in self.parts]

    @property
    def functions(self) -> list[tuple]:
        """(name, or None; how many), those with most."""
        return sum((part.foreseen.functions for part in self.parts), Counter()).most_common(_FUNCTIONS)

    @property
    def samples(self) -> list[tuple[str, str]]:
        """(queue, id) of a few."""
        return [(part.queue, one) for part in self.parts for one in part.foreseen.samples][:_SAMPLES]

    @property
    def span(self) -> tuple[float, float] | None:
        """The lowest and the highest score of them."""
        ends = [(part.foreseen.first_at, part.foreseen.last_at) for part in self.parts]
        return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None

    def _sum(self, name):
        return sum(getattr(part.foreseen, name) for part in self.parts)
