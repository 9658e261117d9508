"""Folders of depth pictures, one after another, as they are exported here or by other programs."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.pictures import is_picture, png_header, read_picture
from depthface_app.core.errors import InputError
from depthface_app.core.frame import Frame

SUFFIXES = (".png", ".npz", ".ply", ".pcd")
TABLE = "frames.csv"
TABLE_BYTES_AT_MOST = 64_000_000


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The depth pictures of a folder in the order of their numbers.

    Raises:
        InputError: if there are none, or the folder cannot be read.
    """
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    found = [path for path in sorted(files, key=_natural) if is_picture(path)]
    if not found:
        raise InputError(f"The folder {folder} holds no depth pictures (.png, .npz, .ply or .pcd).")
    return tuple(found)


def frames_in(folder: Path, fps: float, intrinsics: Path | None = None) -> Iterator[tuple[Frame, tuple[str, ...]]]:
    """Every picture as a frame, with what had to be assumed about it.

    Times come from `frames.csv` in the folder, else from `fps`; colour and infrared from pictures of the same name in
    the folders `colour` and `infrared`, if they have the size of the depth.

    Raises:
        InputError: a picture is damaged, or not of the size of the first.
    """
    times = _times(folder / TABLE)
    size: tuple[int, ...] = ()
    for number, path in enumerate(pictures_in(folder)):
        picture = read_picture(path, intrinsics)
        frame = picture.frame
        if size not in ((), frame.depth_mm.shape):
            raise InputError(f"{path} is of another size than the pictures before it; put it into another folder.")
        size = frame.depth_mm.shape
        known = times.get(path.stem, {})
        frame = replace(
            frame,
            number=int(known.get("number", number)),
            captured_s=known.get("captured_s", number / fps),
            device_timestamp_ms=known.get("device_timestamp_ms", 1000 * number / fps),
            timestamp_domain="imported",
            colour=_extra(folder / "colour" / f"{path.stem}.png", size, colour=True),
            infrared=_extra(folder / "infrared" / f"{path.stem}.png", size, colour=False),
        )
        yield frame, picture.warnings


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    """So that `a-10` comes after `a-9`."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d{1,18})", path.name)]


def _times(table: Path) -> dict[str, dict[str, float]]:
    """Name → its times; empty if there is no such table. Raises InputError if it cannot be understood."""
    if not table.is_file():
        return {}
    try:
        if table.stat().st_size > TABLE_BYTES_AT_MOST:
            raise ValueError("it is too long")
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        times = {
            row["name"]: {key: float(row[key]) for key in ("number", "captured_s", "device_timestamp_ms")}
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(
            f"The table {table} cannot be understood ({error}); delete it to import at an even rate."
        ) from error
    if not all(np.isfinite(list(each.values())).all() for each in times.values()):
        raise InputError(f"The table {table} has a time that is no number; delete it to import at an even rate.")
    return times


def _extra(path: Path, size: tuple[int, ...], *, colour: bool) -> NDArray[Any] | None:
    """A picture beside the depth, None if there is none of that size. Raises InputError if it is damaged."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    width, height, _, _ = png_header(data, path)  # before the decoder, which pads and prints
    if (height, width) != size:
        return None
    flags = cv2.IMREAD_COLOR_RGB if colour else cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return picture if picture is not None and picture.shape[:2] == size else None
