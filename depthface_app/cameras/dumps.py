"""Kinect v1 dumps, as libfreenect's `record` writes them, read without the library.

A folder with INDEX.txt, which names one file per line in the order they came: `d-HOST-TICKS.pgm` is depth as 11-bit
disparity, `r-HOST-TICKS.ppm` colour, `a-...` the accelerometer, where HOST is in seconds and TICKS counts 60 MHz.

Source: libfreenect, fakenect/record.c and parser.c; the header that they write says big-endian 16 bits as PGM does, but
the samples are little-endian.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.kinect1.geometry import HEIGHT, NO_READING, WIDTH, Calibration, depth_of, seen_from_depth
from depthface_app.core.errors import InputError
from depthface_app.core.frame import Frame

INDEX = "INDEX.txt"
TICKS_PER_MS = 60_000
INDEX_BYTES_AT_MOST = 64_000_000
DEVICE_BYTES_AT_MOST = 1_000_000
_ENTRY = re.compile(r"([dra])-(\d{1,12}\.?\d{0,9})-(\d{1,12})\.(pgm|ppm|dump)")
_PNM = re.compile(rb"(P[56])\s+(\d{1,6})\s+(\d{1,6})\s+(\d{1,6})\s")


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    host_s: float
    ticks: int
    path: Path


def is_dump(folder: Path) -> bool:
    """Whether the folder is a dump."""
    return (folder / INDEX).is_file()


def frames_of_dump(folder: Path) -> Iterator[Frame]:
    """Every depth picture in mm, with the newest colour picture before it in the pixels of the depth.

    Raises:
        InputError: a file that the index names is missing or damaged, or there is no depth at all.
    """
    calibration = _calibration(folder / "device.json")
    table_mm, pinhole = calibration.millimetres(), calibration.intrinsics()
    colour: NDArray[np.uint8] | None = None
    number = 0
    for entry in _entries(folder):
        if entry.kind == "r" and entry.path.suffix == ".ppm":
            colour = np.frombuffer(_samples(entry.path, 3, 1), np.uint8).reshape(HEIGHT, WIDTH, 3)
        if entry.kind != "d":
            continue
        number += 1
        raw = np.frombuffer(_samples(entry.path, 1, 2), "<u2").reshape(HEIGHT, WIDTH)
        depth_mm = depth_of(np.minimum(raw, NO_READING).astype(np.uint16), table_mm)
        yield Frame(
            depth_mm=depth_mm,
            intrinsics=pinhole,
            captured_s=entry.host_s,
            number=number,
            device_timestamp_ms=entry.ticks / TICKS_PER_MS,
            timestamp_domain="Kinect v1 clock",
            is_live=False,
            colour=None if colour is None else seen_from_depth(colour, depth_mm, calibration),
        )
    if not number:
        raise InputError(f"The dump {folder} names no depth picture; there is nothing to import.")


def _entries(folder: Path) -> list[_Entry]:
    path = folder / INDEX
    try:
        if path.stat().st_size > INDEX_BYTES_AT_MOST:
            raise InputError(f"The index {path} is too long for a dump.")
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"The index {path} cannot be read: {error.strerror}.") from error
    entries = []
    for line in filter(None, map(str.strip, lines)):
        match = _ENTRY.fullmatch(line)
        if match is None:
            raise InputError(f"The index {path} holds “{line[:60]}”, which is no file of a dump.")
        entries.append(_Entry(match[1], float(match[2]), int(match[3]), folder / line))
    return entries


def _samples(path: Path, channels: int, width_bytes: int) -> bytes:
    """The picture's bytes. Raises InputError if it is missing, or not what a Kinect v1 delivers."""
    wanted = HEIGHT * WIDTH * channels * width_bytes
    try:
        with path.open("rb") as file:
            data = file.read(wanted + 64)
    except OSError as error:
        raise InputError(f"The picture {path} of the dump cannot be read: {error.strerror}.") from error
    header = _PNM.match(data[:64])
    if (
        header is None
        or header[1] != (b"P6" if channels == 3 else b"P5")
        or (int(header[2]), int(header[3]))
        != (
            WIDTH,
            HEIGHT,
        )
    ):
        raise InputError(f"The picture {path} is none of {WIDTH}×{HEIGHT} pixels as a Kinect v1 makes them.")
    if len(data) < header.end() + wanted:
        raise InputError(f"The picture {path} is cut off; take it out of {INDEX} to import the others.")
    return data[header.end() : header.end() + wanted]


def _calibration(path: Path) -> Calibration:
    """The device's own constants where the dump has them, else the usual ones."""
    if not path.is_file() or path.stat().st_size > DEVICE_BYTES_AT_MOST:
        return Calibration()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        plane = values["reg_info"]["zero_plane_info"]
        own = Calibration(
            float(plane["dcmos_emitter_distance"]),
            float(plane["dcmos_rcmos_distance"]),
            float(plane["reference_distance"]),
            float(plane["reference_pixel_size"]),
            float(values.get("const_shift", Calibration().shift)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Calibration()
    return own if own.is_plausible() else Calibration()
