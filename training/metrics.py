"""How far a denoised crop is from the truth."""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.depth import from_range
from depthface_app.core.normals import angle_deg, normals
from training.pairs import Pair


def judged(pair: Pair) -> NDArray[np.bool_]:
    """(S, S): face pixels where the sensor had a reading, so that filters that leave holes are judged alike."""
    return (pair.face[0] > 0) & (pair.input.valid[0] > 0)


def rmse_mm(pair: Pair, depth: NDArray[np.float32]) -> float:
    """Root of the mean squared depth error in mm over the judged pixels of (S, S) depth in network range."""
    error = (depth - pair.target[0])[judged(pair)] * DEPTH_RANGE_MM
    return float(np.sqrt(np.mean(error**2)))


def angle_error_deg(pair: Pair, depth: NDArray[np.float32]) -> float:
    """Mean angle in degrees between the metric normals of (S, S) depth in network range and those of the truth."""
    z = pair.crop.nose_mm[2]
    true = np.where(pair.surface[0] > 0, from_range(pair.target[0], z), np.float32(np.nan))
    angle = angle_deg(normals(from_range(depth, z), pair.crop.intrinsics), normals(true, pair.crop.intrinsics))
    return float(np.nanmean(angle[judged(pair)]))
