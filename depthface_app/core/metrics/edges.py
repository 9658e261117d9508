"""How sharp a face's own edges are: the sides of the nose, and the lids of the eyes.

A denoiser can lower every noise figure by smearing; what it smears first is measured here. Profiles run in the head's
own axes, so they stay on the face however it is turned and tilted.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceCrop, HeadPose

Depth = NDArray[np.float32]
Profile = NDArray[np.float64]

STEP_MM = 1.0  # between samples
MOST_TURNED_DEG = 30.0  # beyond this one side of the nose and one eye are hidden or seen aslant
# Places in head axes from the tip of the nose (x right, y down, z away), mm; of the recogniser's mean face.
NOSE_SIDE_Z_MM, NOSE_REACH_MM, NOSE_HALF_BAND_MM = 15.0, 30.0, 3.0
RIDGE_MM, CHEEK_MM = 3.0, 25.0  # nearer to the middle than this lies the ridge, farther out the cheek
LOW, HIGH = 0.1, 0.9
LEAST_RISE_MM = 8.0  # a nose that stands out by less is none
EYE_X_MM, EYE_Z_MM, LIDS_MM, EYE_HALF_BAND_MM = 32.0, 34.0, (-41.0, -23.0), 4.0
LEAST_SHARE = 0.6  # of a profile's samples that must have a reading


def _sampled(depth_mm: Depth, crop: FaceCrop, rotation: Profile, places_mm: Profile) -> Profile:
    """How far away (head axes, mm) the surface is at places (..., 3) of the head; NaN where nothing was read."""
    points = places_mm @ rotation.T + np.asarray(crop.nose_mm)
    at = crop.intrinsics.project(points).astype(np.float32)
    z = cv2.remap(depth_mm, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=float("nan")).astype(np.float64)
    return z / points[..., 2] * (points @ rotation[:, 2]) - np.asarray(crop.nose_mm) @ rotation[:, 2]


def _band(depth_mm: Depth, crop: FaceCrop, pose: HeadPose, places_mm: Profile) -> Profile:
    """Mean over a band of parallel lines: places (lines, samples, 3) to (samples,), NaN where too few were read."""
    found = _sampled(depth_mm, crop, pose.matrix(), places_mm)
    read = ~np.isnan(found)
    enough = read.mean(0) >= LEAST_SHARE
    return np.where(enough, np.nansum(found, 0) / np.maximum(read.sum(0), 1), np.nan)


def _lines(along: Profile, across: Profile, z_mm: float, *, is_vertical: bool, at_x_mm: float = 0.0) -> Profile:
    """(lines, samples, 3) places of parallel lines, horizontal through the nose or vertical at `at_x_mm`."""
    samples, offsets = np.meshgrid(along, across)
    x, y = (offsets + at_x_mm, samples) if is_vertical else (samples, offsets)
    return np.stack((x, y, np.full_like(x, z_mm)), -1)


def _is_turned(pose: HeadPose) -> bool:
    return max(abs(pose.yaw_deg), abs(pose.pitch_deg)) > MOST_TURNED_DEG


def _around(half_mm: float) -> Profile:
    return np.arange(-half_mm, half_mm + STEP_MM / 2, STEP_MM)


def nose_edge_mm(depth_mm: Depth, crop: FaceCrop, pose: HeadPose) -> float:
    """Width in mm over which the surface falls from the nose to the cheek: 10 to 90 % of the way, mean of both sides.

    On horizontal lines through the tip of the nose, averaged over 6 mm of height. 0 % is the ridge, 100 % the cheek
    beyond 25 mm. An edge blurred by a Gaussian of standard deviation s has 2.56·s more or less in quadrature.

    Args:
        depth_mm: (S, S) float32, NaN = no surface.

    Returns:
        NaN for a head turned by more than MOST_TURNED_DEG, or where a side cannot be seen.

    Source: the 10-90 % rise distance of an edge's profile, ISO 12233:2000, annex D.
    """
    if _is_turned(pose):
        return float("nan")
    along = np.arange(0, NOSE_REACH_MM + STEP_MM / 2, STEP_MM)
    sides = [
        _band(depth_mm, crop, pose, _lines(side * along, _around(NOSE_HALF_BAND_MM), NOSE_SIDE_Z_MM, is_vertical=False))
        for side in (-1, 1)
    ]
    return float(np.mean([rise_mm(along, side) for side in sides]))


def rise_mm(along_mm: Profile, profile_mm: Profile) -> float:
    """The 10-90 % distance of one profile (N,) that rises from the ridge to the cheek; NaN where that is not seen."""
    ridge = profile_mm[along_mm <= RIDGE_MM]
    cheek = profile_mm[along_mm >= CHEEK_MM]
    if np.isnan(ridge).all() or np.isnan(cheek).all() or np.mean(np.isnan(profile_mm)) > 1 - LEAST_SHARE:
        return float("nan")
    low, high = float(np.nanmean(ridge)), float(np.nanmean(cheek))
    if high - low < LEAST_RISE_MM:
        return float("nan")
    known = ~np.isnan(profile_mm)
    part, place = (profile_mm[known] - low) / (high - low), along_mm[known]
    end = int(np.argmax(part >= HIGH))
    before = np.nonzero(part[: end + 1] <= LOW)[0]
    if part[end] < HIGH or before.size == 0:
        return float("nan")
    begin = int(before[-1])
    return _crossing(place, part, end - 1, HIGH) - _crossing(place, part, begin, LOW)


def _crossing(place: Profile, part: Profile, index: int, level: float) -> float:
    """Where a profile passes a level between one sample and the next."""
    step = part[index + 1] - part[index]
    return float(place[index] + (level - part[index]) / step * (place[index + 1] - place[index]))


def eyelid_slope(depth_mm: Depth, crop: FaceCrop, pose: HeadPose) -> float:
    """Steepest fall of the surface at the lids, in mm per mm from top to bottom, mean of both eyes.

    On vertical lines through each eye from above the upper to below the lower lid, averaged over 8 mm of width; slopes
    over 2 mm. Noise steepens it as sharpness does.

    Args:
        depth_mm: (S, S) float32, NaN = no surface.

    Returns:
        NaN for a head turned by more than MOST_TURNED_DEG, or where a lid cannot be seen.

    Source: the greatest gradient of an edge's profile, ISO 12233:2000, annex D, in place of its width, as a lid has no
        level on either side.
    """
    if _is_turned(pose):
        return float("nan")
    along = np.arange(LIDS_MM[0], LIDS_MM[1] + STEP_MM / 2, STEP_MM)
    across = _around(EYE_HALF_BAND_MM)
    lines = (_lines(along, across, EYE_Z_MM, is_vertical=True, at_x_mm=side * EYE_X_MM) for side in (-1, 1))
    slopes = [(each[2:] - each[:-2]) / (2 * STEP_MM) for each in (_band(depth_mm, crop, pose, line) for line in lines)]
    if any(np.mean(np.isnan(slope)) > 1 - LEAST_SHARE for slope in slopes):
        return float("nan")
    return float(np.mean([np.nanmax(slope) for slope in slopes]))
