"""Single depth pictures from files: 16-bit PNG, .npz, organised point clouds. Everything else is refused in words."""

import io
import json
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.clouds import LARGEST_SIDE_PX, read_pcd, read_ply
from depthface_app.core.errors import InputError
from depthface_app.core.frame import DepthArray, Frame, Intrinsics

DEFAULT_FOCAL_PER_WIDTH = 0.9  # about 58° across, as of the first Kinect and its relatives
FOCAL_PER_WIDTH = (0.1, 20.0)  # from the widest fisheye to a telescope; millimetres, or parts of the width, lie below
NEARLY_METRES = 20.0  # readings that all lie below this cannot be millimetres of a face
_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST_NPY_HEADER = 20_000
_ENCRYPTED = 1  # bit of a member's flags; PKWARE, .ZIP File Format Specification 6.3.10, section 4.4.4
_INTRINSICS_KEYS = ("fx", "fy", "cx", "cy")


@dataclass(frozen=True, eq=False, slots=True)
class DepthPicture:
    """One depth picture and what had to be assumed to read it."""

    frame: Frame
    warnings: tuple[str, ...] = ()


def is_picture(path: Path) -> bool:
    """Whether the first bytes are those of a picture file that `read_picture` knows.

    Raises:
        InputError: if there is no such file or it cannot be read.
    """
    return _reader_of(_head(path)) is not None


