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
