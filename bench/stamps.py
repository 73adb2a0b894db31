"""The task that is measured: it does nothing but say when it ran."""

import time

RAN_AT = []


def stamp():
    RAN_AT.append(time.perf_counter())
