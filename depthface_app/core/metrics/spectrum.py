"""At which sizes a surface is rough: the radially averaged power spectrum of what smooth patches leave of it.

A single noise figure does not tell white noise, which a mean over neighbours removes, from the blotches of a stereo
matcher, which it does not. What a face's own relief reads stands in `docs/metrics.md`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

TILE_PX = 16
BANDS_PX = {"fine": (2.0, 4.0), "middle": (4.0, 8.0), "coarse": (8.0, 16.0)}  # shortest and longest wavelength
COVERED = 0.9  # share of a tile that must be judged
GAP_STEPS = 4  # of filling the rest of it from its own smooth patch
MEDIAN_OF_EXPONENTIAL = float(np.log(2))


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """How much of a surface's variance lies at which wavelength.

    wavelength_px: (B,) middle of each ring, falling
    power_mm2:     (B,) variance that the ring holds
    """

    wavelength_px: Floats
    power_mm2: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Tile:
    """What does not depend on the surface.

    basis, inverse: (N, 6) a patch of second order, and what finds its six numbers in N pixels
    window:    (N,)
    frequency: (N,) cycles per pixel of each component
    expected:  (N,) mean power of a component of white noise of unit variance
    """

    basis: Floats
    inverse: Floats
    window: Floats
    frequency: Floats
    expected: Floats


@cache
def _tile() -> _Tile:
    rows, columns = (axis.ravel() for axis in np.mgrid[-1 : 1 : TILE_PX * 1j, -1 : 1 : TILE_PX * 1j])
    basis = np.stack((rows**0, rows, columns, rows * rows, rows * columns, columns * columns), 1)
    inverse = np.linalg.pinv(basis)
    hann = np.sin(np.pi * (np.arange(TILE_PX) + 0.5) / TILE_PX) ** 2
    window = np.outer(hann, hann).ravel()
    of_white = window[:, None] * (np.eye(TILE_PX**2) - basis @ inverse)
    expected = (np.abs(_transformed(of_white.T)) ** 2).sum(0)
    axis = np.fft.fftfreq(TILE_PX)
    return _Tile(basis, inverse, window, np.hypot(axis[:, None], axis[None]).ravel(), expected)


def _transformed(tiles: Floats) -> NDArray[np.complex128]:
    """Fourier transforms of tiles (T, N) as (T, N)."""
    return np.fft.fft2(tiles.reshape(-1, TILE_PX, TILE_PX)).reshape(len(tiles), -1)


def _components_mm2(depth_mm: Depth, judged: Mask) -> Floats | None:
    """(N,) variance of each component of a tile, None without a tile that is judged."""
    tile, shape = _tile(), (TILE_PX, TILE_PX)
    every = (slice(None, None, TILE_PX // 2),) * 2
    known = np.lib.stride_tricks.sliding_window_view(judged & ~np.isnan(depth_mm), shape)[every]
    kept = known.mean((-2, -1)) >= COVERED
    if not kept.any():
        return None
    is_known = known[kept].reshape(-1, TILE_PX**2)
    values = np.lib.stride_tricks.sliding_window_view(depth_mm, shape)[every][kept].reshape(is_known.shape)
    middle = np.nanmean(np.where(is_known, values, np.nan), 1, dtype=np.float64, keepdims=True)
    values = np.where(is_known, values - middle, 0.0)
    patch = np.zeros_like(values)
    for _ in range(GAP_STEPS if not is_known.all() else 1):
        patch = (np.where(is_known, values, patch) @ tile.inverse.T) @ tile.basis.T
    residual = np.where(is_known, values - patch, 0.0)
    power = np.abs(_transformed(residual * tile.window)) ** 2
    return np.median(power, 0) / MEDIAN_OF_EXPONENTIAL / np.maximum(tile.expected, 1e-9) / TILE_PX**2


def noise_spectrum(depth_mm: Depth, judged: Mask) -> Spectrum | None:
    """Power over wavelength; white noise of standard deviation s gives every component s² / TILE_PX².

    The crop is cut into tiles that overlap by half; each loses the patch of second order that fits it best, and is
    tapered. The median over tiles leaves out those with a nostril, lips or the face's edge.

    Args:
        depth_mm: (H, W) float32, NaN = no reading.

    Source: averaged periodograms of tapered pieces, Welch, IEEE Trans. Audio Electroacoustics 15(2), 1967; the median
        in place of the mean, Allen et al., Physical Review D 85, 122006, 2012, appendix B.
    """
    found = _components_mm2(depth_mm, judged)
    if found is None:
        return None
    cycles = np.rint(_tile().frequency * TILE_PX).astype(int)
    rings = np.arange(1, TILE_PX // 2 + 1)
    return Spectrum(TILE_PX / rings, np.bincount(cycles, found).astype(np.float64)[rings])


def band_noise_mm(depth_mm: Depth, judged: Mask) -> dict[str, float]:
    """Standard deviation in mm of what has a wavelength within each of BANDS_PX, by its name; NaN without a tile."""
    found = _components_mm2(depth_mm, judged)
    if found is None:
        return dict.fromkeys(BANDS_PX, float("nan"))
    frequency = _tile().frequency
    return {
        name: float(np.sqrt(found[(frequency >= 1 / longest) & (frequency < 1 / shortest)].sum()))
        for name, (shortest, longest) in BANDS_PX.items()
    }
