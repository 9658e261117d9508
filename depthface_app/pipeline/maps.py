"""What can be shown of a face's surface, pixel by pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import DenoisedFace
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals
from depthface_app.core.relief import local_noise_mm, mean_curvature_per_m, shaded

DEPTH, NORMALS, RELIEF, CURVATURE, DIFFERENCE, NOISE = (
    "depth", "normals", "relief", "curvature", "difference", "noise",
)  # fmt: skip
MAPS = (DEPTH, NORMALS, RELIEF, CURVATURE, DIFFERENCE, NOISE)
FROM_CAMERA = (0.0, 0.0, -1.0)

Map = NDArray[np.float32]
Light = tuple[float, float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A surface in one resolution: (R, R) float32 mm, NaN = none, and the pinhole of its pixels."""

    depth_mm: Map
    intrinsics: Intrinsics


def surface_of(face: DenoisedFace, fine: bool) -> Surface:
    """The surface in the crop's own pixels, or at twice their number where that is wanted and there."""
    pinhole = face.crop.intrinsics
    if not fine or face.fine_depth_mm is None:
        return Surface(face.depth_mm, pinhole)
    side = face.fine_depth_mm.shape[0]
    scale = side / pinhole.width
    outer = (1 / scale - 1) / 2  # centre of the first fine pixel, in pixels of the crop
    return Surface(face.fine_depth_mm, pinhole.resampled(outer, outer, scale, side, side))


def map_of(name: str, face: DenoisedFace, other: DenoisedFace | None, light: Light, fine: bool) -> Map | None:
    """One of MAPS of a face.

    Noise and difference are always counted in the crop's own pixels: both mean something else in finer ones.

    Args:
        other: what the difference is counted from.
        light: direction towards the light in camera axes, for the relief.

    Returns:
        (R, R), for normals (R, R, 3), float32, NaN = nothing known; None for a difference from nothing.
    """
    if name == DIFFERENCE:
        return None if other is None else face.depth_mm - other.depth_mm
    if name == NOISE:
        return local_noise_mm(face.depth_mm)
    surface = surface_of(face, fine)
    if name == DEPTH:
        return surface.depth_mm
    if name == CURVATURE:
        return mean_curvature_per_m(surface.depth_mm, surface.intrinsics)
    directions = face.normals if surface.depth_mm is face.depth_mm else normals(surface.depth_mm, surface.intrinsics)
    return directions if name == NORMALS else shaded(directions, light)
