"""Depth maps as 16-bit pictures, the common form of RGB-D databases."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics
from training.databases.nose import find_nose
from training.databases.scan import DatabaseError, DepthScan, reading


def read_depth_picture(path: Path, size: tuple[int, int], mm_per_count: float = 1.0) -> NDArray[np.float32]:
    """(H, W) float32 mm, NaN = no reading (0 in the file).

    Args:
        size: (width, height) that the sensor's pictures have.

    Raises:
        DatabaseError: if the file is truncated, of another kind or of another size.
    """
    picture = (
        cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED) if path.stat().st_size else None
    )
    if picture is None:
        raise DatabaseError(f"{path} is truncated or not a picture")
    if picture.dtype != np.uint16 or picture.ndim != 2:
        raise DatabaseError(f"{path} is not a depth map: one channel of 16 bits is expected")
    if picture.shape != size[::-1]:
        raise DatabaseError(
            f"{path} has {picture.shape[1]} × {picture.shape[0]} pixels; {size[0]} × {size[1]} are expected"
        )
    depth = picture.astype(np.float32) * np.float32(mm_per_count)
    depth[picture == 0] = np.nan
    return depth


def depth_scan(depth_mm: NDArray[np.float32], intrinsics: Intrinsics, path: Path) -> DepthScan:
    """The nearest face of a depth map without landmarks.

    Raises:
        NoFace: if there is none.
    """
    with reading(path, "depth map"):
        return DepthScan(depth_mm, intrinsics, find_nose(depth_mm, intrinsics))
