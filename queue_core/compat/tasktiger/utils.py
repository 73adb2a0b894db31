"""Patterns of Redis."""

import re

REDIS_GLOB_CHARACTER_PATTERN = re.compile(r"([\\?*\[\]])")


def redis_glob_escape(value: str) -> str:
    """`value` as a pattern that matches nothing but itself."""
    return REDIS_GLOB_CHARACTER_PATTERN.sub(r"\\\1", value)
