"""The classical filters that a denoiser has to beat, each with the settings it is tuned over.

All take and give (S, S) float32 mm without gaps (`core.filters.filled`); only pixels with a reading are judged. The
bilateral filter and the median are those that the program itself offers.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from depthface_app.core.filters import bilateral, median

Depth = NDArray[np.float32]
RS_UNIT_MM = 0.5  # the filter compares neighbours within at most 50 units, so finer ones would leave noise alone


def total_variation(depth_mm: Depth, weight_mm: float) -> Depth:
    """Chambolle 2004."""
    return denoise_tv_chambolle(depth_mm, weight=weight_mm, max_num_iter=60).astype(np.float32)


def non_local_means(depth_mm: Depth, strength_mm: float, patch_px: int) -> Depth:
    """Buades et al. 2005."""
    out = denoise_nl_means(depth_mm, patch_size=patch_px, patch_distance=7, h=strength_mm, fast_mode=True)
    return out.astype(np.float32)


class RealSenseSpatial:
    """The vendor's own spatial filter, fed through a software device."""

    def __init__(self) -> None:
        """Make the device, its depth stream and the filter."""
        import pyrealsense2 as rs  # only evaluation needs it

        self._rs, self._device, self._queue = rs, rs.software_device(), rs.frame_queue(1)
        self._sensor = self._device.add_sensor("Depth")
        stream = rs.video_stream()
        stream.type, stream.fmt, stream.bpp = rs.stream.depth, rs.format.z16, 2
        stream.index, stream.uid, stream.width, stream.height, stream.fps = 0, 0, 128, 128, 30
        pinhole = rs.intrinsics()
        pinhole.width, pinhole.height, pinhole.fx, pinhole.fy, pinhole.ppx, pinhole.ppy = 128, 128, 400, 400, 64, 64
        stream.intrinsics = pinhole
        self._profile = self._sensor.add_video_stream(stream)
        self._sensor.add_read_only_option(rs.option.depth_units, RS_UNIT_MM / 1000)
        self._sensor.open(self._profile)
        self._sensor.start(self._queue)
        self._filters: dict[tuple[int, float, float], Any] = {}
        self._number = 0

    def _filter(self, magnitude: int, alpha: float, delta: float) -> Any:
        """A filter for each setting: one that has seen a picture no longer listens to a new delta."""
        rs, key = self._rs, (magnitude, alpha, delta)
        if key not in self._filters:
            made = self._filters[key] = rs.spatial_filter()
            made.set_option(rs.option.filter_magnitude, magnitude)
            made.set_option(rs.option.filter_smooth_alpha, alpha)
            made.set_option(rs.option.filter_smooth_delta, delta)
        return self._filters[key]

    def __call__(self, depth_mm: Depth, magnitude: int, alpha: float, delta: float) -> Depth:
        """One picture through the filter; delta counts units of RS_UNIT_MM."""
        rs = self._rs
        self._number += 1
        frame = rs.software_video_frame()
        frame.pixels = np.round(depth_mm / RS_UNIT_MM).astype(np.uint16)
        frame.stride, frame.bpp, frame.timestamp, frame.frame_number = 256, 2, self._number * 33.3, self._number
        frame.domain, frame.profile = rs.timestamp_domain.system_time, self._profile.as_video_stream_profile()
        frame.depth_units = RS_UNIT_MM / 1000
        self._sensor.on_video_frame(frame)
        out = self._filter(magnitude, alpha, delta).process(self._queue.wait_for_frame(2000))
        return np.asarray(out.get_data()).astype(np.float32) * np.float32(RS_UNIT_MM)


GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "bilateral": {"reach_px": (0.8, 1.5, 2.5, 4.0), "range_mm": (3.0, 6.0, 12.0, 30.0)},
    "median": {"size_px": (3, 5, 7)},
    "total variation": {"weight_mm": (0.3, 0.7, 1.5, 3.0, 6.0, 12.0)},
    "non-local means": {"strength_mm": (0.5, 1.0, 2.0, 4.0, 8.0), "patch_px": (3, 5)},
    "RealSense spatial": {"magnitude": (1, 2), "alpha": (0.25, 0.4, 0.5, 0.75), "delta": (8.0, 20.0, 50.0)},
}


def make_filters() -> dict[str, Callable[..., Depth]]:
    """The filters by the names of GRIDS."""
    return {
        "bilateral": bilateral,
        "median": median,
        "total variation": total_variation,
        "non-local means": non_local_means,
        "RealSense spatial": RealSenseSpatial(),
    }


def settings(name: str) -> Iterator[dict[str, Any]]:
    """Every combination of one filter's grid."""
    grid = GRIDS[name]
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))
