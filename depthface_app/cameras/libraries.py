"""Is a system library there? Asked without loading it, because some crash when they are."""

import ctypes.util
import os
from collections.abc import Sequence
from pathlib import Path


def is_installed(stem: str, names: Sequence[str]) -> bool:
    """Whether the dynamic loader would find one of these files.

    Args:
        stem: name without prefix and ending, "freenect".
        names: file names that are looked for in the folders of LD_LIBRARY_PATH.
    """
    folders = [Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if folder]
    return any((folder / name).exists() for folder in folders for name in names) or bool(ctypes.util.find_library(stem))
