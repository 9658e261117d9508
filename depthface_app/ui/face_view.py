"""One face as the four panes show it, and what the probe reads there. No Qt: values in, values out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import DenoisedFace
from depthface_app.core.normals import angle_deg, normals


@dataclass(frozen=True, eq=False, slots=True)
class FaceView:
    """What the four panes draw; every array covers the same window, at its own resolution.

    raw_mm, denoised_mm:           (S, S) and (S or 2S, same) float32 mm, NaN = no reading
    raw_normals, denoised_normals: (S, S, 3) float32 unit vectors, NaN = none
    nose_z_mm:                     depth of the nose tip; the colour range is counted from here
    """

    raw_mm: NDArray[np.float32]
    denoised_mm: NDArray[np.float32]
    raw_normals: NDArray[np.float32]
    denoised_normals: NDArray[np.float32]
    nose_z_mm: float

    @classmethod
    def of(cls, face: DenoisedFace) -> "FaceView":
        """The view of one denoised face, at the finest resolution it comes in."""
        fine = face.depth_mm if face.fine_depth_mm is None else face.fine_depth_mm
        raw_normals = normals(face.crop.depth_mm, face.crop.intrinsics)
        return cls(face.crop.depth_mm, fine, raw_normals, face.normals, face.crop.nose_mm[2])

    def read(self, across: float, down: float) -> "Reading":
        """What all four panes hold at one point, given in parts of the window, 0 to 1."""
        raw_mm = float(_at(self.raw_mm, across, down))
        denoised_mm = float(_at(self.denoised_mm, across, down))
        angle = angle_deg(_at(self.raw_normals, across, down), _at(self.denoised_normals, across, down))
        return Reading(raw_mm, denoised_mm, denoised_mm - raw_mm, float(angle))


@dataclass(frozen=True, slots=True)
class Reading:
    """The probe's figures; NaN where there is no reading.

    angle_deg: between the raw and the denoised normal
    """

    raw_mm: float
    denoised_mm: float
    change_mm: float
    angle_deg: float


def _at(array: NDArray[np.float32], across: float, down: float) -> NDArray[np.float32]:
    """The value at a point of the window, given in parts of it."""
    height, width = array.shape[:2]
    return array[min(int(down * height), height - 1), min(int(across * width), width - 1)]
