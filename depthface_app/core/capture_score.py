"""How good the depth of one capture is, taken apart, so that a person can be told what to change."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import MeanFace
from depthface_app.core.face import FaceCrop, FaceLocation
from depthface_app.core.liveness import relief
from depthface_app.core.quality import (
    COVERED_SHARE,
    FARTHEST_MM,
    NEAREST_MM,
    TOO_FAR_MM,
    TOO_NEAR_MM,
    covered_share,
    face_ellipse,
    face_fill_rate,
)

QUIET_MM, LOUD_MM = 1.0, 8.0  # noise of a good structured-light sensor at arm's length, and of one that hides a nose


@dataclass(frozen=True, slots=True)
class CaptureScore:
    """Parts from 0 (useless) to 1 (nothing to gain); NaN = could not be judged.

    fill:     share of the face that has readings
    noise:    how little the readings scatter about the denoised surface
    pose:     how much of the face is turned to the camera
    distance: within the range in which the sensor sees a face well
    clear:    how little stands before the face
    relief:   how much of a face's own relief the sensor itself has seen
    """

    fill: float
    noise: float
    pose: float
    distance: float
    clear: float
    relief: float

    @property
    def value(self) -> float:
        """The worst part: one bad part makes a bad capture."""
        known = [value for value in self.parts().values() if not np.isnan(value)]
        return min(known, default=0.0)

    def parts(self) -> dict[str, float]:
        """Name → value."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def score_capture(
    crop: FaceCrop, location: FaceLocation, denoised_mm: NDArray[np.float32] | None, mean: MeanFace | None
) -> CaptureScore:
    """Take one capture apart.

    Args:
        crop: raw, as cut from the frame.
        denoised_mm: (S, S) the same window after the denoiser; None leaves the noise unjudged.
        mean: the face that others are registered to; None leaves the relief unjudged.
    """
    turned = max(abs(location.pose.yaw_deg), abs(location.pose.pitch_deg) * 1.5)
    in_view = max(float(np.cos(np.radians(turned))), 0.3)  # a turned head fills less of the window
    seen = relief(crop, location.nose_mm, location.pose, mean) if mean is not None else None
    return CaptureScore(
        fill=_grows(face_fill_rate(crop), 0.2 * in_view, 0.75 * in_view),
        noise=1 - _grows(noise_mm(crop, denoised_mm), QUIET_MM, LOUD_MM) if denoised_mm is not None else float("nan"),
        pose=1 - _grows(turned, 35, 75),
        distance=min(
            _grows(location.distance_mm, NEAREST_MM, TOO_NEAR_MM),
            1 - _grows(location.distance_mm, TOO_FAR_MM, FARTHEST_MM),
        ),
        clear=1 - _grows(covered_share(crop, location), COVERED_SHARE, 4 * COVERED_SHARE),
        relief=float("nan") if seen is None else float(np.clip(seen.shares[0], 0, 1)),
    )


def noise_mm(crop: FaceCrop, denoised_mm: NDArray[np.float32]) -> float:
    """Scatter of the face's readings about the denoised surface, mm: 1.4826 times the median absolute deviation.

    Source: Rousseeuw and Croux 1993, J. Am. Stat. Assoc. 88(424), for the factor.
    """
    left = (crop.depth_mm - denoised_mm)[face_ellipse(crop)]
    left = left[~np.isnan(left)]
    return float(1.4826 * np.median(np.abs(left - np.median(left)))) if left.size else float("inf")


def _grows(value: float, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full`, linear between."""
    return float(np.clip((value - none) / (full - none), 0, 1))
