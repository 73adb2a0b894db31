"""Who may do what on which queues: roles, and grants of a role on a queue and its subqueues.  Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from queue_core.errors import InvalidRequest
from queue_core.payload import checked_queue
from queue_core.queue_filter import ancestry

ROLES = ("viewer", "operator", "admin")
"""Each may do all that those before it may."""

METRICS = "metrics"
"""Less than every role: what a token has that reads `/metrics` and nothing else."""

SCOPES = (METRICS, *ROLES)
"""What a token may be for."""

GRANTED_ROLES = ROLES[1:]
MOST_GRANTS = 100


@dataclass(frozen=True)
class Grant:
    """A role on `queue` and its subqueues."""

    role: str
    queue: str

    def covers(self, queue: str) -> bool:
        return self.queue in ancestry(queue)


@dataclass(frozen=True)
class User:
    """A user as the console sees one: no password, no hash.

    role: everywhere; grants: more than that on some queues.  `created_at` in Unix seconds."""

    name: str
    role: str
    epoch: int
    created_at: float
    grants: tuple[Grant, ...] = ()

    def role_on(self, queue: str) -> str:
        """The role that counts for an act on `queue` or on a task in it."""
        return _highest((self.role, *(grant.role for grant in self.grants if grant.covers(queue))))

    @property
    def highest_role(self) -> str:
        """The role on the queues where it is the highest."""
        return _highest((self.role, *(grant.role for grant in self.grants)))

    def limited(self, role: str, queues: Iterable[str] = ()) -> "User":
        """The same user with no more than `role`, and outside of `queues` (empty: all) with nothing but a look.

        role: one of SCOPES."""
        if role == METRICS:
            return replace(self, role=METRICS, grants=())
        lower = tuple(Grant(_lowest((grant.role, role)), grant.queue) for grant in self.grants)
        if not (queues := tuple(queues)):
            return replace(self, role=_lowest((self.role, role)), grants=_telling(lower))
        within = (Grant(_lowest((self.role_on(queue), role)), queue) for queue in queues)
        narrower = (grant for grant in lower if any(Grant(role, queue).covers(grant.queue) for queue in queues))
        return replace(self, role=ROLES[0], grants=_telling((*within, *narrower)))


def usable_role(role: str) -> str:
    """`role`.  Raises InvalidRequest when there is no such role."""
    if role not in ROLES:
        raise InvalidRequest(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.")
    return role


def usable_scope(scope: str) -> str:
    """`scope`.  Raises InvalidRequest when a token cannot be for that."""
    return scope if scope == METRICS else usable_role(scope)


def usable_grant(role: str, queue: str) -> Grant:
    """Raises InvalidRequest, InvalidQueueName for a grant that cannot be."""
    if role not in GRANTED_ROLES:
        raise InvalidRequest(f"What can be granted on a queue is {' or '.join(GRANTED_ROLES)}, not {role!r}.")
    return Grant(role, checked_queue(queue))


def with_grant(grants: Iterable[Grant], added: Grant) -> tuple[Grant, ...]:
    """`grants` with `added` in the place of the one on the same queue.  Raises InvalidRequest beyond 100."""
    kept = [grant for grant in grants if grant.queue != added.queue]
    if len(kept) >= MOST_GRANTS:
        raise InvalidRequest(f"A user has at most {MOST_GRANTS} grants; grant on the queue above them instead.")
    return tuple(sorted((*kept, added), key=lambda grant: grant.queue))


def _telling(grants) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant.role in GRANTED_ROLES)


def _highest(roles) -> str:
    return max(roles, key=SCOPES.index)


def _lowest(roles) -> str:
    return min(roles, key=SCOPES.index)
