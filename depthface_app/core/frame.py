"""One moment from one depth camera, and the pinhole that made it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

DepthArray = NDArray[np.uint16] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Pinhole of a picture, in pixels of that picture; pixel centres lie on whole numbers.

    A point (x, y, z) in camera axes (x right, y down, z away) lands on (fx·x/z + cx, fy·y/z + cy).
    Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 6.1.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def resampled(self, left: float, top: float, scale: float, width: int, height: int) -> "Intrinsics":
        """The pinhole of a (height, width) picture whose pixel (u, v) shows our (left + u/scale, top + v/scale)."""
        return Intrinsics(
            width, height, self.fx * scale, self.fy * scale, (self.cx - left) * scale, (self.cy - top) * scale
        )

    def project(self, points_mm: NDArray[np.floating]) -> NDArray[np.floating]:
        """Pixels (..., 2) as (x, y) of points (..., 3) in mm with z > 0."""
        z = points_mm[..., 2]
        return np.stack((self.fx * points_mm[..., 0] / z + self.cx, self.fy * points_mm[..., 1] / z + self.cy), -1)

    def rays(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x/z of every column (width,) and y/z of every row (height,), float32."""
        columns = (np.arange(self.width, dtype=np.float32) - np.float32(self.cx)) / np.float32(self.fx)
        rows = (np.arange(self.height, dtype=np.float32) - np.float32(self.cy)) / np.float32(self.fy)
        return columns, rows

    def back_project(self, depth_mm: DepthArray) -> NDArray[np.float32]:
        """Points (H, W, 3) float32 mm of a depth map (H, W) in mm; NaN stays NaN, 0 becomes the origin."""
        columns, rows = self.rays()
        z = depth_mm.astype(np.float32, copy=False)
        return np.dstack((z * columns[None, :], z * rows[:, None], z))


@dataclass(frozen=True, eq=False, slots=True)  # eq=False: arrays have no truth value
class Frame:
    """One moment from one camera. Arrays are read-only; colour, when present, is aligned to depth.

    depth_mm:            (H, W) uint16 or float32 millimetres, 0 = no reading
    intrinsics:          pinhole of the depth map
    captured_s:          host monotonic clock (time.monotonic) when the SDK delivered it
    number:              frame number given by the device; may jump back when a recording loops
    device_timestamp_ms: the device's own clock; timestamp_domain names that clock
    depth_scale_mm:      millimetres per unit the device counts in, before conversion to depth_mm
    colour:              (H, W, 3) uint8 RGB, or None
    infrared:            (H, W) uint8 or uint16, or None
    truth_mm:            (H, W) float32 the noiseless surface, simulated sources only, or None
    segment:             counts the unbroken stretches of a stream; nothing is continued from one into the next
    """

    depth_mm: DepthArray
    intrinsics: Intrinsics
    captured_s: float
    number: int = 0
    device_timestamp_ms: float = 0.0
    timestamp_domain: str = "host"
    depth_scale_mm: float = 1.0
    serial: str = ""
    is_live: bool = True
    colour: NDArray[np.uint8] | None = None
    infrared: NDArray[np.uint8] | NDArray[np.uint16] | None = None
    truth_mm: NDArray[np.float32] | None = None
    segment: int = 0

    def __post_init__(self) -> None:
        """Freeze the arrays, so that no stage can change what another one reads.

        Raises:
            ValueError: if the depth map does not have the size its intrinsics state.
        """
        if self.depth_mm.shape != (self.intrinsics.height, self.intrinsics.width):
            raise ValueError(
                f"depth map is {self.depth_mm.shape}, intrinsics say {(self.intrinsics.height, self.intrinsics.width)}"
            )
        for array in (self.depth_mm, self.colour, self.infrared, self.truth_mm):
            if array is not None:
                array.setflags(write=False)

    def depth_float(self) -> NDArray[np.float32]:
        """(H, W) float32 mm with NaN where there is no reading."""
        depth = self.depth_mm.astype(np.float32)
        depth[~(depth > 0)] = np.nan
        return depth

    def at(self, captured_s: float) -> "Frame":
        """The same frame, delivered at another moment (playback)."""
        return replace(self, captured_s=captured_s)
