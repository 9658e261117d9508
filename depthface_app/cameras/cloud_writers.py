"""Writes organised point clouds, row by row, as `clouds` reads them.

Open3D's writers know no rows and columns and drop points without a reading, so what they write is no picture any more.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.files import whole_file


def write_ply(path: Path, points_mm: NDArray[np.float32]) -> None:
    """Write points (H, W, 3) float32 in mm, NaN = no reading, as binary .ply with its rows and columns stated.

    Raises:
        OSError: if it cannot be written.

    Source: Turk, The PLY Polygon File Format, 1994; num_cols and num_rows as in the Stanford range scans.
    """
    height, width = points_mm.shape[:2]
    lines = (
        "ply",
        "format binary_little_endian 1.0",
        "comment millimetres, x right, y down, z away from the camera",
        f"obj_info num_cols {width}",
        f"obj_info num_rows {height}",
        f"element vertex {width * height}",
        "property float x",
        "property float y",
        "property float z",
        "end_header",
    )
    _write(path, lines, points_mm)


def write_pcd(path: Path, points_mm: NDArray[np.float32]) -> None:
    """Write points (H, W, 3) float32 in mm, NaN = no reading, as an organised binary .pcd.

    Raises:
        OSError: if it cannot be written.

    Source: Point Cloud Library, the PCD file format, version 0.7.
    """
    height, width = points_mm.shape[:2]
    lines = (
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS x y z",
        "SIZE 4 4 4",
        "TYPE F F F",
        "COUNT 1 1 1",
        f"WIDTH {width}",
        f"HEIGHT {height}",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {width * height}",
        "DATA binary",
    )
    _write(path, lines, points_mm)


def _write(path: Path, header: tuple[str, ...], points_mm: NDArray[np.float32]) -> None:
    with whole_file(path) as part, part.open("wb") as file:
        file.write(("\n".join(header) + "\n").encode("ascii"))
        file.write(np.ascontiguousarray(points_mm, "<f4").tobytes())
