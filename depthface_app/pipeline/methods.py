"""Ways to get a face's surface out of its crop, all behind one signature: nothing, a filter, a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.realsense.blocks import HOLES, SPATIAL, TEMPORAL
from depthface_app.core.crop import crop_face
from depthface_app.core.face import DenoisedFace, FaceCrop
from depthface_app.core.filters import bilateral, filled, median, non_local_means, total_variation
from depthface_app.core.frame import Frame
from depthface_app.core.normals import normals
from depthface_app.pipeline.fusion import Fusion
from depthface_app.pipeline.temporal import TemporalMean, VendorBlocks


class Method(Protocol):
    """From a crop to a surface. A network may be called from one thread at a time."""

    @property
    def has_fine(self) -> bool:
        """Whether it can give a picture of twice the resolution."""
        ...

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The surface; `fine`, where the method has it, also at twice the resolution."""
        ...


@dataclass(frozen=True, slots=True)
class Raw:
    """What the sensor delivered."""

    has_fine: bool = False

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The crop as it is; its depth is the crop's own array, by which it is known."""
        return DenoisedFace(crop, crop.depth_mm, normals(crop.depth_mm, crop.intrinsics))


@dataclass(frozen=True, slots=True)
class Filter:
    """A classical filter; it sees a surface where there was a reading."""

    smooth: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    has_fine: bool = False

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The crop smoothed; gaps take no part in it and stay."""
        missing = np.isnan(crop.depth_mm)
        if missing.all():
            return Raw().denoise(crop)
        return _face(crop, np.where(missing, np.float32(np.nan), self.smooth(filled(crop.depth_mm))))


def fixed_methods() -> dict[str, Method]:
    """Every method that needs no file, by its name. Some look back at earlier crops: one set per stream and thread."""
    return {
        "raw": Raw(),
        "bilateral": Filter(bilateral),
        "median": Filter(median),
        "tv": Filter(total_variation),
        "nlm": Filter(non_local_means),
        "temporal": TemporalMean(),
        "realsense-spatial": VendorBlocks(SPATIAL),
        "realsense-temporal": VendorBlocks(TEMPORAL),
        "realsense": VendorBlocks(SPATIAL, TEMPORAL, HOLES),
        "fused": Fusion(),
    }


FIXED_METHODS = fixed_methods()


def is_raw(face: DenoisedFace) -> bool:
    """Whether nothing was done to it."""
    return face.depth_mm is face.crop.depth_mm


def true_face(frame: Frame, crop: FaceCrop) -> DenoisedFace | None:
    """The noiseless surface of a simulated source in place of a method's, None where nobody knows it."""
    if frame.truth_mm is None:
        return None
    return _face(crop, on_crop(frame.truth_mm, frame, crop))


def on_crop(surface_mm: NDArray[np.float32], frame: Frame, crop: FaceCrop) -> NDArray[np.float32]:
    """A surface in the frame's pixels, (H, W) float32 mm, 0 or NaN = unknown, as the crop sees it, NaN = unknown."""
    known = np.where(surface_mm > 0, surface_mm, np.float32(np.nan))
    return crop_face(known, frame.intrinsics, crop.nose_mm, crop.window_mm, crop.depth_mm.shape[0]).depth_mm


def _face(crop: FaceCrop, depth_mm: NDArray[np.float32]) -> DenoisedFace:
    return DenoisedFace(crop, depth_mm, normals(depth_mm, crop.intrinsics))
