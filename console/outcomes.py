"""What became of the tasks that an operation retried: parts of a bar, and words.  Pure."""

from dataclasses import dataclass

from console.presenters import number, plural, shortened

_SCALE = 1000
_CLASSES_SHOWN = 5


@dataclass(frozen=True)
class Part:
    """kind: succeeded | failed | other | gone | moved | waiting.  words: what it means; more: detail or ''.

    x, width: its place in a bar that is 1000 wide."""

    kind: str
    count: int
    words: str
    more: str = ""
    x: float = 0.0
    width: float = 0.0


def parts(outcomes) -> list[Part]:
    """The parts of the bar that are not empty, in their order."""
    found = [
        Part("succeeded", outcomes.succeeded, "succeeded"),
        Part("failed", outcomes.failed_same, "failed again, same error"),
        Part("other", outcomes.failed_other, "failed again, another error", _classes(outcomes)),
        Part(
            "unknown",
            outcomes.failed_unknown,
            "failed again, error not compared",
            "acted on again before it was read, or no earlier record to compare with",
        ),
        Part(
            "gone",
            outcomes.gone,
            "gone, presumably succeeded",
            "no worker of Signalbox saw them finish: a TaskTiger worker did, or somebody removed them",
        ),
        Part("moved", outcomes.moved_on, "moved on", "moved, deleted or cancelled before they ran"),
        Part("waiting", outcomes.waiting, "still waiting or running"),
    ]
    return _placed([one for one in found if one.count], outcomes.followed)


def _placed(found, total) -> list[Part]:
    placed, x = [], 0.0
    for one in found:
        width = _SCALE * one.count / total if total else 0.0
        placed.append(Part(one.kind, one.count, one.words, one.more, round(x, 1), round(width, 1)))
        x += width
    return placed


def _classes(outcomes) -> str:
    shown = [f"{shortened(name, 60)} {number(count)}" for name, count in outcomes.errors[:_CLASSES_SHOWN]]
    left = sum(count for _, count in outcomes.errors[_CLASSES_SHOWN:]) + outcomes.more_errors
    return ", ".join(shown + ([f"others {number(left)}"] if left else []))


def sentence(outcomes) -> str:
    """Such as `812 succeeded, 40 failed again: same error 38, KeyError 2; 1 148 still waiting or running`."""
    if not outcomes.followed:
        return ""
    said = [f"{number(outcomes.succeeded)} succeeded"]
    if outcomes.failed:
        said.append(f"{number(outcomes.failed)} failed again: {_failures(outcomes)}")
    return "; ".join(said + [f"{number(count)} {words}" for count, words in outcomes.others])


def _failures(outcomes) -> str:
    kinds = [f"same error {number(outcomes.failed_same)}"] if outcomes.failed_same else []
    kinds += [_classes(outcomes)] if outcomes.failed_other else []
    kinds += [f"not compared {number(outcomes.failed_unknown)}"] if outcomes.failed_unknown else []
    return ", ".join(kinds)


def unfollowed(operation) -> str:
    """What to say when not all that it did can be followed; else an empty text."""
    left = operation.done - operation.outcomes.followed
    if operation.verb != "retry" or left <= 0:
        return ""
    return f"Followed: {plural(operation.outcomes.followed, 'task')}. What became of {number(left)} more is not known."
