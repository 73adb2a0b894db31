"""Log lines about a task."""


def tell(write, event: str, facts: dict, **arguments) -> None:
    """Writes a line with facts of ours and with arguments of the task; without those when they cannot be written.

    write: a method of a logger, such as `log.info`."""
    try:
        write(event, **facts, **arguments)
    except RecursionError:  # JSON may be nested nearly as deep as Python can print
        write(event, **facts)
