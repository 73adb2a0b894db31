"""Browsers in a few words."""

import pytest

from console.user_agents import words


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Firefox/1", "Firefox"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
        ("x" * 300, "x" * 39 + "…"),
        ("\udcff\u202e", "\ufffd\ufffd"),
    ],
)
def test_a_browser_is_told_by_what_sets_it_apart(agent, said):
    assert words(agent) == said
