"""What changes on one head from day to day: hair, beard and weight, for any generator whose heads are about life size.

Places are relative to the tip of the nose, x to the subject's left, y up, z out of the face, mm.
"""

import numpy as np
from numpy.typing import NDArray

from training.faces.shape import Appearance

Field = NDArray[np.float32]

RELIEF_FIELDS = 24  # smooth fields that make hair and beard uneven
RELIEF_SD, STRAND_SD = 0.35, 0.12  # share of the thickness, smooth and from vertex to vertex
# Where a face grows fuller: (x, y, z) of the middle, radius, share. Cheeks, jowls, under the chin; our own choice.
FULLNESS = (
    ((45.0, -18.0, -42.0), 24.0, 0.9),
    ((46.0, -55.0, -55.0), 24.0, 1.0),
    ((0.0, -92.0, -58.0), 24.0, 1.0),
)


def smoothstep(x: Field) -> Field:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)


def gaussian(points_mm: Field, centre_mm: Field, radius_mm: float) -> Field:
    """(N,) bump of height 1 at points (N, 3)."""
    return np.exp(-0.5 * ((points_mm - centre_mm) ** 2).sum(1) / radius_mm**2)


def outward(points_mm: Field) -> Field:
    """(N, 3) unit vectors away from an axis through the middle of a head in model axes."""
    axis = points_mm - np.array((0.0, points_mm[:, 1].mean(), 0.0), np.float32)
    return axis / np.linalg.norm(axis, axis=1, keepdims=True)


def hair_mm(relative_mm: Field, relief: Field, appearance: Appearance) -> Field:
    """Thickness of hair and beard over every vertex.

    Args:
        relative_mm: (N, 3) places of the generator's mean head.
        relief: (RELIEF_FIELDS, N) smooth fields about 1 high.

    Returns:
        (N,) float32.
    """
    x, y = relative_mm[:, :2].T
    out = np.zeros(len(x), np.float32)
    if not appearance.hair_mm and not appearance.beard_mm:
        return out
    rng = np.random.default_rng(appearance.texture)
    uneven = 1 + RELIEF_SD * (rng.normal(0, 1, RELIEF_FIELDS).astype(np.float32) @ relief)
    strands = uneven + STRAND_SD * rng.normal(0, 1, len(x)).astype(np.float32)
    hairline = appearance.fringe_mm - 0.35 * np.abs(x)
    if appearance.hair_mm:
        out += appearance.hair_mm * strands * smoothstep((y - hairline) / 12)
    if appearance.beard_mm:
        beside = np.sqrt((x / 55) ** 2 + ((y + 52) / 42) ** 2)
        mouth = np.sqrt((x / 24) ** 2 + ((y + 38) / 11) ** 2)
        out += appearance.beard_mm * strands * smoothstep((1.2 - beside) / 0.4) * smoothstep((mouth - 0.8) / 0.5)
    return out


def fullness(relative_mm: Field) -> Field:
    """(N,) float32 how far each vertex moves outward while the fullest part of the face moves by 1."""
    out = np.zeros(len(relative_mm), np.float32)
    for (x, y, z), radius, share in FULLNESS:
        for side in (-1, 1) if x else (1,):
            out += np.float32(share) * gaussian(relative_mm, np.array((side * x, y, z), np.float32), radius)
    return out / out.max()
