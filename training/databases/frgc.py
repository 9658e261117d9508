"""FRGC v2: range images of a Minolta Vivid 910, `.abs` files, usually gzipped.

Layout: the folders `Fall2003range` and `Spring2004range`, together FRGC v2's validation partition of 4,007 scans of
466 people, with files `<person>d<recording>.abs[.gz]`. `Spring2003range` is the challenge's own training partition
and is not among the paper's 4,007; it is left out when it is there.

Format, as the Face Recognition Grand Challenge distributes it and public readers (David Bolme's in PyVision) describe
it: text; the lines `480 rows`, `640 columns` and `pixels (flag X Y Z):`, then four lines with one number for every
pixel, from the top row, left to right: whether there is a reading, x, y and z in mm. Axes: x right, y up, z towards
the scanner. No landmarks of the surface are part of it, so the tip of the nose is found.
"""

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.databases.nose import find_nose_of_mesh
from training.databases.scan import (
    DatabaseError,
    MeshScan,
    NoFace,
    Recording,
    Scan,
    camera_axes,
    existing,
    found,
    grid_mesh,
    reading,
)

PARTITIONS = ("Fall2003range", "Spring2004range")
NAME = re.compile(r"^(\d+)d(\d+)\.abs(\.gz)?$")


def recordings(folder: Path) -> list[Recording]:
    """All scans of the validation partition.

    Expression and pose are stated in metadata that this reader does not need: the paper trains denoisers on these scans
    and never asks who or what they show. All count as neutral.
    """
    files = [path for name in PARTITIONS for path in (existing(folder) / name).glob("*.abs*") if NAME.match(path.name)]
    return [
        _recording(path) for path in found(files, folder, f"{'/ or '.join(PARTITIONS)}/ with .abs or .abs.gz files")
    ]


def _recording(path: Path) -> Recording:
    session = 1 + PARTITIONS.index(path.parent.name)
    return Recording("FRGCv2", path.name.split("d")[0], session, "NU", path, load)


def read_abs(path: Path) -> NDArray[np.float64]:
    """(rows, columns, 3) points in mm in the scanner's axes, NaN = no reading.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    with reading(path, ".abs"), (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="ascii") as file:
        try:
            lines = [file.readline() for _ in range(7)]
        except (OSError, zlib.error) as error:
            raise DatabaseError(f"{path} is truncated or not a gzip file ({error})") from error
        if "rows" not in lines[0] or "columns" not in lines[1] or not lines[2].startswith("pixels"):
            raise DatabaseError(f"{path} is not an .abs file: it does not begin with its numbers of rows and columns")
        rows, columns = int(lines[0].split()[0]), int(lines[1].split()[0])
        flags, *points = (np.array(line.split(), np.float64) for line in lines[3:])
        for values in (flags, *points):
            if values.size != rows * columns:
                raise DatabaseError(f"{path} is truncated: {values.size} of {rows * columns} pixels in a line")
    grid = np.stack(points, -1).reshape(rows, columns, 3)
    grid[flags.reshape(rows, columns) == 0] = np.nan
    return grid


def load(recording: Recording) -> Scan:
    """The scan as a mesh in camera axes."""
    points = read_abs(recording.path)
    if np.isnan(points).all():
        raise NoFace(f"{recording.path} has no reading in any pixel")
    mesh = grid_mesh(camera_axes(points))
    with reading(recording.path, "face scan"):
        return MeshScan(mesh, find_nose_of_mesh(mesh))
