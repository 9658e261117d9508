"""Methods that look back: they see one crop after another and know by the nose whether it is still the same face.

Crops are laid over each other by whole pixels, so that nothing is smoothed by it; a face that holds still fits within
half a pixel, 0.8 mm. One that moves on is begun anew.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.realsense.blocks import Blocks
from depthface_app.core.face import DenoisedFace, FaceCrop
from depthface_app.core.normals import normals
from depthface_app.core.quality import face_ellipse

STILL_MM = 6.0  # a nose that is further away than this is a face that moved, or another one
MEAN_OF = 8

Depth = NDArray[np.float32]


@dataclass(slots=True)
class TemporalMean:
    """The mean of the last MEAN_OF crops of a face that holds still, where at least half of them have a reading.

    Belongs to one thread; the same crop again is not counted twice.
    """

    has_fine: bool = False
    _crops: deque[FaceCrop] = field(default_factory=lambda: deque(maxlen=MEAN_OF))

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The mean so far, this crop among it."""
        if self._crops and not is_near(crop, self._crops[-1]):
            self._crops.clear()
        if not self._crops or self._crops[-1] is not crop:
            self._crops.append(crop)
        laid = np.stack([moved(each.depth_mm, *steps(each, crop)) for each in self._crops if is_near(each, crop)])
        count = (~np.isnan(laid)).sum(0)
        total = np.nansum(laid, axis=0)
        mean = np.where(2 * count >= len(laid), total / np.maximum(count, 1), np.float32(np.nan)).astype(np.float32)
        return DenoisedFace(crop, mean, normals(mean, crop.intrinsics))


class VendorBlocks:
    """The RealSense SDK's blocks on the crop. Belongs to one thread; the same crop again gives the same answer.

    A hole counts as filled within the face's ellipse only: outside, the vendor's block fills the whole background.
    """

    has_fine = False

    def __init__(self, *names: str) -> None:
        """Keep the choice, see `Blocks`."""
        self._blocks = Blocks(*names)
        self._anchor: FaceCrop | None = None
        self._last: DenoisedFace | None = None

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The crop after the blocks. Raises CameraError if the SDK is missing or fails."""
        if self._last is not None and self._last.crop is crop:
            return self._last
        if self._anchor is None or not is_near(crop, self._anchor):
            self._blocks.reset()
            self._anchor = crop
        right, down = steps(crop, self._anchor)
        out = moved(self._blocks(moved(crop.depth_mm, right, down)), -right, -down)
        depth = np.where(np.isnan(crop.depth_mm) & ~face_ellipse(crop), np.float32(np.nan), out)
        self._last = DenoisedFace(crop, depth, normals(depth, crop.intrinsics))
        return self._last


def is_near(one: FaceCrop, other: FaceCrop) -> bool:
    """Whether both may show the same face, held still."""
    return float(np.linalg.norm(np.subtract(one.nose_mm, other.nose_mm))) <= STILL_MM


def steps(crop: FaceCrop, other: FaceCrop) -> tuple[int, int]:
    """Whole pixels (right, down) by which a crop's picture has to be moved to lie on another's, at its middle."""
    middle = (crop.depth_mm.shape[0] - 1) / 2
    mine, theirs = crop.intrinsics, other.intrinsics
    right = (middle - mine.cx) / mine.fx * theirs.fx + theirs.cx - middle
    down = (middle - mine.cy) / mine.fy * theirs.fy + theirs.cy - middle
    return round(right), round(down)


def moved(depth_mm: Depth, right: int, down: int) -> Depth:
    """The picture (S, S) moved by whole pixels; what comes in from outside is NaN."""
    if right == down == 0:
        return depth_mm
    out = np.full_like(depth_mm, np.nan)
    height, width = depth_mm.shape
    if abs(right) < width and abs(down) < height:
        there = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
        here = slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0))
        out[there] = depth_mm[here]
    return out
