"""Which pixels of a crop are judged, and what a crop scores against a reference: the same for every tool."""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.depth import to_range
from depthface_app.core.frame import Intrinsics
from depthface_app.core.metrics import surface
from depthface_app.core.normals import normals

FACE_RADIUS_MM = 95.0  # of the nose tip: forehead, cheeks, chin
OUTLIER_PERCENT = 95.0
PEAK = 2.0  # width of the networks' value range; 20·log10(2 / RMSE) gives the paper's own PSNR from its RMSE


def near_nose(
    depth_mm: NDArray[np.float32], intrinsics: Intrinsics, nose_mm: tuple[float, float, float]
) -> NDArray[np.bool_]:
    """(H, W): pixels whose point lies within FACE_RADIUS_MM of the nose tip; False where NaN."""
    away = intrinsics.back_project(depth_mm) - np.asarray(nose_mm, np.float32)
    near: NDArray[np.bool_] = np.einsum("hwc,hwc->hw", away, away) < FACE_RADIUS_MM**2
    return near


def against(
    estimate_mm: NDArray[np.float32],
    truth_mm: NDArray[np.float32],
    judged: NDArray[np.bool_],
    intrinsics: Intrinsics,
    nose_z_mm: float,
) -> dict[str, float]:
    """Errors of a crop's depth (S, S), NaN = none, to a reference, by the names of `catalogue.CATALOGUE`.

    SSIM counts values from black, so both sides are lifted by 1 from the networks' range to [0, 2], which is the
    paper's 0 to 255 in other units. Its windows reach beyond the judged pixels; there the reference stands in.
    """
    truth = np.nan_to_num(to_range(truth_mm, nose_z_mm), nan=1.0)
    counted = judged & ~np.isnan(estimate_mm) & ~np.isnan(truth_mm)
    picture = np.where(counted, to_range(estimate_mm, nose_z_mm), truth)
    return {
        "rmse_mm": surface.rmse(estimate_mm, truth_mm, judged),
        "bias_mm": surface.bias(estimate_mm, truth_mm, judged),
        "psnr_db": surface.psnr_db(estimate_mm, truth_mm, judged, PEAK * DEPTH_RANGE_MM),
        "flying_share": surface.flying_pixel_rate(estimate_mm, truth_mm, judged),
        "p95_mm": surface.error_percentile(estimate_mm, truth_mm, judged, OUTLIER_PERCENT),
        "normal_angle_deg": surface.normal_error_deg(
            normals(estimate_mm, intrinsics), normals(truth_mm, intrinsics), judged
        ),
        "ssim": surface.ssim(picture + np.float32(1), truth + np.float32(1), counted, PEAK),
    }
