"""The colour scale of every map of the inspector: how values become colours, and what stands beside them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.colour import error_ramp, ramp
from depthface_app.core.relief import shaded
from depthface_app.pipeline.maps import CURVATURE, DEPTH, DIFFERENCE, NOISE, NORMALS, Light
from depthface_app.ui.pictures import Picture, indexed_picture
from depthface_app.ui.scales import FaceScale, normals_picture, sphere_normals

RANGES_MM = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # of differences, both ways, and of noise
CURVATURE_PER_M = 60.0  # a bulge of 17 mm radius: a lip
NOISE_RAMP, NOISE_PART = "inferno", 0.4  # noise is shown up to this part of the range of differences
_STEPS = 65534.0
_BAR_PX = 256
_TICKS = 4

Ticks = tuple[tuple[float, str], ...]


@cache
def _table(name: str) -> NDArray[np.uint32]:
    """(65536,) opaque 0xFFRRGGBB from low to high; entry 0 is see-through."""
    colours = error_ramp() if name == "error" else ramp(name)
    rgb = colours[np.round(np.linspace(0, 255, 65536)).astype(np.uint8)].astype(np.uint32)
    table = np.asarray(np.uint32(0xFF000000) | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2], np.uint32)
    table[0] = 0
    return table


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` as the colours of a ramp."""

    low: float
    high: float
    colours: str
    unit: str = ""

    def picture(self, values: NDArray[np.float32]) -> Picture:
        """(R, R) float32, NaN = see-through."""
        parts = np.clip((values - np.float32(self.low)) / np.float32(self.high - self.low), 0, 1)
        entries = np.where(np.isnan(parts), 0, parts * np.float32(_STEPS) + 1)
        return indexed_picture(entries.astype(np.uint16), _table(self.colours))

    def bar(self) -> Picture:
        """The scale itself, one pixel wide, high on top."""
        return self.picture(np.linspace(self.high, self.low, _BAR_PX, dtype=np.float32)[:, None])

    def ticks(self) -> Ticks:
        """(part of the bar from its top, label)."""
        values = np.linspace(self.high, self.low, _TICKS + 1)
        is_signed = self.low < 0
        return tuple((k / _TICKS, _label(float(value), is_signed)) for k, value in enumerate(values))


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that decides colours, but for the values."""

    colour_map: str
    range_mm: float
    light: Light


def picture_of(name: str, values: NDArray[np.float32], nose_z_mm: float, look: Look) -> Picture:
    """A map in colours."""
    if name == NORMALS:
        return normals_picture(values)
    if name == DEPTH:
        return FaceScale(look.colour_map).picture(values, nose_z_mm)
    return _scale(name, look).picture(values)


def key_of(name: str, look: Look) -> tuple[str, Picture, Ticks]:
    """Unit, bar (or sphere, without ticks) and ticks."""
    if name == NORMALS:
        return "", normals_picture(sphere_normals()), ()
    if name == DEPTH:
        depth = FaceScale(look.colour_map)
        return "mm", depth.bar(), depth.ticks()
    scale = _scale(name, look)
    if not scale.unit:
        return "", scale.picture(shaded(sphere_normals(), look.light)), ()
    return scale.unit, scale.bar(), scale.ticks()


def _scale(name: str, look: Look) -> Scale:
    if name == DIFFERENCE:
        return Scale(-look.range_mm, look.range_mm, "error", "mm")
    if name == NOISE:
        return Scale(0, look.range_mm * NOISE_PART, NOISE_RAMP, "mm")
    if name == CURVATURE:
        return Scale(-CURVATURE_PER_M, CURVATURE_PER_M, "error", "1/m")
    return Scale(0, 1, "grey")


def _label(value: float, is_signed: bool) -> str:
    text = f"{value:+g}" if is_signed and value else f"{abs(value):g}"
    return text.replace("-", "−")
