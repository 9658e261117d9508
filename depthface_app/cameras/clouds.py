"""Organised point clouds: one point per pixel, row by row, so that they are depth pictures too."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import InputError

LARGEST_SIDE_PX = 4096  # no depth camera makes more; refused before memory is asked for
LONGEST_HEADER = 200  # lines
_PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_PCD_SIZES = {"F": ("4", "8"), "I": ("1", "2", "4", "8"), "U": ("1", "2", "4", "8")}  # bytes


def read_pcd(path: Path) -> NDArray[np.float32]:
    """Points (H, W, 3) float32 of an organised .pcd cloud in the file's own unit; NaN or 0 = no reading.

    Raises:
        InputError: if its header is damaged, or it is truncated, unorganised or has no x, y, z.

    Source: Point Cloud Library, the PCD file format, version 0.7.
    """
    with path.open("rb") as file:
        header = _pcd_header(file, path)
        width, height = _whole(header, "WIDTH", path), _whole(header, "HEIGHT", path)
        _check_organised(width, height, path)
        body = file.read()
    names = [name for name, count in zip(header["FIELDS"], header["COUNT"], strict=True) for _ in range(int(count))]
    _check_xyz(names, path)
    coding = header["DATA"][0]
    if coding == "ascii":
        return _from_text(body, names, width, height, path)
    layout = _pcd_layout(header)
    if coding == "binary_compressed":
        columns = _by_field(_unpacked(body, path), layout, width * height, path)
        return _xyz([columns[axis].reshape(height, width) for axis in "xyz"])
    points = _records(body, layout, width * height, path)
    return _xyz([points[axis].reshape(height, width) for axis in "xyz"])


def read_ply(path: Path) -> NDArray[np.float32]:
    """Points (H, W, 3) float32 of an organised .ply cloud in the file's own unit; NaN or 0 = no reading.

    PLY knows no rows; they are taken from `obj_info num_cols`/`num_rows`, or from `comment width`/`comment height`.

    Raises:
        InputError: if its header is damaged, it is truncated, states no rows and columns, or has no x, y, z.

    Source: Turk, The PLY Polygon File Format, 1994; num_cols and num_rows as in the Stanford range scans.
    """
    with path.open("rb") as file:
        coding, count, fields, sizes = _ply_header(file, path)
        width = sizes.get("num_cols", sizes.get("width", count))
        height = sizes.get("num_rows", sizes.get("height", 1))
        _check_organised(width, height, path)
        if count != width * height:
            raise InputError(f"{path} states {width}×{height} but holds {count} points; give an organised cloud.")
        body = file.read()
    names = [name for name, _ in fields]
    _check_xyz(names, path)
    if coding == "ascii":
        return _from_text(body, names, width, height, path)
    order = "<" if coding == "binary_little_endian" else ">"
    layout = np.dtype([(name, order + _PLY_TYPES[kind]) for name, kind in fields])
    points = _records(body, layout, count, path)
    return _xyz([points[axis].reshape(height, width) for axis in "xyz"])


def _lines(file: BinaryIO, path: Path, last: str) -> list[list[str]]:
    """Words of every header line up to and with the one that begins with `last`."""
    lines: list[list[str]] = []
    while len(lines) < LONGEST_HEADER:
        words = file.readline(1000).decode("ascii", "replace").split()
        lines.append(words)
        if words[:1] == [last]:
            return lines
    raise InputError(f"{path} is a cloud whose header has no end; it is damaged or no cloud at all.")


def _pcd_header(file: BinaryIO, path: Path) -> dict[str, list[str]]:
    header = {words[0]: words[1:] for words in _lines(file, path, "DATA") if len(words) > 1}
    header.setdefault("COUNT", ["1"] * len(header.get("FIELDS", [])))
    shapes = {len(header.get(key, [])) for key in ("FIELDS", "SIZE", "TYPE", "COUNT")}
    pairs = zip(header.get("TYPE", []), header.get("SIZE", []), strict=False)  # of one length or damaged, see `shapes`
    kinds = all(size in _PCD_SIZES.get(kind, ()) for kind, size in pairs)
    counts = all(count.isdigit() and 0 < int(count) < 1000 for count in header["COUNT"])
    if len(shapes) != 1 or not kinds or not counts or "DATA" not in header:
        raise InputError(f"{path} has a damaged .pcd header.")
    return header


def _pcd_layout(header: dict[str, list[str]]) -> np.dtype:
    """One point of a binary body; what is not x, y or z goes by its place, as padding is "_" again and again."""
    fields = zip(header["FIELDS"], header["TYPE"], header["SIZE"], header["COUNT"], strict=True)
    return np.dtype(
        [
            (name if name in ("x", "y", "z") else f"field {place}", f"<{kind.lower()}{size}", (int(count),))
            for place, (name, kind, size, count) in enumerate(fields)
        ]
    )


def _ply_header(file: BinaryIO, path: Path) -> tuple[str, int, list[tuple[str, str]], dict[str, int]]:
    coding, count, element = "", 0, ""
    fields: list[tuple[str, str]] = []
    sizes: dict[str, int] = {}
    for words in _lines(file, path, "end_header"):
        match words:
            case ["format", name, _]:
                coding = name
            case ["element", name, number]:
                if not count and name != "vertex":
                    raise InputError(f"{path} does not begin with its points; give an organised cloud.")
                element, count = name, int(number) if name == "vertex" and number.isdigit() else count
            case ["property", kind, name] if element == "vertex":
                if kind not in _PLY_TYPES:
                    raise InputError(f"{path} has points of the unknown type {kind}.")
                if name in (known for known, _ in fields):
                    raise InputError(f"{path} has a damaged .ply header: it names the property {name} twice.")
                fields.append((name, kind))
            case ["obj_info" | "comment", ("num_cols" | "num_rows" | "width" | "height") as name, number]:
                sizes[name] = int(number) if number.isdigit() else 0
    if coding not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise InputError(f"{path} has a damaged .ply header.")
    return coding, count, fields, sizes


def _whole(header: dict[str, list[str]], key: str, path: Path) -> int:
    text = header.get(key, [""])[0]
    if not text.isdigit():
        raise InputError(f"{path} has a damaged .pcd header: {key} is “{text}”.")
    return int(text)


def _check_organised(width: int, height: int, path: Path) -> None:
    if width < 2 or height < 2:
        raise InputError(f"{path} is an unorganised cloud (no rows and columns); export it as an organised one.")
    if max(width, height) > LARGEST_SIDE_PX:
        raise InputError(f"{path} is {width}×{height}; more than {LARGEST_SIDE_PX} points a side is no depth picture.")


def _check_xyz(names: Sequence[str], path: Path) -> None:
    if any(names.count(axis) != 1 for axis in "xyz"):
        raise InputError(f"{path} has points without one x, one y and one z each.")


def _xyz(channels: list[NDArray[np.generic]]) -> NDArray[np.float32]:
    return np.stack([channel.astype(np.float32) for channel in channels], -1)


def _truncated(path: Path) -> InputError:
    return InputError(f"{path} is a truncated cloud: it holds fewer points than its header states.")


def _records(body: bytes, layout: np.dtype, count: int, path: Path) -> NDArray[np.void]:
    if len(body) < count * layout.itemsize:
        raise _truncated(path)
    return np.frombuffer(body, layout, count)


def _from_text(body: bytes, names: Sequence[str], width: int, height: int, path: Path) -> NDArray[np.float32]:
    try:
        values = np.array(body.split()[: width * height * len(names)], np.float64)
    except ValueError as error:
        raise InputError(f"{path} has a point that is no number ({str(error)[:80]}…).") from error
    if len(values) < width * height * len(names):
        raise _truncated(path)
    table = values.reshape(height, width, len(names))
    return table[..., [list(names).index(axis) for axis in "xyz"]].astype(np.float32)


def _by_field(body: bytes, layout: np.dtype, count: int, path: Path) -> dict[str, NDArray[np.generic]]:
    """Compressed .pcd bodies hold all x, then all y, and so on."""
    if len(body) < count * layout.itemsize:
        raise _truncated(path)
    arrays, place = {}, 0
    for name in layout.names or ():
        kind = layout[name]
        arrays[name] = np.frombuffer(body, kind.base, count * kind.itemsize // kind.base.itemsize, place)
        place += count * kind.itemsize
    return arrays


def _unpacked(body: bytes, path: Path) -> bytes:
    """The LZF stream of a compressed .pcd body, which begins with its packed and unpacked lengths.

    Source: Lehmann, LibLZF, lzf_d.c.
    """
    packed, size = (int.from_bytes(body[at : at + 4], "little") for at in (0, 4))
    data, out, place = body[8 : 8 + packed], bytearray(), 0
    if len(data) < packed or size > LARGEST_SIDE_PX**2 * 64:
        raise _truncated(path)
    try:
        while place < packed:
            control, place = data[place], place + 1
            if control < 32:
                out += data[place : place + control + 1]
                place += control + 1
                continue
            length = control >> 5
            if length == 7:
                length, place = length + data[place], place + 1
            start = len(out) - ((control & 31) << 8) - data[place] - 1
            place += 1
            _copy_back(out, start, length + 2)
    except IndexError as error:
        raise _truncated(path) from error
    return bytes(out)


def _copy_back(out: bytearray, start: int, length: int) -> None:
    """Append `length` bytes of `out` from `start` on; the piece may run into what it appends."""
    if start < 0:
        raise IndexError("a copy from before the beginning")
    period = out[start : start + length]
    while len(period) < length:
        period += period[: length - len(period)]
    out += period