def read_picture(path: Path, intrinsics_file: Path | None = None) -> DepthPicture:
    """Read one depth picture, recognised by its content and not by its name.

    Intrinsics come from `intrinsics_file`, else from the file itself, else from NAME.json beside it, else from a
    stated default with a warning.

    Raises:
        InputError: if the file is missing, truncated, of another kind, enormous, or holds no reading.
    """
    reader = _reader_of(_head(path))
    if reader is None:
        raise InputError(
            f"{path} is not a depth picture; give a 16-bit PNG in millimetres, an .npz with depth_mm, "
            "or an organised .ply or .pcd cloud."
        )
    try:
        depth, own, notes = reader(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    _check_readings(depth, path)
    height, width = depth.shape
    given = read_intrinsics(intrinsics_file) if intrinsics_file else own or _beside(path)
    if given is None:
        given = default_intrinsics(width, height)
        notes = (*notes, f"{path} states no intrinsics; fx = fy = {given.fx:g} and the middle of the picture are used.")
    if (given.width, given.height) != (width, height):
        raise InputError(
            f"{path} is {width}×{height}, but its intrinsics are for {given.width}×{given.height}; give fitting ones."
        )
    return DepthPicture(Frame(depth, given, time.monotonic(), timestamp_domain="none", is_live=False), notes)


def intrinsics_beside(picture: Path) -> Path | None:
    """NAME.json beside a picture, None if there is none."""
    beside = picture.with_suffix(".json")
    return beside if beside.is_file() else None


def default_intrinsics(width: int, height: int) -> Intrinsics:
    """A usual depth camera's pinhole for a picture that states none."""
    focal = DEFAULT_FOCAL_PER_WIDTH * width
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def read_intrinsics(path: Path) -> Intrinsics:
    """Intrinsics from a JSON file with fx fy cx cy width height in pixels.

    Raises:
        InputError: if the file is missing, no JSON object, or a value is missing or impossible.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The intrinsics {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"The intrinsics {path} are not JSON ({error}).") from error
    keys = (*_INTRINSICS_KEYS, "width", "height")
    if not isinstance(values, dict) or not all(_is_number(values.get(key)) for key in keys):
        raise InputError(f"The intrinsics {path} must be a JSON object with the finite numbers {', '.join(keys)}.")
    return _intrinsics(values, int(values["width"]), int(values["height"]), path)


def _intrinsics(values: Any, width: int, height: int, path: Path) -> Intrinsics:
    """A pinhole that can be. A wrong unit of its focal lengths would stretch a face over gigabytes of pixels.

    Raises:
        InputError: if it cannot.
    """
    fx, fy, cx, cy = (float(values[key]) for key in _INTRINSICS_KEYS)
    if not (np.isfinite((fx, fy, cx, cy)).all() and width > 0 and height > 0):
        raise InputError(f"The intrinsics of {path} are impossible; numbers must be finite and sizes positive.")
    low, high = (limit * width for limit in FOCAL_PER_WIDTH)
    if not (low <= min(fx, fy) and max(fx, fy) <= high):
        raise InputError(
            f"The intrinsics of {path} state fx {fx:g} and fy {fy:g}; give them in pixels, "
            f"which is {low:g} to {high:g} where a picture is {width} pixels wide."
        )
    return Intrinsics(width, height, fx, fy, cx, cy)


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float can hold; JSON knows whole numbers of any length, NaN and infinity too."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and -sys.float_info.max <= value <= sys.float_info.max


def _beside(path: Path) -> Intrinsics | None:
    beside = intrinsics_beside(path)
    return None if beside is None else read_intrinsics(beside)


def _check_readings(depth: DepthArray, path: Path) -> None:
    readings = depth[depth > 0]
    if readings.size == 0:
        raise InputError(f"{path} holds no reading at all: every pixel is zero or not a number.")
    if readings.max() < NEARLY_METRES:
        raise InputError(
            f"{path} reads {readings.max():g} at most, which cannot be millimetres; "
            "scale it to millimetres (metres × 1000)."
        )


def check_size(width: int, height: int, path: Path) -> None:
    """Raise InputError for a picture that no depth camera makes, before anything of its size is allocated."""
    if width < 1 or height < 1:
        raise InputError(f"{path} is empty: {width}×{height} pixels.")
    if max(width, height) > LARGEST_SIDE_PX:
        raise InputError(f"{path} is {width}×{height}; more than {LARGEST_SIDE_PX} pixels a side is no depth picture.")


def clean(depth: NDArray[np.floating]) -> NDArray[np.float32]:
    """Float depth with everything that is no distance (NaN, infinite, negative) as 0, no reading."""
    out = depth.astype(np.float32)
    out[~(np.isfinite(out) & (out > 0))] = 0
    return out


_Read = tuple[DepthArray, Intrinsics | None, tuple[str, ...]]


def _read_png(path: Path) -> _Read:
    data = path.read_bytes()
    width, height, bits, colour_type = png_header(data, path)
    check_size(width, height, path)
    if colour_type != 0 or bits != 16:
        kinds = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
        what = f"{bits}-bit {kinds.get(colour_type, 'unknown')}"
        raise InputError(f"{path} is a {what} picture; depth must be a 16-bit single-channel PNG in millimetres.")
    depth = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if depth is None or depth.shape != (height, width) or depth.dtype != np.uint16:
        raise InputError(f"{path} is a damaged PNG; copy or record it again.")
    return depth, None, ()


def png_header(data: bytes, path: Path) -> tuple[int, int, int, int]:
    """Width, height, bits and colour type of a PNG, after checking that every chunk up to the last one is whole.

    Raises:
        InputError: if it is no whole PNG.

    The decoder itself prints to the console and pads what is missing, so nothing damaged may reach it.
    Source: PNG specification, third edition (W3C 2025), sections 5 and 11.2.1.
    """
    place, header, kind = len(_PNG), b"", b""
    if not data.startswith(_PNG):
        raise InputError(f"{path} is no PNG.")
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[place : place + 8]) if len(data) >= place + 8 else (0, b"")
        body = data[place + 4 : place + 8 + length]
        check = data[place + 8 + length : place + 12 + length]
        if len(check) < 4 or zlib.crc32(body) != int.from_bytes(check, "big"):
            raise InputError(f"{path} is a truncated or damaged PNG; copy or record it again.")
        header = header or body[4:]
        place += 12 + length
    if len(header) != 13:
        raise InputError(f"{path} is a damaged PNG without a header; copy or record it again.")
    width, height, bits, colour_type = struct.unpack(">IIBB", header[:10])
    return width, height, bits, colour_type


def _read_npz(path: Path) -> _Read:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if any(member.flag_bits & _ENCRYPTED for member in archive.infolist()):
                raise InputError(f"{path} is encrypted; give an .npz file without a password.")
            if "depth_mm.npy" not in names:
                raise InputError(f"{path} has no array depth_mm; found are {', '.join(sorted(names)) or 'none'}.")
            depth = _npy_depth(archive, path)
            own = None
            if all(f"{key}.npy" in names for key in _INTRINSICS_KEYS):
                values = {key: _npy_number(archive, key, path) for key in _INTRINSICS_KEYS}
                own = _intrinsics(values, depth.shape[1], depth.shape[0], path)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError) as error:
        raise InputError(f"{path} is a truncated or damaged .npz file ({error}).") from error
    return depth, own, ()


def _npy_depth(archive: zipfile.ZipFile, path: Path) -> DepthArray:
    """The array depth_mm; its stated shape and type are checked before it is unpacked."""
    with archive.open("depth_mm.npy") as member:
        shape, _, dtype = _npy_header(member)
        if len(shape) != 2:
            raise InputError(f"depth_mm in {path} has the shape {shape}; it must be (height, width).")
        check_size(shape[1], shape[0], path)
        if dtype not in (np.uint16, np.float32, np.float64):
            raise InputError(f"depth_mm in {path} is {dtype}; it must be uint16 or float32 millimetres.")
    if archive.getinfo("depth_mm.npy").file_size > shape[0] * shape[1] * dtype.itemsize + _LONGEST_NPY_HEADER:
        raise InputError(f"depth_mm in {path} is longer than its shape {shape} says; the file is damaged.")
    depth = np.lib.format.read_array(io.BytesIO(archive.read("depth_mm.npy")), allow_pickle=False)
    return depth if dtype == np.uint16 else clean(depth)


def _npy_header(member: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(member)
    reading = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in reading:
        raise ValueError(f"array format {version} is not known")
    return reading[version](member)


def _npy_number(archive: zipfile.ZipFile, key: str, path: Path) -> float:
    if archive.getinfo(f"{key}.npy").file_size > _LONGEST_NPY_HEADER:
        raise InputError(f"“{key}” in {path} is not one number.")
    value = np.lib.format.read_array(io.BytesIO(archive.read(f"{key}.npy")), allow_pickle=False)
    if value.size != 1 or not np.issubdtype(value.dtype, np.number):
        raise InputError(f"“{key}” in {path} is not one number.")
    return float(value.reshape(-1)[0])


def _read_cloud(read: Callable[[Path], NDArray[np.float32]]) -> Callable[[Path], _Read]:
    def depth_of(path: Path) -> _Read:
        points = read(path)
        notes: tuple[str, ...] = ()
        z = points[..., 2]
        known = np.isfinite(points).all(-1) & (z != 0)
        if known.any() and np.median(z[known]) < 0:
            points = points * np.array((1, -1, -1), np.float32)
            notes = (f"{path} looks along -z with y up; it was turned to camera axes.",)
        if known.any() and np.abs(points[..., 2][known]).max() < NEARLY_METRES:
            points, notes = points * np.float32(1000), (*notes, f"{path} is in metres; it was scaled to millimetres.")
        points = np.where(known[..., None], points, np.float32(0))
        return clean(points[..., 2]), _fitted(points, path), notes

    return depth_of


def _fitted(points: NDArray[np.float32], path: Path) -> Intrinsics | None:
    """The pinhole that an organised cloud was made with: x/z is linear in the column, y/z in the row.

    Raises:
        InputError: if the points do not lie on the rays of any pinhole that can be, so that rows and columns mean
            nothing.
    """
    rows, columns = np.nonzero(points[..., 2] > 0)
    if len(np.unique(rows)) < 2 or len(np.unique(columns)) < 2:
        return None
    known = points[rows, columns].astype(np.float64)
    height, width = points.shape[:2]
    lines = []
    for places, across in ((columns, known[:, 0]), (rows, known[:, 1])):
        slope, offset = np.polyfit(places, across / known[:, 2], 1)
        miss_px = np.abs(places - (across / known[:, 2] - offset) / slope) if slope > 0 else np.array([np.inf])
        if np.median(miss_px) > 1:
            raise InputError(f"{path} is a cloud whose points do not lie on a camera's rays; give an organised cloud.")
        lines.append((1 / slope, -offset / slope))
    (fx, cx), (fy, cy) = lines
    return _intrinsics({"fx": fx, "fy": fy, "cx": cx, "cy": cy}, width, height, path)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise InputError(f"{path} is empty.")
    return head


def _reader_of(head: bytes) -> Callable[[Path], _Read] | None:
    if head.startswith(_PNG):
        return _read_png
    if head.startswith(b"PK"):
        return _read_npz
    if head.startswith((b"ply\n", b"ply\r\n")):
        return _read_cloud(read_ply)
    if head.startswith((b"# .PCD", b"VERSION ", b"FIELDS ")):
        return _read_cloud(read_pcd)
    return None
