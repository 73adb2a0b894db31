"""The form in which the arguments of a task are edited: JSON that was shown, read back.  Pure."""

import json
from dataclasses import dataclass

from queue_core import Masking, holds_hidden

MAX_EDITED_CHARACTERS = 200_000


@dataclass(frozen=True)
class Arguments:
    """What stands in the two fields of the form, and what is wrong with it, in a sentence, or None."""

    args: str
    kwargs: str
    fault: str | None = None


@dataclass(frozen=True)
class Edited:
    """Arguments as they are to be enqueued."""

    args: list
    kwargs: dict


def offered(task) -> Arguments | None:
    """The form for a task as it is shown; None when its arguments cannot be read, or are too long for a form."""
    if task.args is None or task.kwargs is None:
        return None
    form = Arguments(_written(task.args), _written(task.kwargs))
    return form if len(form.args) + len(form.kwargs) <= MAX_EDITED_CHARACTERS else None


def read(form: Arguments, original, masking: Masking) -> Edited | Arguments:
    """The arguments in the form, with what was hidden and left alone put back from the `original` task; or the form
    again with its fault."""
    try:
        args, kwargs = (
            _parsed(form.args, list, "args", "a list: […]"),
            _parsed(form.kwargs, dict, "kwargs", "an object"),
        )
    except ValueError as error:
        return Arguments(form.args, form.kwargs, str(error))
    edited = Edited(masking.restored(args, original.args), masking.restored(kwargs, original.kwargs))
    if holds_hidden([edited.args, edited.kwargs]) and not holds_hidden([original.args, original.kwargs]):
        return Arguments(
            form.args, form.kwargs, f"{Masking.hidden} stands where no hidden value was. Write the value itself."
        )
    return edited


def _written(value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)


def _parsed(text, kind, name, said):
    try:
        value = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise ValueError(f"{name} is nested too deeply.") from error
    if not isinstance(value, kind):
        raise ValueError(f"{name} has to be {said}.")
    return value


def _distinct(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("One object has the same name twice.")
    return found


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON.")
