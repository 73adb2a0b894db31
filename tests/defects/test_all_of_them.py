"""The defects of TaskTiger 0.26.3 that an engine on its wire should not have; each has its test here.

D1   rescheduling rewrites the arguments          D15  a size limit that concurrent producers exceed
D2   a function that is not there ends a worker   D16  a purge that passes over half of what it should remove
D3   so does a payload that cannot be read        D17  a lock of a queue that most workers ignore
D4   and a task that was taken away               D18  a semaphore that stays for ever
D5   a child that outlives its parent             D19  a worker that dies when Redis is away
D6   a death that counts as the failure before    D20  work that loses its place
D7   one unique task in two queues runs once      D21  workers that nobody sees
D8   a heartbeat that brings a task back          D22  recurring work that ends, or is put off
D9   an expiry scan on old news                   D23  a retry method that ends the worker
D10  large batches that vanish                    D24  a task that cannot be printed
D11  an exit that counts as success               D25  failures that are kept for ever
D12  two runs of one task that both finish        D26  a hard timeout that does not come
D13  clocks that differ                           D27  no way from one Redis to another
D14  a lost message, and a queue is not served
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent


def test_every_defect_has_a_test():
    source = "".join(path.read_text() for path in FOLDER.glob("test_*.py"))
    tested = {int(number) for number in re.findall(r"^def test_d(\d\d)_", source, re.MULTILINE)}
    listed = {int(number) for number in re.findall(r"\bD(\d+) ", __doc__)}
    assert tested == listed == set(range(1, 28))
