"""One face as the paper's networks see it: cut out, cleaned, its range of depth stretched over the networks' range.

Source: preprocessing of Led3D (Mu et al., CVPR 2019, section 4.1, and its public demonstration): a sphere of 100 mm
around the tip of the nose, points far from the rest removed, a 3 × 3 median, holes filled, depth stretched from its
least to its greatest value over 0 to 255. Here the window is metric (the program's crop), so that a face is not
stretched in width, and the steps of depth are finer than 255: steps of 0.4 mm would show in the normals.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from depthface_app.core.crop import SIZE_PX, WINDOW_MM, crop_intrinsics
from depthface_app.core.depth import NOISE_SCALE_MM, noise_mm
from depthface_app.core.face import FaceCrop
from depthface_app.core.filters import filled
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals
from training.databases.scan import NoFace, Nose

SPHERE_MM = 100.0
LEAST_PIXELS = 400  # a fortieth of the window: less is no face
TOP_COUNT = 65535


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A face in 16-bit steps.

    counts:  (S, S) uint16: 1 at near_mm to TOP_COUNT at far_mm, 0 = no surface
    nose_mm: centre of the window in camera axes; says, with the window, where each pixel looks
    """

    counts: NDArray[np.uint16]
    near_mm: float
    far_mm: float
    nose_mm: Nose

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(S, S) where there is a surface."""
        return self.counts > 0

    def value(self) -> NDArray[np.float32]:
        """(S, S) float32: -1 at the nearest point of the face, 1 at its farthest and where there is no surface."""
        scaled = (self.counts.astype(np.float32) - 1) * np.float32(2 / (TOP_COUNT - 1)) - 1
        return np.where(self.valid, scaled, np.float32(1))

    def intrinsics(self) -> Intrinsics:
        """Pinhole of the window."""
        any_pinhole = Intrinsics(SIZE_PX, SIZE_PX, 1.0, 1.0, 0.0, 0.0)  # a window's own does not depend on it
        return crop_intrinsics(any_pinhole, self.nose_mm, WINDOW_MM, SIZE_PX)

    def to_mm(self, value: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distance from the camera of values in [-1, 1]."""
        return self.near_mm + (value + 1) * np.float32((self.far_mm - self.near_mm) / 2)

    def with_value(self, value: NDArray[np.float32]) -> "Picture":
        """The same face with other depths in [-1, 1], where it has a surface."""
        counts = np.rint((np.clip(value, -1, 1) + 1) * ((TOP_COUNT - 1) / 2)).astype(np.uint16) + np.uint16(1)
        return Picture(np.where(self.valid, counts, np.uint16(0)), self.near_mm, self.far_mm, self.nose_mm)


def cleaned(crop: FaceCrop) -> NDArray[np.float32]:
    """(S, S) float32 mm of the face alone, NaN elsewhere.

    Raises:
        NoFace: if hardly anything is left.
    """
    points = crop.intrinsics.back_project(crop.depth_mm)
    with np.errstate(invalid="ignore"):
        near = np.linalg.norm(points - np.asarray(crop.nose_mm, np.float32), axis=2) <= SPHERE_MM
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8), connectivity=4)
    if len(stats) < 2 or stats[1:, cv2.CC_STAT_AREA].max() < LEAST_PIXELS:
        raise NoFace("hardly any of its readings lie around the tip of the nose")
    face = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    depth = filled(np.where(face, crop.depth_mm, np.float32(np.nan)))
    return np.where(binary_fill_holes(face), cv2.medianBlur(depth, 3), np.float32(np.nan))


def picture(crop: FaceCrop) -> Picture:
    """The crop as the paper's networks see it.

    Raises:
        NoFace: if hardly any of the face is in it.
    """
    depth = cleaned(crop)
    near, far = float(np.nanmin(depth)), float(np.nanmax(depth))
    blank = Picture((~np.isnan(depth)).astype(np.uint16), near, max(far, near + 1.0), crop.nose_mm)
    return blank.with_value(np.nan_to_num((depth - near) * np.float32(2 / (blank.far_mm - near)) - 1))


def network_input(shown: Picture) -> dict[str, NDArray[np.float32]]:
    """What the networks read: depth (1, S, S), metric normals (3, S, S), valid (1, S, S), noise (1, 1, 1)."""
    valid = shown.valid
    value = shown.value()
    depth_mm = np.where(valid, shown.to_mm(value), np.float32(np.nan))
    surface = np.nan_to_num(normals(depth_mm, shown.intrinsics())).transpose(2, 0, 1)
    noise = np.full((1, 1, 1), min(noise_mm(depth_mm) / NOISE_SCALE_MM, 1.0), np.float32)
    return {
        "depth": value[None],
        "normals": np.ascontiguousarray(surface),
        "valid": valid[None].astype(np.float32),
        "noise": noise,
    }
