"""What the networks read: a crop's millimetres as the arrays they were trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.face import FaceCrop
from depthface_app.core.normals import normals

NOISE_SCALE_MM = 5.0  # noise that the network sees as 1
GAUSSIAN_SD_PER_MAD = 1.4826  # Rousseeuw & Croux 1993, table 1


@dataclass(frozen=True, eq=False, slots=True)
class DenoiserInput:
    """Arrays of one crop as the denoiser takes them, without the batch axis.

    depth:   (1, S, S) float32 in [-1, 1]: depth behind the nose tip over DEPTH_RANGE_MM, 0 where missing
    normals: (3, S, S) float32 unit vectors, 0 where missing
    valid:   (1, S, S) float32, 1 where there is a reading
    noise:   (1, 1, 1) float32: estimated noise over NOISE_SCALE_MM
    """

    depth: NDArray[np.float32]
    normals: NDArray[np.float32]
    valid: NDArray[np.float32]
    noise: NDArray[np.float32]


def to_range(depth_mm: NDArray[np.float32], nose_z_mm: float) -> NDArray[np.float32]:
    """Depth as the networks count it: 0 at the nose tip, ±1 at ±DEPTH_RANGE_MM, clipped there; NaN stays."""
    return np.clip((depth_mm - np.float32(nose_z_mm)) / np.float32(DEPTH_RANGE_MM), -1.0, 1.0)


def from_range(value: NDArray[np.float32], nose_z_mm: float) -> NDArray[np.float32]:
    """Millimetres from the camera of what the networks count."""
    return value * np.float32(DEPTH_RANGE_MM) + np.float32(nose_z_mm)


def noise_mm(depth_mm: NDArray[np.float32]) -> float:
    """Standard deviation of the noise in mm, from what a pixel differs from the mean of its four neighbours.

    The median ignores edges and relief; white noise is assumed, so spatially correlated noise reads lower.
    NaN = no reading; returns 0 when nothing can be compared.

    Source: the residual of Immerkaer, Fast Noise Variance Estimation, CVIU 64(2), 1996, with a median for its mean.
    """
    middle = depth_mm[1:-1, 1:-1]
    around = (depth_mm[:-2, 1:-1] + depth_mm[2:, 1:-1] + depth_mm[1:-1, :-2] + depth_mm[1:-1, 2:]) / 4
    residual = np.abs(middle - around)
    residual = residual[~np.isnan(residual)]
    if residual.size == 0:
        return 0.0
    return float(np.median(residual) * GAUSSIAN_SD_PER_MAD / np.sqrt(1.25))


def denoiser_input(crop: FaceCrop) -> DenoiserInput:
    """The crop as the denoiser was trained to see it."""
    valid = ~np.isnan(crop.depth_mm)
    relative = np.nan_to_num(to_range(crop.depth_mm, crop.nose_mm[2]))
    surface = np.nan_to_num(normals(crop.depth_mm, crop.intrinsics)).transpose(2, 0, 1)
    noise = np.full((1, 1, 1), min(noise_mm(crop.depth_mm) / NOISE_SCALE_MM, 1.0), np.float32)
    return DenoiserInput(relative[None], np.ascontiguousarray(surface), valid[None].astype(np.float32), noise)
