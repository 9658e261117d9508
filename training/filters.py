"""The classical filters that a denoiser has to beat, each with the settings it is tuned over.

All take and give (S, S) float32 mm without gaps (`core.filters.filled`); only pixels with a reading are judged. The
bilateral filter, the median and total variation are those that the program itself offers.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means

from depthface_app.core.crop import SIZE_PX
from depthface_app.core.filters import bilateral, median, total_variation
from depthface_app.core.software_device import SoftwareDevice, depth_of

Depth = NDArray[np.float32]


def non_local_means(depth_mm: Depth, strength_mm: float, patch_px: int) -> Depth:
    """Buades et al. 2005."""
    out = denoise_nl_means(depth_mm, patch_size=patch_px, patch_distance=7, h=strength_mm, fast_mode=True)
    return out.astype(np.float32)


class RealSenseSpatial:
    """The vendor's own spatial filter, fed through a software device."""

    def __init__(self) -> None:
        """Make the device."""
        import pyrealsense2 as rs  # only evaluation needs it

        self._rs, self._device = rs, SoftwareDevice(rs, SIZE_PX)
        self._filters: dict[tuple[int, float, float], Any] = {}

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
        """One picture through the filter; delta counts the device's units."""
        return depth_of(self._filter(magnitude, alpha, delta).process(self._device.frame(depth_mm)))


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
