from queue_core.schedule import DEFAULT_START as START_DATE
from queue_core.schedule import _cron_expr, _periodic, cron_expr, periodic

__all__ = ["START_DATE", "_cron_expr", "_periodic", "cron_expr", "periodic"]
