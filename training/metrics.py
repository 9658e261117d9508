"""How far a denoised crop is from the truth: the figures of core.metrics on the pixels that a denoiser is judged on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.depth import from_range
from depthface_app.core.metrics import surface
from depthface_app.core.metrics.judged import OUTLIER_PERCENT, PEAK
from depthface_app.core.normals import normals
from training.pairs import Pair


@dataclass(frozen=True, slots=True)
class Metric:
    """How a figure is shown.

    sign: -1 when smaller is better, 1 when larger is
    """

    title: str
    unit: str
    digits: int
    sign: int


METRICS: dict[str, Metric] = {
    "rmse_mm": Metric("RMSE", "mm", 2, -1),
    "p95_mm": Metric("95th percentile of the error", "mm", 2, -1),
    "angle_deg": Metric("mean normal angle error", "°", 1, -1),
    "psnr_db": Metric("PSNR", "dB", 2, 1),
    "ssim": Metric("SSIM", "", 3, 1),
    "rmse": Metric("RMSE in network range", "", 4, -1),
    "flying": Metric("flying pixels", "share", 3, -1),
    "still_mm": Metric("noise of a still face", "mm", 2, -1),
    "identity": Metric("identity kept (cosine with the clean face)", "", 3, 1),
}


@dataclass(frozen=True, eq=False, slots=True)
class Denoised:
    """What a method makes of a crop.

    value:   (S, S) float32 depth in network range, a number everywhere
    surface: (S, S) bool, where the method says there is a surface
    """

    value: NDArray[np.float32]
    surface: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """What a pair is judged against.

    value:    (S, S) float32 in network range, 1 where there is no surface
    depth_mm: (S, S) float32, NaN where there is no surface
    normals:  (S, S, 3) float32
    judged:   (S, S) bool
    """

    pair: Pair
    value: NDArray[np.float32]
    depth_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    judged: NDArray[np.bool_]

    @classmethod
    def of(cls, pair: Pair) -> "Truth":
        """Prepare a pair for any number of methods."""
        value = pair.target[0]
        depth = np.where(pair.surface[0] > 0, from_range(value, pair.crop.nose_mm[2]), np.float32(np.nan))
        return cls(pair, value, depth, normals(depth, pair.crop.intrinsics), judged(pair))


def judged(pair: Pair) -> NDArray[np.bool_]:
    """(S, S): face pixels where the sensor had a reading, so that filters that leave holes are judged alike."""
    return (pair.face[0] > 0) & (pair.input.valid[0] > 0)


def rmse_mm(pair: Pair, depth: NDArray[np.float32]) -> float:
    """Root of the mean squared depth error in mm over the judged pixels of (S, S) depth in network range."""
    return surface.rmse(depth, pair.target[0], judged(pair)) * DEPTH_RANGE_MM


def angle_error_deg(pair: Pair, depth: NDArray[np.float32]) -> float:
    """Mean angle in degrees between the metric normals of (S, S) depth in network range and those of the truth."""
    return normal_error_deg(Truth.of(pair), depth)


def normal_error_deg(truth: Truth, depth: NDArray[np.float32]) -> float:
    """The same against a truth whose normals are known already."""
    crop = truth.pair.crop
    found = normals(from_range(depth, crop.nose_mm[2]), crop.intrinsics)
    return surface.normal_error_deg(found, truth.normals, truth.judged)


def scores(truth: Truth, denoised: Denoised) -> dict[str, float]:
    """Every figure of one crop that needs this crop alone, by the names of METRICS.

    SSIM counts values from black, so both sides are lifted by 1 to [0, 2], which is the paper's 0 to 255 in other
    units. Its windows reach beyond the judged pixels; there the truth stands in for every method.
    """
    off = surface.rmse(denoised.value, truth.value, truth.judged)
    z = truth.pair.crop.nose_mm[2]
    found_mm = np.where(denoised.surface, from_range(denoised.value, z), np.float32(np.nan))
    picture = np.where(truth.judged, denoised.value, truth.value) + np.float32(1)
    whole_truth_mm = from_range(truth.value, z)
    return {
        "rmse_mm": off * DEPTH_RANGE_MM,
        "p95_mm": surface.error_percentile(denoised.value, truth.value, truth.judged, OUTLIER_PERCENT) * DEPTH_RANGE_MM,
        "angle_deg": normal_error_deg(truth, denoised.value),
        "psnr_db": surface.psnr_db(denoised.value, truth.value, truth.judged, PEAK),
        "ssim": surface.ssim(picture, truth.value + np.float32(1), truth.judged, PEAK),
        "rmse": off,
        "flying": surface.flying_pixel_rate(found_mm, whole_truth_mm, truth.judged),
    }
