"""Every exception of the engine.

SignalboxError
├── InvalidRequest            you asked wrongly (also a ValueError)
│   ├── InvalidSettings           settings that cannot be; all faults in one message
│   ├── UnknownState              not one of the four states
│   ├── InvalidQueueName          empty, too long, with control characters, or where it is already
│   ├── InvalidTask               a function or arguments that cannot be put on the wire
│   │   └── NotSerialisable           JSON cannot carry the arguments (also a TypeError)
│   ├── InvalidPayload            what Redis holds for a task cannot be read
│   ├── NameNotAllowed            a function or class outside the allow-list
│   ├── KeyReused                 the key of a repeatable request belongs to another one
│   └── InvalidCredentials        no such user, wrong password, or too many attempts
├── MovedOn                   the world moved on
│   ├── TaskNotFound              not in that state any more
│   ├── LeaseLost                 somebody else holds, moved or finished the task
│   ├── QueuePaused               nothing may be claimed from the queue now
│   ├── NotPaused                 there is no pause to lift
│   ├── NotHeld                   there is no such hold to release
│   ├── OperationEnded            finished or cancelled already
│   ├── OperationNotFound         no record under this id
│   ├── SearchNotFound            no search in the background under this id
│   ├── ErrorGroupNotFound        no such group of errors
│   ├── EntryNotFound             not in the trash any more
│   ├── WorkerNotFound            no worker alive has this id
│   ├── PayloadDiffers            another task lives under the same id
│   ├── UserNotFound              no such user
│   ├── TokenNotFound             no such token of the API
│   ├── SessionNotFound           no such open session
│   ├── RequestRunning            somebody is at this very request
│   ├── AnswerLost                a repeated request was done before, and its answer is not known
│   ├── OutcomeUnknown            nobody can say whether a repeated request was done before
│   └── AlreadyThere              the same task is already in that place
└── StoreError                the store is away
    ├── StoreUnavailable          Redis does not answer
    │   ├── EnqueueUncertain          the reply to an enqueue was lost: it may or may not have happened
    │   └── NotReplicated             written, and no replica has confirmed it in time
    ├── StoreFull                 Redis refuses writes because its memory is used up
    ├── StoreTooOld               Redis is older than what Signalbox needs
    ├── StoreCorrupt              a key holds another type than the protocol says
    └── NoServer                  no Redis to be found or started

The wire fixes five more names (tasktiger.exceptions:*).  Three of them derive from BaseException there, and
applications rely on that: a bare `except Exception` in a task must not swallow them.
"""


class SignalboxError(Exception):
    """The base of all errors of Signalbox."""

    def __init__(self, message: str = "", **facts):
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])
        for name, value in facts.items():
            setattr(self, name, value)


class InvalidRequest(SignalboxError, ValueError):
    """The request cannot be carried out as it was made."""


class InvalidSettings(InvalidRequest):
    """The settings cannot be used."""


class UnknownState(InvalidRequest):
    """There is no such state."""


class InvalidQueueName(InvalidRequest):
    """This is not a usable queue name."""


class InvalidTask(InvalidRequest):
    """This function or its arguments cannot be put on a queue."""


class NotSerialisable(InvalidTask, TypeError):
    """JSON cannot carry these arguments."""


class InvalidPayload(InvalidRequest):
    """What Redis holds for this task cannot be read."""


class NameNotAllowed(InvalidRequest):
    """This worker may not run that name."""


class KeyReused(InvalidRequest):
    """Another request was sent under this key; a key is for one request and its repetitions."""


class InvalidCredentials(InvalidRequest):
    """The user name or the password is not right."""


class MovedOn(SignalboxError):
    """The world moved on before the request arrived."""


class TaskNotFound(MovedOn):
    """The task is not there any more: it ran, was moved, or was deleted."""


class LeaseLost(MovedOn):
    """The lease on the task has passed to somebody else; nothing was written."""


class QueuePaused(MovedOn):
    """The queue is paused."""


class NotPaused(MovedOn):
    """The queue is not paused."""


