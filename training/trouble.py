"""Trouble that is not a bug, said in one sentence instead of a traceback."""

import errno
import re
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeGuard

from depthface_app.core.errors import DepthFaceError


def sentence(error: BaseException) -> str | None:
    """What happened and what to do, for whoever typed the command; None for what is a bug."""
    text = str(error).strip()
    if is_out_of_memory(error):
        return "out of memory: give a smaller batch in [loop], fewer --workers, or a smaller [model]"
    if is_disk_full(error):
        where = f" while writing {error.filename}" if error.filename else ""
        return f"the disk is full{where}; what was saved before is whole: free some space and give the command again"
    if isinstance(error, BrokenProcessPool):
        return "a worker was killed; mostly memory ran out: give fewer --workers"
    if isinstance(error, RuntimeError) and text.startswith("DataLoader worker (pid"):
        first = text.splitlines()[0]
        return f"a worker that makes samples was killed ({first}); mostly memory ran out: give fewer --workers"
    if isinstance(error, zipfile.BadZipFile):
        return f"a data file is truncated or damaged ({last_line(text)}); fetch it again"
    if isinstance(error, ValueError | OSError | DepthFaceError):
        return last_line(text) or type(error).__name__
    return None


def last_line(text: str) -> str:
    """What was said; of an error in a worker, whose text is a whole traceback, without the name of the error."""
    last = text.splitlines()[-1] if text else ""
    return re.sub(r"^[\w.]+: ", "", last) if text.startswith("Caught ") else last


def is_disk_full(error: BaseException) -> TypeGuard[OSError]:
    """Whether a disk or a quota is full; an error from a worker only says so in its text."""
    full = (errno.ENOSPC, errno.EDQUOT)
    said = (f"[Errno {number}]" for number in full)
    return isinstance(error, OSError) and (error.errno in full or any(each in str(error) for each in said))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the processor's, a GPU's or the shared memory did not suffice."""
    text = str(error)
    torch_says = ("out of memory", "can't allocate memory", "not enough memory", "Unable to allocate", "file </torch_")
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and (error.errno == errno.ENOMEM or f"[Errno {errno.ENOMEM}]" in text))
        or (isinstance(error, RuntimeError) and any(each in text for each in torch_says))
    )


@contextmanager
def said_plainly() -> Iterator[None]:
    """End the program with one sentence on trouble, with a traceback on a bug."""
    try:
        yield
    except (ValueError, OSError, RuntimeError, MemoryError, DepthFaceError, zipfile.BadZipFile) as error:
        plain = sentence(error)
        if plain is None:
            raise
        print(plain, file=sys.stderr)
        raise SystemExit(1) from error
