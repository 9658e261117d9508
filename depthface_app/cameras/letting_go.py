"""Stopping a camera whose SDK may block for many seconds, without waiting for it."""

import threading
from collections.abc import Callable

from depthface_app.core.errors import CameraError

STOP_WAIT_S = 1.0
RELEASE_WAIT_S = 8.0

_stopping: dict[str, threading.Thread] = {}


def stop_elsewhere(key: str, stop: Callable[[], None]) -> None:
    """Run `stop` on a thread of its own, and wait for it for STOP_WAIT_S at most."""
    thread = threading.Thread(target=stop, name=f"stop {key}", daemon=True)
    _stopping[key] = thread
    thread.start()
    thread.join(STOP_WAIT_S)


def wait_until_stopped(key: str, name: str) -> None:
    """Wait for an earlier stop of the same camera. Raises CameraError if it takes too long."""
    thread = _stopping.pop(key, None)
    if thread is None:
        return
    thread.join(RELEASE_WAIT_S)
    if thread.is_alive():
        _stopping[key] = thread
        raise CameraError(f"{name} is still being let go of after it was unplugged; try again in some seconds.")
