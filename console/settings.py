"""Every setting of the console: its unit, default and reason.  Read from the environment in this one place."""

import os
import re
from dataclasses import dataclass, field, fields

from console import links
from queue_core.errors import InvalidSettings

ENVIRONMENT_PREFIX = "SIGNALBOX_CONSOLE_"
SHORTEST_TOKEN = 16
COLOURS = ("grey", "green", "blue", "violet", "amber", "red")


def _setting(default, unit: str, why: str):
    return field(default=default, metadata={"unit": unit, "why": why})


@dataclass(frozen=True)
class ConsoleSettings:
    """The settings of one console process.  Impossible values raise InvalidSettings with every fault at once."""

    environment: str = _setting("", "text", "a word on top of every page, such as production")
    environment_colour: str = _setting("grey", "colour", "behind that word: " + ", ".join(COLOURS))
    instances: str = _setting("", "JSON", "consoles of other environments, to go over to: [[name, URL], …]")
    read_only: bool = _setting(False, "yes/no", "refuse every act, whatever a user's role allows")
    session_hours: float = _setting(12.0, "hours", "a login ends after this long")
    secure_cookies: bool = _setting(False, "yes/no", "send cookies over HTTPS only; switch on behind TLS")
    trusted_proxies: int = _setting(0, "proxies", "how many proxies in front may tell the client's address")
    max_request_bytes: int = _setting(1_000_000, "bytes", "larger requests are refused")
    poll_seconds: int = _setting(5, "seconds", "how often a page in view asks for new counts")
    page_size: int = _setting(50, "tasks", "tasks on one page of a list; at most 200")
    integration_links: str = _setting("", "JSON", "links on the page of a task: [[name, URL template], …]")
    execution_integration_links: str = _setting("", "JSON", "links at each failed run of a task, in the same form")
    duties: str = _setting("", "JSON", "runbook and owner by queue or function: [{match, runbook, owner}, …]")
    masked_names: str = _setting("", "names", "values under names that hold one of these are hidden, besides the usual")
    shown_names: str = _setting("", "names", "values under exactly these names are not hidden for their name")
    masked_pattern: str = _setting("", "pattern", "what this regular expression matches is hidden, besides the usual")

    metrics_token: str = _setting("", "text", "who shows it may read /metrics without a login; empty: nobody may")

    def __post_init__(self):
        faults = list(_faults(self))
        if faults:
            raise InvalidSettings("These console settings cannot be used:\n  " + "\n  ".join(faults), faults=faults)

    @classmethod
    def from_env(cls, environment=os.environ, **given) -> "ConsoleSettings":
        """Settings from SIGNALBOX_CONSOLE_<NAME> variables; `given` values win.  Raises InvalidSettings."""
        faults, values = [], {}
        for setting in fields(cls):
            variable = ENVIRONMENT_PREFIX + setting.name.upper()
            if variable in environment:
                try:
                    values[setting.name] = _read(setting, environment[variable])
                except (ValueError, KeyError):
                    faults.append(f"{variable} = {environment[variable]!r} is not a {setting.metadata['unit']} value.")
        if faults:
            raise InvalidSettings("These console settings cannot be used:\n  " + "\n  ".join(faults), faults=faults)
        values.update((name, value) for name, value in given.items() if value is not None)
        return cls(**values)


_TRUTH = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


def _read(setting, text: str):
    if isinstance(setting.default, bool):
        return _TRUTH[text.lower()]
    return type(setting.default)(text)


def _faults(settings):
    if settings.environment_colour not in COLOURS:
        yield f"environment_colour must be one of {', '.join(COLOURS)}, not {settings.environment_colour!r}."
    for name in ("session_hours", "max_request_bytes", "poll_seconds", "page_size"):
        if not getattr(settings, name) > 0:
            yield f"{name} must be more than 0, not {getattr(settings, name)}."
    if settings.page_size > 200:
        yield "page_size must be at most 200: what touches more is an operation."
    yield from _faults_of_links(settings)
    if fault := _fault_of_pattern(settings.masked_pattern):
        yield f"masked_pattern must be a regular expression that matches some text: {fault}."
    if settings.metrics_token and len(settings.metrics_token) < SHORTEST_TOKEN:
        yield f"metrics_token must have at least {SHORTEST_TOKEN} characters: who guesses it reads all names of queues."
    if settings.trusted_proxies < 0:
        yield "trusted_proxies must not be negative."


def _fault_of_pattern(pattern):
    try:
        found = re.compile(pattern)
    except re.error as error:
        return str(error)
    return "this one matches everywhere" if pattern and found.match("") else None


def _faults_of_links(settings):
    readings = {
        "instances": links.instances,
        "integration_links": lambda text: links.templates(text, links.OF_A_TASK),
        "execution_integration_links": links.templates,
        "duties": links.duties,
    }
    for name, read in readings.items():
        try:
            read(getattr(settings, name))
        except ValueError as error:
            yield f"{name} cannot be used: {error}."
