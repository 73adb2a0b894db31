"""The recurring functions that this process has: those of its engine, and those of the modules that it may run.

An application's functions belong to the application's own engine, which need not be the one of the worker.
"""

import sys


def functions(engine, queue_filter) -> dict:
    """Wire name -> function, of those with a schedule whose queue is served here."""
    found = dict(_in_modules(engine.allow_list)) | engine.functions
    default_queue = engine.settings.default_queue
    return {
        name: function
        for name, function in found.items()
        if _asked(function, "_task_schedule") is not None
        and queue_filter.accepts(getattr(function, "_task_queue", None) or default_queue)
    }


def _in_modules(allow_list):
    for module_name, module in list(sys.modules.items()):
        if allow_list.covers(module_name):
            for thing in list(vars(module).values()):
                if callable(thing) and _asked(thing, "__module__") == module_name:
                    yield f"{module_name}:{_asked(thing, '__qualname__')}", thing


def _asked(thing, attribute):
    """An attribute of anything that stands in a module: an object may answer with whatever exception it likes."""
    try:
        return getattr(thing, attribute, None)
    except Exception:
        return None
