"""Keeps a recording that is being written from being changed by somebody else meanwhile."""

import contextlib
import sys

if sys.platform != "win32":
    import fcntl


def lock(file: int) -> bool:
    """Take the open file (its descriptor) for oneself until it is closed; False if somebody else has it.

    The system lets go of it when a program dies. Where there are no such locks (Windows, some network drives) nobody
    is kept out.
    """
    if sys.platform == "win32":
        return True
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
