"""Trouble that is not a bug, said in one sentence instead of a traceback."""

import errno
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def sentence(error: BaseException) -> str | None:
    """What happened and what to do, for whoever typed the command; None for what is a bug."""
    text = str(error).strip()
    if is_out_of_memory(error):
        return "out of memory: give a smaller batch in [loop], fewer --workers, or a smaller [model]"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" while writing {error.filename}" if error.filename else ""
        return f"the disk is full{where}; what was saved before is whole: free some space and give the command again"
    if isinstance(error, RuntimeError) and "DataLoader worker" in text:
        first = text.splitlines()[0]
        return f"a worker that makes samples was killed ({first}); mostly memory ran out: give fewer --workers"
    if isinstance(error, zipfile.BadZipFile):
        return f"a data file is truncated or damaged ({text}); fetch it again"
    if isinstance(error, ValueError | OSError):
        return text.splitlines()[-1] if text else type(error).__name__
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the processor's or a GPU's memory did not suffice."""
    text = str(error)
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (isinstance(error, RuntimeError) and ("can't allocate memory" in text or "not enough memory" in text))
    )


@contextmanager
def said_plainly() -> Iterator[None]:
    """End the program with one sentence on trouble, with a traceback on a bug."""
    try:
        yield
    except (ValueError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile) as error:
        plain = sentence(error)
        if plain is None:
            raise
        print(plain, file=sys.stderr)
        raise SystemExit(1) from error
