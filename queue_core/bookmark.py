"""A place in a sorted set from which it is read on, whoever has come or left since.

Members of one score stand in the order of their bytes, so a place is known even when nobody stands there any more.
"""

_MARGINS = (1, 200, 5_000)
"""So many rows before the place are read along, and more where the first try tells that too many of them have left."""


class Bookmark:
    """place: (score, member), the last one that was read.  rank: how many stand up to it, where that is known.

    backwards: from the highest to the lowest.  It moves on with what it reads."""

    def __init__(self, key: bytes, place: tuple[float, bytes], *, backwards: bool = False, rank: int | None = None):
        self._key, self._place, self._backwards, self._rank = key, place, backwards, rank

    def read_on(self, client, count: int) -> list[tuple[bytes, float]]:
        """What stands behind the place, (member, score), at most so many; fewer at the end."""
        for margin in _MARGINS:
            first = max(self._known_rank(client) - margin, 0)
            rows = self._ranged(client, first, first + margin + count)
            behind = [row for row in rows if self._is_behind(row)]
            # what stands before the place tells that nothing between the two was stepped over
            joins = first == 0 or (rows and not self._is_behind(rows[0]))
            if joins and (len(behind) >= count or len(rows) <= margin + count):
                break
            self._rank = None
        if behind := behind[:count]:
            self._place, self._rank = behind[-1][::-1], first + rows.index(behind[-1]) + 1
        return behind

    def _known_rank(self, client) -> int:
        return rank_of(client, self._key, *self._place, self._backwards) if self._rank is None else self._rank

    def _ranged(self, client, first, last):
        return (client.zrevrange if self._backwards else client.zrange)(self._key, first, last, withscores=True)

    def _is_behind(self, row):
        place = row[1], row[0]
        return place < self._place if self._backwards else place > self._place


def rank_of(client, key: bytes, score: float, member: bytes, backwards: bool = False) -> int:
    """How many stand before a place; without anybody there it takes a few commands more, for a million some twenty."""
    pipeline = client.pipeline()
    pipeline.zscore(key, member)
    (pipeline.zrevrank if backwards else pipeline.zrank)(key, member)
    stands_at, rank = pipeline.execute()
    if stands_at == score and rank is not None:
        return rank
    low, high = client.zcount(key, "-inf", f"({score!r}"), client.zcount(key, "-inf", repr(score))
    while low < high:
        middle = (low + high) // 2
        found = client.zrange(key, middle, middle)
        if found and found[0] < member:
            low = middle + 1
        else:
            high = middle
    return client.zcard(key) - low if backwards else low
