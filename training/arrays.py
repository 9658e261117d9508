"""Data files as named arrays, and one sentence when they are not what they should be."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_arrays(path: Path | str, needed: tuple[str, ...] = ()) -> dict[str, NDArray]:
    """All arrays of an .npz file.

    Args:
        needed: names that must be there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated, no such file at all, or lacks an array.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no data file {path}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            arrays = dict(data)
    except (OSError, EOFError, ValueError, TypeError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is truncated or no .npz file; fetch or make it again") from error
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)}; it is another kind of file")
    return arrays
