"""Crops as the recogniser will get them: from the true surface with a stand-in's errors, or through a real denoiser."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM, crop_intrinsics
from depthface_app.core.depth import from_range
from depthface_app.core.face import FaceCrop
from training.methods import Method, network_method
from training.pairs import NOSE_ERROR_MM, Scene, View, estimated_nose, observed_crop, truth


class Surface(Protocol):
    """Makes the depth that the recogniser is shown."""

    def __call__(self, scene: Scene, view: View, rng: np.random.Generator) -> tuple[FaceCrop, NDArray[np.float32]]:
        """The crop, for its geometry, and (S, S) float32 mm with NaN where there is no surface."""
        ...


def stand_in(scene: Scene, view: View, rng: np.random.Generator) -> tuple[FaceCrop, NDArray[np.float32]]:
    """The true surface, blurred a little and with smooth errors of up to a millimetre: what denoisers leave.

    Four times cheaper than the real thing, so that a recogniser can start before any denoiser is trained.
    """
    nose_mm = estimated_nose(view, rng, NOSE_ERROR_MM)
    pinhole = crop_intrinsics(view.sensor.intrinsics(), nose_mm, WINDOW_MM, SIZE_PX)
    crop = FaceCrop(np.full((SIZE_PX, SIZE_PX), np.nan, np.float32), pinhole, nose_mm, WINDOW_MM)
    value, surface = truth(scene, crop)
    seen = surface > 0
    depth = np.where(seen, value * DEPTH_RANGE_MM, np.float32(DEPTH_RANGE_MM))
    sd_px = float(rng.uniform(0.3, 1.8))
    depth = cv2.GaussianBlur(depth, (0, 0), sd_px)
    for width_px in (1.5, 5.0):
        error = cv2.GaussianBlur(rng.standard_normal(depth.shape).astype(np.float32), (0, 0), width_px)
        depth += error / error.std() * np.float32(abs(rng.normal(0, 0.5)))
    inside = cv2.erode(seen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return crop, np.where(inside, depth + np.float32(crop.nose_mm[2]), np.float32(np.nan))


class RealDenoiser:
    """A trained network on what the sensor delivers; a worker's copy is loaded on its first call."""

    def __init__(self, path: Path) -> None:
        """Remember the file only (.onnx, or a checkpoint, half as fast): data sets travel to worker processes."""
        self.path = path
        self._denoise: Method | None = None

    def __call__(self, scene: Scene, view: View, rng: np.random.Generator) -> tuple[FaceCrop, NDArray[np.float32]]:
        """Denoise the observed crop."""
        if self._denoise is None:
            self._denoise = network_method(self.path)
        crop = observed_crop(scene, view, rng)
        denoised = self._denoise(crop)
        depth = from_range(denoised.value, crop.nose_mm[2])
        return crop, np.where(denoised.surface, depth, np.float32(np.nan))
