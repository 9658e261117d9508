"""What changes between two frames of one scene: noise over time, in depth and in normals.

The scene may hold a living face: what its small movement changes is taken out, and what is left is noise. Every
function takes (H, W) arrays and a mask of the pixels that count, and leaves out pixels that are NaN (no reading) in
either frame. With nothing left to judge the answer is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.depth import GAUSSIAN_SD_PER_MAD
from depthface_app.core.normals import angle_deg

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEWEST_PX = 60  # below this a movement explains nearly anything
FITS = 3  # each without the pixels that the one before did not explain
UNEXPLAINED_SD = 2.5


def change_mm(before_mm: Depth, after_mm: Depth, shape_mm: Depth, judged: Mask) -> Depth:
    """What changed, without what a small rigid movement changes.

    A rigid movement of a surface z over the image (rows r, columns c) changes its depth by
    w + a·r + b·c + u·dz/dr + v·dz/dc + k·(r·dz/dc - c·dz/dr) to first order: nearer or farther, tilted, shifted and
    rolled. Those six are fitted to the change and taken out.

    Args:
        shape_mm: the surface whose slopes stand for both frames: a smooth one, as noisy slopes explain nothing.

    Returns:
        (H, W) float32 mm, after - before less the movement; NaN where not judged or not read twice, and everywhere when
        fewer than FEWEST_PX are left.

    Source: the range flow constraint, Spies, Jähne & Barron, CVIU 85(3), 2002, equation 6, for a rigid patch; least
        squares without outliers, Rousseeuw & Leroy, Robust Regression and Outlier Detection, 1987, section 1.2.
    """
    difference = after_mm - before_mm
    slope_r, slope_c = np.gradient(shape_mm, axis=0), np.gradient(shape_mm, axis=1)
    known = judged & ~np.isnan(difference) & ~np.isnan(slope_r) & ~np.isnan(slope_c)
    out = np.full(difference.shape, np.nan, np.float32)
    if known.sum() < FEWEST_PX:
        return out
    rows, columns = (each - each.mean() for each in np.nonzero(known))
    down, right = slope_r[known].astype(np.float64), slope_c[known].astype(np.float64)
    terms = np.column_stack((np.ones_like(down), rows, columns, down, right, rows * right - columns * down))
    values = difference[known].astype(np.float64)
    kept = np.ones(len(values), bool)
    for _ in range(FITS):
        movement, *_ = np.linalg.lstsq(terms[kept], values[kept], rcond=None)
        left = values - terms @ movement
        kept = np.abs(left) <= UNEXPLAINED_SD * GAUSSIAN_SD_PER_MAD * np.median(np.abs(left)) + 1e-9
    out[known] = left
    return out


def noise_of_change_mm(change: NDArray[np.float32]) -> float:
    """Standard deviation of one frame's noise in mm, from the change between two.

    A change holds the noise of both frames, so its spread is √2 times one frame's. The spread is taken from the median
    absolute deviation, which leaves out the few pixels at edges that a small movement changes most.

    Source: Rousseeuw & Croux, JASA 88(424), 1993, for the factor of the median absolute deviation.
    """
    known = change[~np.isnan(change)]
    return float(np.median(np.abs(known)) * GAUSSIAN_SD_PER_MAD / np.sqrt(2)) if known.size else float("nan")


def normal_jitter_deg(before: NDArray[np.float32], after: NDArray[np.float32], judged: Mask) -> float:
    """Median angle in degrees between the normals (H, W, 3) of the same pixels in two frames."""
    angle = angle_deg(before, after)[judged]
    angle = angle[~np.isnan(angle)]
    return float(np.median(angle)) if angle.size else float("nan")
