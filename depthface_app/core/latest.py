"""A box with room for one value: the newest wins, and what was overwritten is counted."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Hands the newest value from one thread to another; any thread may call any method.

    A queue would hand out stale frames; here a slow reader skips and stays current. One condition
    guards everything: an event set outside the lock handed one value out twice.
    """

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        """Keep `wake`, called after a put into the empty box, outside the lock, on the putting thread."""
        self._wake = wake
        self._condition = threading.Condition()
        self._value: T | None = None
        self._closed = False
        self._dropped = 0

    def put(self, value: T) -> None:
        """Replace the unread value; a closed box ignores it."""
        with self._condition:
            if self._closed:
                return
            was_empty = self._value is None
            self._dropped += not was_empty
            self._value = value
            self._condition.notify()
        if was_empty and self._wake is not None:
            self._wake()

    def take(self, timeout_s: float | None = 0.0) -> T | None:
        """Return the unread value once; None after timeout_s (None waits for ever) or when closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._value is not None or self._closed, timeout_s)
            value, self._value = self._value, None
            return value

    def close(self) -> None:
        """Release every waiter; what was unread is gone."""
        with self._condition:
            self._closed = True
            self._value = None
            self._condition.notify_all()

    @property
    def dropped(self) -> int:
        """How many values were overwritten unread."""
        with self._condition:
            return self._dropped
