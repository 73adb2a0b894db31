"""A picture in memory."""

import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """Three bytes (red, green, blue) per pixel, row by row."""

    width: int
    height: int
    rgb: bytes

    def scaled(self, width: int) -> "Picture":
        """The same picture, `width` pixels across, each the mean of those it stands for.  Raises ValueError."""
        if not 1 <= width <= self.width:
            raise ValueError(f"a picture {self.width} pixels across cannot be scaled down to {width}")
        height = max(1, self.height * width // self.width)
        columns, rows = _spans(self.width, width), _spans(self.height, height)
        return Picture(width, height, b"".join(self._mean(column, row) for row in rows for column in columns))

    def _mean(self, column, row):
        sums, count = [0, 0, 0], len(column) * len(row)
        for y in row:
            start = 3 * (y * self.width + column.start)
            strip = self.rgb[start : start + 3 * len(column)]
            for band in range(3):
                sums[band] += sum(strip[band::3])
        return bytes(total // count for total in sums)


def _spans(length, parts):
    edges = [length * part // parts for part in range(parts + 1)]
    return [range(start, end) for start, end in itertools.pairwise(edges)]
