"""Is it a face or a picture of one: how much of a face's own relief the sensor itself has seen.

The raw depth is asked, never the denoised one: a denoiser puts a nose where a picture has none.
"""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import LEAST_POINTS, MeanFace, look_up, register
from depthface_app.core.face import FaceCrop, HeadPose

HALF_WIDTH_MM, HALF_HEIGHT_MM = 60.0, 62.0  # of the ellipse around the tip of the nose whose relief is compared
FAR_OFF_MM = 60.0  # what lies further from the mean face is not part of this face
EVERY = 4  # of the points are registered; all are compared
# Chosen on simulated validation people, a third of them with glasses, and sensors of training: 1 % of pictures of
# live people lie below. Pictures lie near 0; what lies above are deep reliefs and a cut-out worn as a mask with the
# wearer's nose pushed through. See benchmarks/liveness.py and docs/liveness.md.
LIVE_FROM = 0.3


def relief_share(crop: FaceCrop, nose_mm: tuple[float, float, float], pose: HeadPose, mean: MeanFace) -> float | None:
    """Of the mean face's relief beyond a bent sheet, how much is there: about 1 for a face, 0 for a picture.

    The face is laid onto the mean face. What a second-order surface can follow, as a picture however it is bent, is
    taken out of both depths; the share is the slope of what is left of the one over what is left of the other.

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
    used = (x**2 + y**2 < 1) & (np.abs(moved[:, 2] - expected) < FAR_OFF_MM)  # never where the mean face is unknown
    if used.sum() < LEAST_POINTS:
        return None
    return _slope_beyond_sheets(x[used], y[used], moved[used, 2], expected[used])


def _slope_beyond_sheets(
    x: NDArray[np.float32], y: NDArray[np.float32], seen: NDArray[np.float32], expected: NDArray[np.float32]
) -> float:
    sheets = np.column_stack((np.ones_like(x), x, y, x * x, x * y, y * y)).astype(np.float64)
    depths = np.column_stack((seen, expected)).astype(np.float64)
    square = sheets.T @ sheets + 1e-6 * np.eye(
        6
    )  # x and y are within 1; the last keeps a lone row of readings solvable
    follow = np.linalg.solve(square, sheets.T @ depths)
    seen_left, expected_left = (depths - sheets @ follow).T
    return float(seen_left @ expected_left / max(float(expected_left @ expected_left), 1e-9))
