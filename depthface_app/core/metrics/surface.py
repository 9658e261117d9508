"""How far an estimated surface is from the true one.

Every function takes (H, W) arrays and a mask of the pixels that count, and leaves out pixels where either side is NaN
(no reading). With nothing left to judge the answer is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.normals import angle_deg

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]

SSIM_SIDE_PX, SSIM_SD_PX = 11, 1.5  # Wang et al. 2004, section III-C
SSIM_K1, SSIM_K2 = 0.01, 0.03
FLYING_MM = 10.0  # further than this from every true surface around is not noise any more


def errors(estimate: Depth, truth: Depth, judged: Mask) -> NDArray[np.float64]:
    """(N,) signed differences, estimate - truth, in the unit of the inputs."""
    difference = (estimate.astype(np.float64) - truth)[judged]
    return difference[~np.isnan(difference)]


def rmse(estimate: Depth, truth: Depth, judged: Mask) -> float:
    """Root of the mean squared difference, in the unit of the inputs."""
    difference = errors(estimate, truth, judged)
    return float(np.sqrt(np.mean(difference**2))) if difference.size else float("nan")


def error_percentile(estimate: Depth, truth: Depth, judged: Mask, percent: float) -> float:
    """What so many percent of the absolute differences stay under, in the unit of the inputs."""
    difference = errors(estimate, truth, judged)
    return float(np.percentile(np.abs(difference), percent)) if difference.size else float("nan")


def bias(estimate: Depth, truth: Depth, judged: Mask) -> float:
    """Mean signed difference, estimate - truth, in the unit of the inputs: positive lies too far away."""
    difference = errors(estimate, truth, judged)
    return float(difference.mean()) if difference.size else float("nan")


def psnr_db(estimate: Depth, truth: Depth, judged: Mask, peak: float) -> float:
    """Peak signal-to-noise ratio in decibels, 20·log10(peak / RMSE); infinite for equal arrays.

    peak: width of the range that values can take, 2 for a network's [-1, 1].

    Source: Huynh-Thu & Ghanbari, Electronics Letters 44(13), 2008.
    """
    off = rmse(estimate, truth, judged)
    return float("inf") if off == 0 else float(20 * np.log10(peak / off))


def _smoothed(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian mean around every pixel whose whole window lies inside the picture: (H, W) to (H - 10, W - 10)."""
    x = np.arange(SSIM_SIDE_PX) - SSIM_SIDE_PX // 2
    weight = np.exp(-(x**2) / (2 * SSIM_SD_PX**2))
    weight /= weight.sum()
    height, width = (side - SSIM_SIDE_PX + 1 for side in picture.shape)
    down = sum((w * picture[k : k + height] for k, w in enumerate(weight)), np.zeros((height, picture.shape[1])))
    return sum((w * down[:, k : k + width] for k, w in enumerate(weight)), np.zeros((height, width)))


def ssim_map(estimate: Depth, truth: Depth, value_range: float) -> NDArray[np.float64]:
    """Structural similarity around each pixel, -1 to 1.

    Args:
        estimate, truth: (H, W) without gaps; values count from black, 0 to `value_range`.

    Returns:
        (H, W), NaN in the border of five pixels where the window does not fit.

    Source: Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 13(4), 2004, equation 13 with its Gaussian window.
    """
    a, b = estimate.astype(np.float64), truth.astype(np.float64)
    c1, c2 = (SSIM_K1 * value_range) ** 2, (SSIM_K2 * value_range) ** 2
    mean_a, mean_b = _smoothed(a), _smoothed(b)
    variances = _smoothed(a * a) + _smoothed(b * b) - mean_a**2 - mean_b**2
    covariance = _smoothed(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    likeness /= (mean_a**2 + mean_b**2 + c1) * (variances + c2)
    return np.pad(likeness, SSIM_SIDE_PX // 2, constant_values=np.nan)


def ssim(estimate: Depth, truth: Depth, judged: Mask, value_range: float) -> float:
    """Mean of `ssim_map` over the judged pixels."""
    found = ssim_map(estimate, truth, value_range)[judged]
    found = found[~np.isnan(found)]
    return float(found.mean()) if found.size else float("nan")


def normal_error_deg(estimate: NDArray[np.float32], truth: NDArray[np.float32], judged: Mask) -> float:
    """Mean angle in degrees between two (H, W, 3) fields of unit normals.

    Source: the mean angular error of Fouhey, Gupta & Hebert, ICCV 2013.
    """
    angle = angle_deg(estimate, truth)[judged]
    angle = angle[~np.isnan(angle)]
    return float(angle.mean(dtype=np.float64)) if angle.size else float("nan")


def flying_pixel_rate(estimate: Depth, truth: Depth, judged: Mask, limit_mm: float = FLYING_MM) -> float:
    """Share of the judged pixels that hang in the air: further than `limit_mm` from every true depth within one pixel.

    A pixel on the wrong side of a step lies on a surface, if a pixel off; one between the two sides does not.

    Args:
        estimate, truth: (H, W) in mm.

    Source: what Sabov & Krüger, SCCG 2008, call flying pixels, held against the truth instead of a model.
    """
    padded = np.pad(truth, 1, constant_values=np.nan)
    height, width = truth.shape
    away = np.full(truth.shape, np.inf, np.float32)
    for down in range(3):
        for right in range(3):
            away = np.fmin(away, np.abs(estimate - padded[down : down + height, right : right + width]))
    known = judged & ~np.isnan(estimate) & np.isfinite(away)
    return float(np.mean(away[known] > limit_mm)) if known.any() else float("nan")


def hanging_share(estimate: Depth, judged: Mask, limit_mm: float = FLYING_MM) -> float:
    """Share of the judged pixels that hang in the air by the look of it, without a truth to ask.

    A pixel hangs between two surfaces if, in one of the four directions through it, its neighbour on one side is more
    than `limit_mm` nearer and the one on the other side more than `limit_mm` farther; it hangs alone if no neighbour
    at all is within `limit_mm`. Where a sensor draws a bridge of many small steps, nothing hangs.

    Args:
        estimate: (H, W) in mm, NaN = no reading.

    Source: the jump edges that Fuchs & May, Int. J. Intelligent Systems Technologies and Applications 5(3/4), 2008,
        section 3 remove by the angle to one neighbour; asked of opposite neighbours, so that the two sides of a clean
        step stay.
    """
    height, width = estimate.shape
    padded = np.pad(estimate, 1, constant_values=np.nan)
    hangs, alone = np.zeros(estimate.shape, bool), np.ones(estimate.shape, bool)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one, other = (
            padded[1 + side * down : 1 + side * down + height, 1 + side * right : 1 + side * right + width] - estimate
            for side in (-1, 1)
        )
        hangs |= ((one < -limit_mm) & (other > limit_mm)) | ((one > limit_mm) & (other < -limit_mm))
        alone &= ~((np.abs(one) <= limit_mm) | (np.abs(other) <= limit_mm))
    known = judged & ~np.isnan(estimate)
    return float(np.mean((hangs | alone)[known])) if known.any() else float("nan")
