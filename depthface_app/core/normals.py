"""Surface normals of a depth map."""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics


def _slope(z: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Derivative per pixel along an axis: central where both neighbours are read, one-sided where only one is."""
    shape = list(z.shape)
    shape[axis] += 1
    steps = np.full(shape, np.nan, np.float32)  # into and out of each pixel
    along = np.moveaxis(steps, axis, 0)
    along[1:-1] = np.diff(np.moveaxis(z, axis, 0), axis=0)
    before, after = np.moveaxis(along[:-1], 0, axis), np.moveaxis(along[1:], 0, axis)
    forward = np.where(np.isnan(after), before, after)
    backward = np.where(np.isnan(before), after, before)
    return (forward + backward) * np.float32(0.5)


def normals(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> NDArray[np.float32]:
    """Unit normals in camera axes that face the camera (z < 0 for a wall in front of it).

    With P(u, v) = z·((u - cx)/fx, (v - cy)/fy, 1), the product of its two derivatives is
    -z/(fx·fy) times (fx·z_u, fy·z_v, -(z + (u - cx)·z_u + (v - cy)·z_v)), which needs no points at all.

    Args:
        depth_mm: (H, W) float32, NaN = no reading.

    Returns:
        (H, W, 3) float32, NaN where the depth or all its neighbours along an axis are missing.

    Source: the cross product of tangents, do Carmo, Differential Geometry of Curves and Surfaces, section 2.5.
    """
    z_u, z_v = _slope(depth_mm, 1), _slope(depth_mm, 0)
    columns, rows = intrinsics.rays()
    out = np.empty((*depth_mm.shape, 3), np.float32)
    out[..., 0] = np.float32(intrinsics.fx) * z_u
    out[..., 1] = np.float32(intrinsics.fy) * z_v
    out[..., 2] = -(depth_mm + columns[None, :] * out[..., 0] + rows[:, None] * out[..., 1])
    out /= np.sqrt(np.einsum("hwc,hwc->hw", out, out))[..., None]
    return out


def angle_deg(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Angle in degrees between two fields (..., 3) of unit normals; NaN where either is."""
    return np.degrees(np.arccos(np.clip(np.einsum("...c,...c->...", a, b), -1.0, 1.0)))
