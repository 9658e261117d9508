"""One face of one frame as two methods see it, in the crop's pixels and in the frame's own."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import paste
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.metrics.judged import near_nose
from depthface_app.core.normals import normals
from depthface_app.pipeline.methods import is_raw

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

MARGIN_PX = 2  # around the crop, so that normals at its border see their neighbours
LEAST_PX = 3  # that slopes can be taken in


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the frame, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, picture: NDArray[T]) -> NDArray[T]:
        """That part of a picture (H, W, ...)."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]

    def shared(self, other: "Region") -> "Region":
        """What both cover; its width or height is 0 where they do not meet."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        return Region(left, top, max(right - left, 0), max(bottom - top, 0))

    def within(self, outer: "Region") -> "Region":
        """The same rectangle in pixels of a picture that shows `outer`."""
        return Region(self.left - outer.left, self.top - outer.top, self.width, self.height)


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """One face of one frame as two methods see it; both surfaces belong to the same crop."""

    frame: Frame
    location: FaceLocation
    first: DenoisedFace
    second: DenoisedFace

    @property
    def crop(self) -> FaceCrop:
        """What both methods were given."""
        return self.second.crop

    @property
    def faces(self) -> tuple[DenoisedFace, DenoisedFace]:
        """Both, in order."""
        return self.first, self.second


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """A pair in the frame's own pixels, as far as its crop reaches; what the next frame is compared with.

    window: which pixels of the frame; (H, W) below are its size
    depth_mm, normals: of the first and of the second, (H, W) and (H, W, 3) float32, NaN = no reading
    smooth_mm: (H, W) the one of the two that is not raw, whose slopes tell movement from noise
    judged: (H, W) bool, pixels of the face where both have a surface and the sensor had a reading
    """

    nose_mm: tuple[float, float, float]
    segment: int
    window: Region
    depth_mm: tuple[Depth, Depth]
    normals: tuple[NDArray[np.float32], NDArray[np.float32]]
    smooth_mm: Depth
    judged: Mask


def look_at(pair: Pair) -> Look:
    """The pair in the frame's own pixels."""
    window = _window(pair)
    pinhole = pair.frame.intrinsics.resampled(window.left, window.top, 1.0, window.width, window.height)
    depth = read(pair.frame, window)
    (first_mm, first_normals), (second_mm, second_normals) = (_in_window(face, depth, pinhole) for face in pair.faces)
    near = near_nose(second_mm, pinhole, pair.location.nose_mm)
    judged = ~np.isnan(first_mm + second_mm + depth) & near
    smooth_mm = first_mm if is_raw(pair.second) else second_mm
    return Look(
        pair.location.nose_mm,
        pair.frame.segment,
        window,
        (first_mm, second_mm),
        (first_normals, second_normals),
        smooth_mm,
        judged,
    )


def _window(pair: Pair) -> Region:
    """The pixels of the frame that the crop covers, with a margin."""
    crop, frame = pair.crop.intrinsics, pair.frame.intrinsics
    step = frame.fx / crop.fx
    (left, width), (top, height) = (
        _span(frame_middle - crop_middle * step, side * step, frame_side)
        for frame_middle, crop_middle, side, frame_side in (
            (frame.cx, crop.cx, crop.width, frame.width),
            (frame.cy, crop.cy, crop.height, frame.height),
        )
    )
    return Region(left, top, width, height)


def _span(begin_px: float, length_px: float, side_px: int) -> tuple[int, int]:
    first = min(max(math.floor(begin_px) - MARGIN_PX, 0), max(side_px - LEAST_PX, 0))
    last = max(min(math.ceil(begin_px + length_px) + MARGIN_PX, side_px), min(first + LEAST_PX, side_px))
    return first, last - first


def read(frame: Frame, window: Region) -> Depth:
    """That part of the frame's depth, NaN = no reading."""
    rows, columns = slice(window.top, window.top + window.height), slice(window.left, window.left + window.width)
    depth = frame.depth_mm[rows, columns].astype(np.float32)
    depth[~(depth > 0)] = np.nan
    return depth


def _in_window(face: DenoisedFace, raw_mm: Depth, pinhole: Intrinsics) -> tuple[Depth, NDArray[np.float32]]:
    """Depth and unit normals of a method, NaN where it has none; what is raw is not resampled, as that smooths."""
    if is_raw(face):
        return raw_mm, normals(raw_mm, pinhole)
    depth, _ = paste(face.depth_mm, face.crop.intrinsics, pinhole)
    normal, _ = paste(face.normals, face.crop.intrinsics, pinhole)
    length = np.sqrt(np.einsum("hwc,hwc->hw", normal, normal))
    normal /= np.where(length > 0, length, np.float32(np.nan))[..., None]
    return np.where(np.isnan(normal[..., 2]), np.float32(np.nan), depth), normal
