"""The table of who gets in where, and the routes that there are."""

import re
from pathlib import Path

TABLE = Path(__file__).with_name("routes.txt")
PEOPLE = ("anonymous", "viewer", "operator", "admin")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def listed() -> dict[tuple[str, str], set[str]]:
    """{(method, address): who gets in}, as the table says."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    split = [line.split() for line in lines]
    assert len({(method, address) for method, address, *_ in split}) == len(split), "a route is listed twice"
    return {(method, address): set(who) for method, address, *who in split}


def routes_of(app):
    """(method, address as the table writes it, rule) of everything that the app answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods & METHODS):
            yield method, re.sub(r"<[^>]*?(\w+)>", r"<\1>", rule.rule), rule


def missing_and_gone(app) -> str:
    """What has to be changed in the table, in words; empty when it is complete."""
    real, table = {(method, address) for method, address, _ in routes_of(app)}, set(listed())
    advice = [f"add the line     {method} {address} viewer operator admin" for method, address in sorted(real - table)]
    advice += [f"take out the line {method} {address} …" for method, address in sorted(table - real)]
    head = f"Say in tests/console/{TABLE.name}, sorted by address, who gets in where ({', '.join(PEOPLE)}):"
    return "\n".join([head, *advice]) if advice else ""
