"""System libraries of cameras: is one there, and load it."""

import contextlib
import ctypes
import ctypes.util
import os
from collections.abc import Sequence
from pathlib import Path

from depthface_app.core.errors import CameraError


def is_installed(stem: str, names: Sequence[str]) -> bool:
    """Whether the dynamic loader would find one of these files; none is loaded, because some crash when they are.

    Args:
        stem: name without prefix and ending, "freenect".
        names: file names that are looked for in the folders of LD_LIBRARY_PATH.
    """
    folders = [Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if folder]
    return any((folder / name).exists() for folder in folders for name in names) or bool(ctypes.util.find_library(stem))


def load_first(names: Sequence[str], missing: str) -> ctypes.CDLL:
    """The first of these libraries that loads. Raises CameraError with the sentence `missing` if none does."""
    for name in names:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name)
    raise CameraError(missing)
