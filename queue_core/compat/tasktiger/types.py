"""Types for annotations."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

RetryStrategy = tuple[Callable[..., float], tuple[Any, ...]]
"""What `fixed`, `linear` and `exponential` give."""

SerializedRetryStrategy = tuple[str, Sequence[Any]]
"""The same as it stands in a payload."""

ScheduleStrategy = tuple[Callable[..., datetime.datetime | None], tuple[Any, ...]]
"""What `periodic` and `cron_expr` give."""
