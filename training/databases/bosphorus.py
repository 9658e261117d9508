"""Bosphorus: structured-light scans, `.bnt` point grids with `.lm3` landmarks.

Layout: one folder `bsNNN` per person with files `bsNNN_KIND_..._K.bnt` and `.lm3` beside them. 4,666 scans of 105
people.

Format, as the reader that comes with the database (A. Savran, 2008) documents it: little-endian binary; rows and
columns as uint16; the depth that marks background as float64; the length of a picture's name as uint16, and the name;
the count of numbers as uint32; five columns of float64, one after the other: x, y, z in mm and two texture
coordinates. Axes: x right, y up, z towards the scanner. `.lm3`: text; a line `N landmarks:`, then for each a line
with its name and a line with x, y, z; lines with # are comments. Landmarks that are hidden are left out.

The paper tests on 4,662 of the 4,666 and does not say which four it leaves out; here those are left out that have
neither a landmark on the nose tip nor a nose that can be found.
"""

import re
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.databases.nose import find_nose_of_mesh
from training.databases.scan import (
    VIEW_MM,
    DatabaseError,
    MeshScan,
    NoFace,
    Recording,
    Scan,
    Subset,
    existing,
    found,
    grid_mesh,
    reading,
)

NAME = re.compile(r"^(bs\d{3})_([A-Z]+)_")
SUBSETS: dict[str, Subset] = {
    "N": "NU", "LFAU": "FE", "UFAU": "FE", "CAU": "FE", "E": "FE",
    "YR": "PS", "PR": "PS", "CR": "PS", "O": "OC",
}  # fmt: skip
NOSE = "nose tip"
HEADER = struct.Struct("<HHdH")


def recordings(folder: Path) -> list[Recording]:
    """All scans; those the database marks as to be ignored are not among them."""
    files = found(existing(folder).glob("bs*/bs*.bnt"), folder, "bsNNN/ with .bnt files")
    out = []
    for path in files:
        name = NAME.match(path.name)
        if name and name[2] in SUBSETS:
            out.append(Recording("Bosphorus", name[1], 1, SUBSETS[name[2]], path, load))
    return out


def read_bnt(path: Path) -> NDArray[np.float64]:
    """(rows, columns, 3) points in mm in the scanner's axes, NaN = background.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    data = path.read_bytes()
    try:
        rows, columns, background, length = HEADER.unpack_from(data)
        start = HEADER.size + length
        (count,) = struct.unpack_from("<I", data, start)
    except struct.error as error:
        raise DatabaseError(f"{path} is truncated or not a .bnt file ({error})") from error
    if count != 5 * rows * columns:
        raise DatabaseError(f"{path} is not a .bnt file: it states {count} numbers for {rows} × {columns} points")
    if len(data) - start - 4 < 8 * count:
        raise DatabaseError(f"{path} is truncated: {len(data)} bytes of {start + 4 + 8 * count}")
    columns_of_file = np.frombuffer(data, "<f8", count, start + 4).reshape(5, rows, columns)
    grid: NDArray[np.float64] = np.moveaxis(columns_of_file[:3], 0, -1).copy()
    grid[grid[..., 2] == background] = np.nan
    return grid


def read_lm3(path: Path) -> dict[str, tuple[float, float, float]]:
    """Landmarks by lower-case name, mm in the scanner's axes.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    text = path.read_text(encoding="latin-1").splitlines()
    lines = [line.strip() for line in text if line.strip() and not line.lstrip().startswith("#")]
    with reading(path, ".lm3"):
        count = int(lines[0].split()[0])
        out = {}
        for k in range(count):
            x, y, z = (float(value) for value in lines[2 + 2 * k].split())
            out[lines[1 + 2 * k].lower()] = (x, y, z)
    return out


def load(recording: Recording) -> Scan:
    """The scan as a mesh in camera axes, VIEW_MM in front of the camera."""
    points = read_bnt(recording.path)
    if np.isnan(points).all():
        raise NoFace(f"{recording.path} has no reading in any pixel")
    flip = np.array((1.0, -1.0, -1.0))
    shift = np.array((0.0, 0.0, VIEW_MM - np.nanmin(-points[..., 2])))
    mesh = grid_mesh(points * flip + shift)
    landmarks = recording.path.with_suffix(".lm3")
    nose = read_lm3(landmarks).get(NOSE) if landmarks.exists() else None
    if nose is not None:
        x, y, z = np.array(nose) * flip + shift
        return MeshScan(mesh, (float(x), float(y), float(z)))
    with reading(recording.path, "face scan"):
        return MeshScan(mesh, find_nose_of_mesh(mesh))