class NotHeld(MovedOn):
    """There is no such hold: it was released, or its end has passed."""


class OperationEnded(MovedOn):
    """The operation has ended."""


class OperationNotFound(MovedOn):
    """There is no such operation."""


class SearchNotFound(MovedOn):
    """There is no such search in the background."""


class ErrorGroupNotFound(MovedOn):
    """There is no such error group."""


class EntryNotFound(MovedOn):
    """This entry is not in the trash any more: it was restored, or its time was over."""


class WorkerNotFound(MovedOn):
    """No worker of ours that is alive has this id."""


class PayloadDiffers(MovedOn):
    """Another queue holds a task with the same id and another payload."""


class UserNotFound(MovedOn):
    """There is no such user."""


class TokenNotFound(MovedOn):
    """There is no such token: it was revoked, or dropped after it had expired."""


class SessionNotFound(MovedOn):
    """There is no such session: it has ended."""


class RequestRunning(MovedOn):
    """A request under this key is being carried out, or was begun and not ended lately; ask again.

    Attributes: retry_after_seconds (int)."""


class AnswerLost(MovedOn):
    """This was done before, and its answer was lost; nothing was done again."""


class OutcomeUnknown(MovedOn):
    """It is not known whether this was done before.  Look, and use another key to do it."""


class AlreadyThere(MovedOn):
    """The same task is already in that place."""


class StoreError(SignalboxError):
    """The store cannot do this now."""


class StoreUnavailable(StoreError):
    """Redis does not answer.

    nothing_written: for certain, since no connection could be made or Redis itself said that it cannot."""

    nothing_written = False


class EnqueueUncertain(StoreUnavailable):
    """The reply to an enqueue was lost.  Repeating it with the same `task_id` makes no second task.

    Attributes: task_id (str)."""


class NotReplicated(StoreUnavailable):
    """No replica of Redis has confirmed the write in time; only one node has it so far."""


class StoreFull(StoreError):
    """Redis refuses writes: its memory is used up."""


class StoreTooOld(StoreError):
    """This Redis is too old for Signalbox."""


class StoreCorrupt(StoreError):
    """A key holds another type than the protocol says; nothing was written."""


class NoServer(StoreError):
    """No Redis server was found and none could be started."""


# The classes that cross the wire as tasktiger.exceptions:<name>; their bases are fixed there.


class TaskImportError(ImportError):
    """The function of a task cannot be imported."""


class StopRetry(Exception):
    """Raised by a retry method: no further retry."""


class JobTimeoutException(BaseException):
    """The task ran longer than its hard timeout."""


class QueueFullException(BaseException):
    """The queue has reached its size limit; nothing was written."""


class RetryException(BaseException):
    """Raised by a task that wants to be retried.

    method: a retry method (see `queue_core.retry`), else the task's own.
    original_traceback: record the traceback of the exception being handled instead of this one.
    log_error: when no retry is left, keep the task in `error` (True) or drop it (False)."""

    def __init__(self, method=None, original_traceback: bool = False, log_error: bool = True):
        super().__init__()
        self.method = method
        self.original_traceback = original_traceback
        self.log_error = log_error


BY_CODE_WORD = {
    "LEASE_LOST": LeaseLost,
    "TASK_NOT_FOUND": TaskNotFound,
    "PAYLOAD_MISSING": InvalidPayload,
    "QUEUE_PAUSED": QueuePaused,
    "QUEUE_FULL": QueueFullException,
    "NOT_PAUSED": NotPaused,
    "NOT_HELD": NotHeld,
    "ALREADY_THERE": AlreadyThere,
    "OPERATION_ENDED": OperationEnded,
    "OPERATION_NOT_FOUND": OperationNotFound,
    "ENTRY_NOT_FOUND": EntryNotFound,
    "PAYLOAD_DIFFERS": PayloadDiffers,
    "WRONG_TYPE": StoreCorrupt,
}
"""What each code word of a script means; a script refuses with `WORD some text`."""
