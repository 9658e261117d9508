"""Classical filters of a crop's depth, which a denoiser has to beat: the same for the inspector and for evaluation.

All take and give (S, S) float32 mm. Missing readings are filled from their nearest neighbour first (`filled`), so that
no filter is punished for holes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Depth = NDArray[np.float32]

# What validation people chose for the least RMSE for most sensor families, at 0.7 to 3.6 mm of noise
# (docs/figures/denoiser.json, "settings"): three of five families for the bilateral filter, four for the median.
BILATERAL_REACH_PX, BILATERAL_RANGE_MM = 2.5, 30.0
MEDIAN_SIZE_PX = 7
TV_WEIGHT_MM = 6.0  # three of five families
NLM_STRENGTH_MM = 4.0
NLM_PATCH_PX, NLM_SEARCH_PX = 5, 15
NLM_UNIT_MM = 0.01  # OpenCV's filter counts whole numbers up to 65535, which is 0.66 m here
TV_MOST_STEPS, TV_ENOUGH = 60, 2e-4


def filled(depth_mm: Depth) -> Depth:
    """Missing readings (NaN) replaced by the nearest one, or nearly so; with no reading at all they stay.

    Source of the distances: Borgefors, Distance transformations in digital images, CVGIP 34(3), 1986, with its mask of
        five pixels: the reading taken may be up to 2 % further away than the nearest.
    """
    missing = np.isnan(depth_mm)
    if not missing.any() or missing.all():
        return depth_mm
    _, label = cv2.distanceTransformWithLabels(
        missing.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    reading_of = np.zeros(label.max() + 1, np.float32)
    reading_of[label[~missing]] = depth_mm[~missing]
    return np.where(missing, reading_of[label], depth_mm)


def bilateral(depth_mm: Depth, reach_px: float = BILATERAL_REACH_PX, range_mm: float = BILATERAL_RANGE_MM) -> Depth:
    """Mean of near pixels of like depth. Source: Tomasi & Manduchi, ICCV 1998."""
    out: Depth = cv2.bilateralFilter(depth_mm, -1, range_mm, reach_px)
    return out


def median(depth_mm: Depth, size_px: int = MEDIAN_SIZE_PX) -> Depth:
    """Median of a square; 7 is a 5 applied after a 3, since OpenCV stops at 5 for float."""
    if size_px <= 5:
        once: Depth = cv2.medianBlur(depth_mm, size_px)
        return once
    twice: Depth = cv2.medianBlur(cv2.medianBlur(depth_mm, 3), 5)
    return twice


def total_variation(depth_mm: Depth, weight_mm: float = TV_WEIGHT_MM) -> Depth:
    """The picture of least total variation near the given one: flat pieces with sharp edges between.

    Stops after TV_MOST_STEPS, or when the energy falls by less than TV_ENOUGH of what it was at first. So does
    scikit-image's `denoise_tv_chambolle`, to which it is equal.

    Source: Chambolle, An algorithm for total variation minimization, JMIV 20, 2004, with the step of a quarter.
    """
    image = depth_mm.astype(np.float32, copy=False)
    across, down = np.zeros_like(image), np.zeros_like(image)
    slope_x, slope_y = np.zeros_like(image), np.zeros_like(image)
    out, first, before = image, 0.0, 0.0
    for step in range(TV_MOST_STEPS):
        change = -(across + down)
        change[:, 1:] += across[:, :-1]
        change[1:] += down[:-1]
        out = image + change
        slope_x[:, :-1], slope_y[:-1] = np.diff(out, axis=1), np.diff(out, axis=0)
        length = cv2.magnitude(slope_x, slope_y)
        energy = float(cv2.norm(change, cv2.NORM_L2SQR) + weight_mm * cv2.sumElems(length)[0]) / image.size
        if step and abs(before - energy) < TV_ENOUGH * first:
            break
        first, before = first or energy, energy
        scale = 1 + length * np.float32(0.25 / weight_mm)
        across, down = (across - 0.25 * slope_x) / scale, (down - 0.25 * slope_y) / scale
    return out


def non_local_means(depth_mm: Depth, strength_mm: float = NLM_STRENGTH_MM) -> Depth:
    """Mean of pixels whose surroundings look alike, by absolute differences.

    OpenCV's; evaluation tunes scikit-image's, which compares by squares: with the same strength the two err alike
    within a quarter (`tests/unit/test_filters.py`).

    Source: Buades et al., A non-local algorithm for image denoising, CVPR 2005.
    """
    low = depth_mm.min()
    counts = np.round((depth_mm - low) / np.float32(NLM_UNIT_MM)).clip(0, 65535).astype(np.uint16)
    strength = [strength_mm / NLM_UNIT_MM]
    smooth = cv2.fastNlMeansDenoising(counts, strength, None, NLM_PATCH_PX, NLM_SEARCH_PX, cv2.NORM_L1)
    return smooth.astype(np.float32) * np.float32(NLM_UNIT_MM) + low
