"""The plane that readings of something flat lie in: how far they scatter about it, and how far it is off."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Plane:
    """All points p with normal · p = offset_mm, in camera axes, and how well it fits.

    normal:    unit vector that faces the camera
    rms_mm:    root mean square distance of the readings from it
    middle_mm: mean of the readings, a point of the plane
    """

    normal: tuple[float, float, float]
    rms_mm: float
    middle_mm: tuple[float, float, float]


def fit_plane(points_mm: NDArray[np.float32]) -> Plane | None:
    """The plane with the least squared distances to points (..., 3), NaN = none; None with fewer than three readings.

    Source: total least squares by the smallest eigenvalue; Shakarji, J. Res. NIST 103(6), 1998, section 3.
    """
    points = points_mm.reshape(-1, 3).astype(np.float64)
    points = points[~np.isnan(points).any(-1)]
    if len(points) < 3:
        return None
    middle = points.mean(0)
    spread, axes = np.linalg.eigh((points - middle).T @ (points - middle))
    normal = axes[:, 0] if axes[2, 0] < 0 else -axes[:, 0]
    return Plane(tuple(normal.tolist()), float(np.sqrt(max(spread[0], 0) / len(points))), tuple(middle.tolist()))


def offset_mm(plane: Plane, reference: Plane) -> float:
    """How far the plane's middle lies behind the reference, along the reference's normal; negative is before it.

    Source: the Z-accuracy of Intel's D400 depth quality metrics, with a fitted reference in place of a known wall.
    """
    return float(-np.dot(reference.normal, np.subtract(plane.middle_mm, reference.middle_mm)))
