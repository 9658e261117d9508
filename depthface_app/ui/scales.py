"""Colour scales as lookup tables: every depth in the window is coloured by one of these."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.colour import colour_normals, ramp
from depthface_app.core.frame import DepthArray
from depthface_app.ui.pictures import Picture, indexed_picture, rgb_picture

FRAME_NEAR_MM, FRAME_FAR_MM = 300, 2500
FACE_NEAR_MM, FACE_FAR_MM = -10, 130  # from in front of the tip of the nose to behind the ears
_FACE_TICKS_MM = range(0, 121, 20)
_FRAME_TICKS_MM = (300, 500, 1000, 1500, 2000, 2500)
_PER_MM = 16.0  # table entries per millimetre of a face: finer than any sensor counts
_NOSE_ENTRY = 32768.0
_BAR_PX = 256


@cache
def _table(map_name: str, near: float, far: float) -> NDArray[np.uint32]:
    """(65536,) opaque 0xFFRRGGBB, near bright, of table entries counted from near to far; entry 0 is see-through."""
    parts = np.clip((far - np.arange(65536)) / (far - near), 0, 1)
    rgb = ramp(map_name)[np.round(parts * 255).astype(np.uint8)].astype(np.uint32)
    table = np.uint32(0xFF000000) | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    table[0] = 0
    return table


@dataclass(frozen=True, slots=True)
class FrameScale:
    """The scale of the whole frame: one table entry per millimetre from the camera."""

    map_name: str

    @property
    def _entries(self) -> NDArray[np.uint32]:
        return _table(self.map_name, FRAME_NEAR_MM, FRAME_FAR_MM)

    def picture(self, depth_mm: DepthArray) -> Picture:
        """A frame's depth (H, W) in mm, 0 or NaN = no reading."""
        entries = depth_mm
        if depth_mm.dtype != np.uint16:
            entries = np.nan_to_num(depth_mm).clip(0, 65535)
        return indexed_picture(entries.astype(np.uint16, copy=False), self._entries)

    def bar(self) -> Picture:
        """The scale itself, one pixel high, near on the left."""
        return indexed_picture(np.linspace(FRAME_NEAR_MM, FRAME_FAR_MM, _BAR_PX).astype(np.uint16)[None], self._entries)

    def ticks(self) -> tuple[tuple[float, int], ...]:
        """(part of the bar, millimetres) of every label."""
        return tuple(((mm - FRAME_NEAR_MM) / (FRAME_FAR_MM - FRAME_NEAR_MM), mm) for mm in _FRAME_TICKS_MM)


@dataclass(frozen=True, slots=True)
class FaceScale:
    """The scale of both depth panes, counted from the tip of the nose so that it stands still while people move."""

    map_name: str

    @property
    def _entries(self) -> NDArray[np.uint32]:
        near, far = (mm * _PER_MM + _NOSE_ENTRY for mm in (FACE_NEAR_MM, FACE_FAR_MM))
        return _table(self.map_name, near, far)

    def picture(self, depth_mm: NDArray[np.float32], nose_z_mm: float) -> Picture:
        """A face's depth (S, S) in mm, NaN = no reading."""
        entries = (depth_mm - np.float32(nose_z_mm)) * np.float32(_PER_MM) + np.float32(_NOSE_ENTRY)
        entries = np.where(np.isnan(entries), 0, entries.clip(1, 65535))
        return indexed_picture(entries.astype(np.uint16), self._entries)

    def bar(self) -> Picture:
        """The scale itself, one pixel wide, near on top."""
        return self.picture(np.linspace(FACE_NEAR_MM, FACE_FAR_MM, _BAR_PX, dtype=np.float32)[:, None], 0.0)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """(part of the bar, label) from near to far."""
        span = FACE_FAR_MM - FACE_NEAR_MM
        return tuple(((mm - FACE_NEAR_MM) / span, f"{mm:+d}" if mm else "0") for mm in _FACE_TICKS_MM)


def normals_picture(normals: NDArray[np.float32]) -> Picture:
    """Normals (S, S, 3) in camera axes as colours, NaN = none."""
    return rgb_picture(colour_normals(normals), ~np.isnan(normals[..., 2]))


@cache
def sphere_normals() -> NDArray[np.float32]:
    """(128, 128, 3) float32 unit normals of a sphere seen from the camera, NaN beside it."""
    axis = np.linspace(-1, 1, 128, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    depth2 = 1 - x**2 - y**2
    sphere = np.dstack((x, y, -np.sqrt(np.maximum(depth2, 0)))).astype(np.float32)
    sphere[depth2 < 0] = np.nan
    return sphere


@cache
def sphere_picture() -> Picture:
    """The key of the normals: a sphere seen from the camera."""
    return normals_picture(sphere_normals())
