"""How a script is made to refuse; every test file of a script lists its ways in REFUSALS."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refusal:
    """word: what it must refuse with, when the sample call meets `spoil`ed state or other `values`."""

    word: str
    why: str
    spoil: Callable = lambda world: None
    values: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.word} when {self.why}"


def renew_elsewhere(world):
    """Another worker, or a stock one, has written the active score since."""
    world.raw.zadd("t:active:orders", {"a": 12345.678})


LEASE_LOST = [
    Refusal("LEASE_LOST", "another lease is presented", values={"lease": b"1.000001"}),
    Refusal("LEASE_LOST", "the score was written by somebody else", renew_elsewhere),
    Refusal("LEASE_LOST", "it is not active any more", lambda world: world.raw.zrem("t:active:orders", "a")),
    Refusal("LEASE_LOST", "nothing is active", lambda world: world.raw.flushall()),
]
"""How every step of a worker is refused."""

MISSING_CLAIM = Refusal(
    "LEASE_LOST", "it was claimed by a stock worker", lambda world: world.raw.delete("t:x:claims:orders")
)
OPERATION_ENDED = Refusal(
    "OPERATION_ENDED",
    "the operation was cancelled",
    lambda world: world.raw.hset("t:x:operation:op", "status", "cancelled"),
    {"operation_id": "op"},
)
OPERATION_UNKNOWN = Refusal(
    "OPERATION_ENDED", "there is no such operation", values={"operation_id": "of somebody else"}
)
