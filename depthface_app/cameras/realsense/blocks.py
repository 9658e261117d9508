"""The vendor's post-processing blocks on crops of any camera, by the vendor's own code."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.realsense.sdk import sdk
from depthface_app.core.errors import CameraError
from depthface_app.core.software_device import UNIT_MM, SoftwareDevice, depth_of

SPATIAL, TEMPORAL, HOLES = "spatial", "temporal", "hole-filling"
# What most sensor families chose in evaluation (docs/figures/denoiser.json), each option for itself.
SPATIAL_MAGNITUDE, SPATIAL_ALPHA, SPATIAL_DELTA_MM = 1, 0.4, 25.0
TEMPORAL_DELTA_MM = 20.0  # the vendor's default, of cameras that count millimetres


class Blocks:
    """Some of the blocks, one after the other in the vendor's order. Belongs to one thread.

    They run on depth and not on disparity, which only a stereo camera has. The device is made with the first picture.
    """

    def __init__(self, *names: str) -> None:
        """Keep the choice: SPATIAL, TEMPORAL, HOLES, in that order."""
        self._names = names
        self._device: SoftwareDevice | None = None
        self._blocks: list[Any] = []

    def reset(self) -> None:
        """Forget what earlier pictures showed."""
        self._blocks = []

    def __call__(self, depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
        """The next picture, (S, S) float32 mm, NaN = no reading, always of the same size; the same comes back.

        Raises:
            CameraError: if the SDK cannot be loaded, or fails.
        """
        rs = sdk()
        try:
            self._device = self._device or SoftwareDevice(rs, depth_mm.shape[0])
            self._blocks = self._blocks or [_block(rs, name) for name in self._names]
            frame = self._device.frame(depth_mm)
            for block in self._blocks:
                frame = block.process(frame)
            return depth_of(frame)
        except RuntimeError as error:
            raise CameraError(f"The RealSense SDK's filters failed: {error}; choose another method.") from error


def _block(rs: Any, name: str) -> Any:
    """One block; TEMPORAL and HOLES as the vendor sets them."""
    if name == HOLES:
        return rs.hole_filling_filter()
    if name == TEMPORAL:
        temporal = rs.temporal_filter()
        temporal.set_option(rs.option.filter_smooth_delta, TEMPORAL_DELTA_MM / UNIT_MM)
        return temporal
    spatial = rs.spatial_filter()
    spatial.set_option(rs.option.filter_magnitude, SPATIAL_MAGNITUDE)
    spatial.set_option(rs.option.filter_smooth_alpha, SPATIAL_ALPHA)
    spatial.set_option(rs.option.filter_smooth_delta, SPATIAL_DELTA_MM / UNIT_MM)
    return spatial
