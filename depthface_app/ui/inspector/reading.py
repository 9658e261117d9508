"""What the probe and the line read. No Qt: values in, values out."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import DenoisedFace
from depthface_app.core.relief import NOISE_SIDE_PX, local_noise_mm, profile_mm
from depthface_app.pipeline.comparison import Seen
from depthface_app.pipeline.maps import surface_of

SAMPLES = 160  # along a line: more than it has pixels
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """One method at one point; NaN where it has no surface.

    normal:        unit vector in camera axes
    difference_mm: its depth less that of the first method of the pair
    surface:       how sure its network is that there is a surface, 0 to 1; NaN from one that does not say
    """

    depth_mm: float
    normal: tuple[float, float, float]
    noise_mm: float
    difference_mm: float
    surface: float


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """Two cuts along the same line.

    length_mm: of the line, at the distance of the nose
    depths_mm: two times (N,) float32 mm behind the tip of the nose, evenly spaced along the line, NaN = none
    """

    length_mm: float
    names: tuple[str, str]
    depths_mm: tuple[NDArray[np.float32], NDArray[np.float32]]


def readings(seen: Seen, point: Point) -> dict[str, Reading]:
    """What every method reads at a point, given in parts of the window, in the crop's own pixels."""
    side = seen.moment.crop.depth_mm.shape[0]
    column, row = (min(max(int(part * side), 0), side - 1) for part in point)
    first = seen.faces.get(seen.wanted.pair[0])
    from_mm = math.nan if first is None else float(first.depth_mm[row, column])
    return {name: _reading(face, row, column, from_mm) for name, face in seen.faces.items()}


def _reading(face: DenoisedFace, row: int, column: int, from_mm: float) -> Reading:
    depth = float(face.depth_mm[row, column])
    x, y, z = (float(part) for part in face.normals[row, column])
    surface = math.nan if face.surface is None else float(face.surface[row, column])
    return Reading(depth, (x, y, z), _noise(face, row, column), depth - from_mm, surface)


def _noise(face: DenoisedFace, row: int, column: int) -> float:
    """The local noise at one pixel, from the few pixels that it depends on."""
    reach = NOISE_SIDE_PX // 2 + 1
    around = np.full((2 * reach + 1,) * 2, np.nan, np.float32)
    side = face.depth_mm.shape[0]
    top, left = max(row - reach, 0), max(column - reach, 0)
    here = face.depth_mm[top : min(row + reach + 1, side), left : min(column + reach + 1, side)]
    down, right = top - row + reach, left - column + reach
    around[down : down + here.shape[0], right : right + here.shape[1]] = here
    return float(local_noise_mm(around)[reach, reach])


def profile_of(seen: Seen, start: Point, end: Point, labels: dict[str, str]) -> Profile | None:
    """The pair's two cuts along a line, in mm behind the tip of the nose; None where one of them is not known."""
    pair = seen.wanted.pair
    if any(name not in seen.faces for name in pair):
        return None
    nose_z_mm = np.float32(seen.moment.crop.nose_mm[2])
    surfaces = (surface_of(seen.faces[name], seen.wanted.fine).depth_mm for name in pair)
    first, second = (profile_mm(depth, start, end, SAMPLES) - nose_z_mm for depth in surfaces)
    if np.isnan(first).all() and np.isnan(second).all():
        return None
    length = seen.moment.crop.window_mm * math.hypot(end[0] - start[0], end[1] - start[1])
    return Profile(length, (labels[pair[0]], labels[pair[1]]), (first, second))
