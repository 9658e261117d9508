"""Is it a face or a picture of one: how much of a face's own relief the sensor itself has seen.

The raw depth is asked, never the denoised one: a denoiser puts a nose where a picture has none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import LEAST_POINTS, MeanFace, look_up, register
from depthface_app.core.face import FaceCrop, HeadPose

HALF_WIDTH_MM, HALF_HEIGHT_MM = 60.0, 62.0  # of the ellipse around the tip of the nose whose relief is compared
NOSE_HALF_WIDTH_MM, NOSE_HALF_HEIGHT_MM, NOSE_ABOVE_MM = 22.0, 30.0, 4.0  # the nose in it, from the tip up
FAR_OFF_MM = 60.0  # what lies further from the mean face is not part of this face
EVERY = 4  # of the points are registered; all are compared
LEAST_LEFT_MM = 0.3  # what is left of a perfect match, so that its logarithm stays finite
SHARE_LIMITS = (-1.0, 2.0)
# A linear discriminant, by logistic regression, of the three shares and the logarithms of the three rests: the whole
# ellipse, the ellipse without the nose, the nose alone. Fitted on simulated training people and rendered attacks before
# sensors of training and invented ones; above 0 is live. `python -m benchmarks.liveness_fit` prints these numbers.
SHARE_WEIGHTS = (11.107, -0.464, 1.318)
LEFT_WEIGHTS = (0.523, 1.085, -0.927)
BIAS = -5.348


@dataclass(frozen=True, slots=True)
class Relief:
    """A surface beside the mean face, beyond what a bent sheet can follow.

    Each for the ellipse around the nose, for the ellipse without the nose, and for the nose alone, which somebody who
    wears a picture may push through it.

    shares:  how much of the mean face's relief is there: about 1 for a face, 0 for a picture
    left_mm: root mean square of what is there besides
    """

    shares: tuple[float, float, float]
    left_mm: tuple[float, float, float]

    def score(self) -> float:
        """Above 0 for a face, below for what is none."""
        shares = np.clip(self.shares, *SHARE_LIMITS)
        left = np.log(np.maximum(self.left_mm, LEAST_LEFT_MM))
        return float(np.dot(SHARE_WEIGHTS, shares) + np.dot(LEFT_WEIGHTS, left) + BIAS)


def relief(crop: FaceCrop, nose_mm: tuple[float, float, float], pose: HeadPose, mean: MeanFace) -> Relief | None:
    """Compare a surface with the mean face.

    The face is laid onto the mean face. In each region, what a second-order surface can follow, as a picture however it
    is bent, is taken out of both depths; the share is the slope of what is left of the one over what is left of the
    other.

    Args:
        crop: as cut from the frame, not denoised.
        nose_mm, pose: the locator's, camera axes.

    Returns:
        None when too little is seen.

    Source: our own; least squares as in Press et al., Numerical Recipes, 3rd edition, section 15.4.
    """
    points = crop.intrinsics.back_project(crop.depth_mm) - np.asarray(nose_mm, np.float32)
    points = points[~np.isnan(crop.depth_mm)]
    if len(points) < EVERY * LEAST_POINTS:
        return None
    rotation, shift, _ = register(points[::EVERY], pose.matrix(), mean)
    moved = points @ rotation.astype(np.float32) + shift.astype(np.float32)
    expected, _ = look_up(mean, moved)
    x, y = moved[:, 0] / HALF_WIDTH_MM, moved[:, 1] / HALF_HEIGHT_MM
    around = (x**2 + y**2 < 1) & (np.abs(moved[:, 2] - expected) < FAR_OFF_MM)  # never where the mean face is unknown
    aside, up = moved[:, 0] / NOSE_HALF_WIDTH_MM, (moved[:, 1] + NOSE_ABOVE_MM) / NOSE_HALF_HEIGHT_MM
    nose = aside**2 + up**2 < 1
    regions = (around, around & ~nose, around & nose)
    if min(region.sum() for region in regions) < LEAST_POINTS:
        return None
    found = [_beyond_sheets(x[used], y[used], moved[used, 2], expected[used]) for used in regions]
    (all_share, rest_share, nose_share), (all_mm, rest_mm, nose_left_mm) = zip(*found, strict=True)
    return Relief((all_share, rest_share, nose_share), (all_mm, rest_mm, nose_left_mm))


def _beyond_sheets(
    x: NDArray[np.float32], y: NDArray[np.float32], seen: NDArray[np.float32], expected: NDArray[np.float32]
) -> tuple[float, float]:
    """Slope of seen over expected depth, both without what a sheet can follow, and what the slope leaves, RMS."""
    sheets = np.column_stack((np.ones_like(x), x, y, x * x, x * y, y * y)).astype(np.float64)
    depths = np.column_stack((seen, expected)).astype(np.float64)
    square = sheets.T @ sheets + 1e-6 * np.eye(6)  # x and y are within 1; the last keeps a lone row solvable
    follow = np.linalg.solve(square, sheets.T @ depths)
    seen_left, expected_left = (depths - sheets @ follow).T
    share = float(seen_left @ expected_left / max(float(expected_left @ expected_left), 1e-9))
    return share, float(np.sqrt(np.mean((seen_left - share * expected_left) ** 2)))
