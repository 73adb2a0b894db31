"""Sends the log lines of a worker to Rollbar."""

from queue_core.compat.tasktiger.rollbar_item import event_of, item_of, title_of

try:
    import rollbar
    from rollbar.logger import RollbarHandler
except ImportError as error:
    raise ModuleNotFoundError(
        "This needs the package rollbar: pip install 'signalbox[rollbar]'", name="rollbar"
    ) from error


class StructlogRollbarHandler(RollbarHandler):
    """For lines that structlog has rendered as JSON, as with `setup_structlog=True`.  Others are sent as they are.

    prefix: begins every title.  All failures of one function in one queue with one exception have the same title, and
    are one item.  The rest as for RollbarHandler."""

    def __init__(self, prefix, *args, **kwargs):
        self.prefix = prefix
        super().__init__(*args, **kwargs)

    def format_title(self, data) -> str:
        return title_of(self.prefix, data)

    def emit(self, record):
        event = event_of(record.getMessage())
        if event is None or record.levelno < self.notify_level:
            return super().emit(record)
        try:
            item = item_of(self.format_title(event), event)
            return rollbar.report_message(item.message, record.levelname.lower(), payload_data=item.data)
        except Exception:  # a log line that cannot be sent must not stop the worker
            return self.handleError(record)
