"""All settings as a person may see them.  Pure."""

from dataclasses import MISSING, dataclass, fields

from console.presenters import shortened

SECRET = frozenset(
    {
        "redis_url",
        "metrics_token",
        "integration_links",
        "execution_integration_links",
        "alert_webhooks",
        "alert_secret",
    }
)
"""Settings that may hold a password or a token: only whether they are set is shown."""

MAX_CHARACTERS = 300


@dataclass(frozen=True)
class Line:
    """One setting.  changed: whether it has another value than its default."""

    name: str
    variable: str
    value: str
    default: str
    unit: str
    why: str
    changed: bool


def lines(settings, prefix: str) -> list[Line]:
    """The settings, a frozen dataclass with units and reasons, in their order."""
    return [_line(one, getattr(settings, one.name), prefix) for one in fields(settings)]


def _line(one, value, prefix):
    default = one.default if one.default is not MISSING else one.default_factory()
    told = _secret if one.name in SECRET else _words
    return Line(
        name=one.name,
        variable="" if "by_code" in one.metadata else prefix + one.name.upper(),
        value=told(value),
        default=told(default),
        unit=one.metadata["unit"],
        why=one.metadata["why"],
        # an application's list says the same as our tuple
        changed=told(value) != told(default),
    )


def _secret(value):
    return "set, not shown" if value else "not set"


def _words(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.10g}".replace(",", "\u202f") if value < 1e15 else f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if value is None or value in ("", (), {}, []):
        return "–"  # noqa: RUF001
    if isinstance(value, tuple | list) and all(isinstance(one, str) for one in value):
        return shortened(", ".join(value), MAX_CHARACTERS)
    return shortened(str(value), MAX_CHARACTERS)
