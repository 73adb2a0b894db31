"""Portable pixmaps, the binary kind (P6)."""

import re

from samples.shop.formats.picture import Picture

HEAD = re.compile(rb"P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s")


def decode(data: bytes) -> Picture:
    """Raises ValueError."""
    head = HEAD.match(data)
    if not head:
        raise ValueError("it does not begin as a P6 pixmap does")
    width, height = int(head[1]), int(head[2])
    rgb = data[head.end() :]
    if not width or not height or len(rgb) != 3 * width * height:
        raise ValueError(f"{width} x {height} pixels need {3 * width * height} bytes, and {len(rgb)} are there")
    return Picture(width, height, rgb)
