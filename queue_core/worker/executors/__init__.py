"""Executors: each runs one call and gives its outcome; how, is its own affair.

`run(call, pulse, started)`: `pulse` keeps the leases meanwhile; `started(child_pid or None)` is called once it runs.
"""


class NoProcess(Exception):
    """No process can be made to run a task in."""
