from queue_core.retry import _exponential, _fixed, _linear, exponential, fixed, linear

__all__ = ["_exponential", "_fixed", "_linear", "exponential", "fixed", "linear"]
