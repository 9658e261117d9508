"""How good a depth picture is, and how good a face was captured, with what would make it better."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceCrop, FaceLocation

NEAREST_MM, FARTHEST_MM = 350.0, 1600.0  # where faces are found at all
TOO_NEAR_MM, TOO_FAR_MM = 400.0, 1200.0  # where a capture begins to suffer
FEWEST_FACE_PX = 60.0  # frame pixels across 200 mm below which detail is lost
FACE_HALF_WIDTH_MM, FACE_HALF_HEIGHT_MM = 55.0, 75.0  # the part of the window that is face at any pose
COVER_AHEAD_MM = 20.0  # nothing of a face stands this far before its own nose tip
COVERED_SHARE = 0.06
EDGE_PX = 2


@dataclass(frozen=True, slots=True)
class CaptureQuality:
    """How useful one capture of a face is, 0 to 1, and what would help, "" when nothing."""

    value: float
    hint: str


def fill_rate(depth_mm: NDArray[np.float32]) -> float:
    """Share of pixels with a reading; NaN = none."""
    return float(np.mean(~np.isnan(depth_mm))) if depth_mm.size else 0.0


def temporal_noise_mm(stack_mm: NDArray[np.float32]) -> float:
    """Median over the pixels of the standard deviation over time of a (T, H, W) stack of a still scene, mm.

    Only pixels read in every frame count; NaN when there are none or there is only one frame.
    """
    steady = ~np.isnan(stack_mm).any(0)
    if len(stack_mm) < 2 or not steady.any():
        return float("nan")
    return float(np.median(np.std(stack_mm[:, steady].astype(np.float64), axis=0, ddof=1)))


def capture_quality(
    crop: FaceCrop, location: FaceLocation, face_px: float, frame_size: tuple[int, int], speed_mm_s: float = 0.0
) -> CaptureQuality:
    """Judge one capture by distance, resolution, direction, motion, gaps and what stands before the face.

    The value is the product of the parts, so that one bad part is enough to make a bad capture;
    the hint belongs to the worst part.

    Args:
        face_px: pixels of the frame that span 200 mm at the nose.
        frame_size: (height, width) of the frame.
        speed_mm_s: how fast the nose moves.
    """
    turned = max(abs(location.pose.yaw_deg), abs(location.pose.pitch_deg) * 1.5)
    in_view = max(float(np.cos(np.radians(turned))), 0.3)  # a turned head fills less of the window
    sharp = _grows(face_px, FEWEST_FACE_PX / 2, FEWEST_FACE_PX)
    far = min(_fades(location.distance_mm, TOO_FAR_MM, FARTHEST_MM), sharp)
    parts = (
        (_grows(location.distance_mm, NEAREST_MM, TOO_NEAR_MM), "step back"),
        (far, "come closer"),
        (_inside(location.box_px, frame_size), "move to the middle"),
        (_fades(covered_share(crop, location), COVERED_SHARE, 4 * COVERED_SHARE), "something covers the face"),
        (_grows(face_fill_rate(crop), 0.2 * in_view, 0.75 * in_view), "something covers the face"),
        (_fades(turned, 35, 75), "turn to the camera"),
        (_fades(speed_mm_s, 150, 600), "hold still"),
    )
    worst, hint = min(parts, key=lambda part: part[0])
    return CaptureQuality(float(np.prod([value for value, _ in parts])), hint if worst < 0.7 else "")


def face_fill_rate(crop: FaceCrop) -> float:
    """Share of the face's own ellipse around the nose tip that has readings."""
    return fill_rate(crop.depth_mm[face_ellipse(crop)])


def covered_share(crop: FaceCrop, location: FaceLocation) -> float:
    """Share of the readings around the nose that stand before the nose tip in the head's own axes.

    In those axes the tip is the foremost point of a bare face whatever way it looks, so what
    stands clearly before it is a hand, a cup, hair or a scarf.
    """
    points = crop.intrinsics.back_project(crop.depth_mm)[face_ellipse(crop)]
    points = points[~np.isnan(points[:, 2])]
    if len(points) == 0:
        return 0.0
    ahead = (points - np.array(crop.nose_mm, np.float32)) @ location.pose.matrix()[:, 2].astype(np.float32)
    return float(np.mean(ahead < -COVER_AHEAD_MM))


def face_ellipse(crop: FaceCrop) -> NDArray[np.bool_]:
    """(S, S): the pixels of a crop that are face at any pose."""
    side = crop.depth_mm.shape[0]
    millimetres = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * np.float32(crop.window_mm / side)
    ellipse: NDArray[np.bool_] = (
        (millimetres[None, :] / FACE_HALF_WIDTH_MM) ** 2 + (millimetres[:, None] / FACE_HALF_HEIGHT_MM) ** 2
    ) <= 1
    return ellipse


def _inside(box_px: tuple[float, float, float, float], frame_size: tuple[int, int]) -> float:
    """0.5 for a box that is cut by the picture's edge, else 1."""
    left, top, right, bottom = box_px
    height, width = frame_size
    whole = left >= -EDGE_PX and top >= -EDGE_PX and right <= width + EDGE_PX and bottom <= height + EDGE_PX
    return 1.0 if whole else 0.5


def _grows(value: float, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full`, linear between."""
    return float(np.clip((value - none) / (full - none), 0, 1))


def _fades(value: float, full: float, none: float) -> float:
    """1 up to `full`, 0 from `none`, linear between."""
    return float(np.clip((none - value) / (none - full), 0, 1))
