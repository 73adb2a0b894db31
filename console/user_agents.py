"""What a browser says of itself, in a few words.  Pure."""

from console.presenters import shortened

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
MAX_CHARACTERS = 40


def words(agent: str) -> str:
    """Such as `Firefox on Linux`; the beginning of the text where it is none that is known.

    In this order, since most browsers say that they are others, too."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    if browser is None:
        return shortened(agent, MAX_CHARACTERS) or "unknown"
    return f"{browser} on {system}" if system else browser
