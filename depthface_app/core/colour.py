"""Colours with a meaning: distance, surface direction and signed error, the same in the window and in pictures."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

COLOUR_MAPS: dict[str, int] = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "inferno": cv2.COLORMAP_INFERNO,
    "turbo": cv2.COLORMAP_TURBO,
    "grey": -1,
}
DEFAULT_COLOUR_MAP = "viridis"  # perceptually uniform, and in order for colour-blind eyes too
NO_READING_RGB = ((118, 120, 124), (142, 144, 148))  # two neutral greys that no map above contains side by side
HATCH_PX = 6
_ERROR_ENDS = ((33, 102, 172), (247, 247, 247), (178, 24, 43))  # blue - white - red: ColorBrewer RdBu


@lru_cache
def ramp(name: str = DEFAULT_COLOUR_MAP) -> NDArray[np.uint8]:
    """(256, 3) uint8 RGB of a map; entry 0 is far and dark, entry 255 near and bright.

    Raises:
        KeyError: for a name that is not in COLOUR_MAPS.
    """
    steps = np.arange(256, dtype=np.uint8)
    code = COLOUR_MAPS[name]
    colours = np.repeat(steps[:, None], 3, 1) if code < 0 else cv2.applyColorMap(steps[:, None], code)[:, 0, ::-1]
    return _read_only(np.ascontiguousarray(colours))


@lru_cache
def error_ramp() -> NDArray[np.uint8]:
    """(256, 3) uint8 RGB of the diverging map: entry 0 is the most negative, 128 no error, 255 the most positive."""
    places = np.linspace(0, 2, 256)
    channels = [np.interp(places, (0, 1, 2), [end[c] for end in _ERROR_ENDS]) for c in range(3)]
    return _read_only(np.stack(channels, -1).round().astype(np.uint8))


@lru_cache(maxsize=8)
def depth_table(near_mm: int, far_mm: int, name: str = DEFAULT_COLOUR_MAP) -> NDArray[np.uint8]:
    """(65536, 3) uint8 RGB of every whole millimetre, for live panels; entry 0 (no reading) is neutral grey."""
    millimetres = np.arange(65536, dtype=np.float32)
    table = ramp(name)[_index((far_mm - millimetres) / max(far_mm - near_mm, 1))]
    table[0] = NO_READING_RGB[0]
    return _read_only(table)


def colour_depth(
    depth_mm: NDArray[np.float32], near_mm: float, far_mm: float, name: str = DEFAULT_COLOUR_MAP
) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a depth map in mm, NaN = no reading, hatched; near_mm and nearer is brightest."""
    near = (far_mm - np.nan_to_num(depth_mm)) / max(far_mm - near_mm, 1e-3)
    return hatch_missing(ramp(name)[_index(near)], np.isnan(depth_mm))


def colour_normals(normals: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB = (n + 1) / 2 of unit normals in camera axes; NaN is hatched."""
    missing = np.isnan(normals[..., 2])
    rgb = ((np.nan_to_num(normals) + 1) * np.float32(127.5)).round().astype(np.uint8)
    return hatch_missing(rgb, missing)


def colour_error(error_mm: NDArray[np.float32], limit_mm: float) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a signed error: white at 0, blue at -limit_mm, red at +limit_mm; NaN is hatched."""
    rgb = error_ramp()[_index((np.nan_to_num(error_mm) / limit_mm + 1) / 2)]
    return hatch_missing(rgb, np.isnan(error_mm))


def hatch_missing(rgb: NDArray[np.uint8], missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture with its (H, W) `missing` pixels under a diagonal hatch of two neutral greys, never black."""
    rows, columns = np.ogrid[: rgb.shape[0], : rgb.shape[1]]
    light = (rows + columns) % HATCH_PX < 2
    out = rgb.copy()
    out[missing] = NO_READING_RGB[0]
    out[missing & light] = NO_READING_RGB[1]
    return out


def depth_limits(depth_mm: NDArray[np.float32], low: float = 1.0, high: float = 99.0) -> tuple[float, float]:
    """Near and far ends in mm that hold all but the outermost percents of the readings; (0, 1) without any."""
    readings = depth_mm[~np.isnan(depth_mm)]
    if readings.size == 0:
        return 0.0, 1.0
    near, far = np.percentile(readings, (low, high))
    return float(near), float(max(far, near + 1))


def _index(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Table entries 0 to 255 of shares 0 to 1, clipped."""
    index: NDArray[np.uint8] = (np.clip(share, 0, 1) * 255).round().astype(np.uint8)
    return index


def _read_only(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array.setflags(write=False)
    return array
