"""Roughness by size: on waves and noise whose spectrum is known in closed form, and against SciPy's periodograms."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import welch

from depthface_app.core.metrics.spectrum import BANDS_PX, TILE_PX, band_noise_mm, noise_spectrum

SIDE = 128
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float64)
ALL = np.ones((SIDE, SIDE), bool)
BOWL = 600 + 0.4 * COLUMNS + 0.004 * ((COLUMNS - 60) ** 2 + ROWS**2)
COMPONENTS = {"fine": 148, "middle": 36, "coarse": 8}  # of a tile's 256 that lie in each band, counted by hand


def white(sd_mm, seed=0, shape=(SIDE, SIDE)):
    return np.random.default_rng(seed).normal(0, sd_mm, shape)


def mean_bands(surfaces):
    found = [band_noise_mm(surface.astype(np.float32), ALL) for surface in surfaces]
    return {name: float(np.sqrt(np.mean([each[name] ** 2 for each in found]))) for name in BANDS_PX}


@pytest.mark.parametrize("sd_mm", [0.4, 3.0])
def test_white_noise_is_spread_evenly_over_the_components(sd_mm):
    found = mean_bands([BOWL + white(sd_mm, seed) for seed in range(12)])
    for name, count in COMPONENTS.items():
        assert found[name] == pytest.approx(sd_mm * np.sqrt(count) / TILE_PX, rel=0.05)


@pytest.mark.parametrize(("wavelength_px", "band"), [(16 / 6, "fine"), (16 / 3, "middle")])
def test_a_wave_of_two_mm_holds_two_mm_squared_and_lies_in_its_band(wavelength_px, band):
    wave = (BOWL + 2 * np.sin(2 * np.pi * COLUMNS / wavelength_px)).astype(np.float32)
    found = band_noise_mm(wave, ALL)
    assert max(found, key=found.get) == band
    power = noise_spectrum(wave, ALL)
    assert power.wavelength_px[power.power_mm2.argmax()] == pytest.approx(wavelength_px)
    phases = [BOWL + 2 * np.sin(2 * np.pi * COLUMNS / wavelength_px + phase) for phase in np.arange(6)]
    together = np.sqrt(sum(value**2 for value in mean_bands(phases).values()))
    assert together == pytest.approx(np.sqrt(2) / np.sqrt(np.log(2)), rel=0.1)  # every tile alike: no exponential


def test_relief_of_second_order_is_no_roughness():
    assert max(band_noise_mm(BOWL.astype(np.float32), ALL).values()) < 1e-3


def test_one_step_in_a_smooth_surface_does_not_count():
    stepped = BOWL + np.where(COLUMNS > 70, 30, 0)
    assert max(band_noise_mm(stepped.astype(np.float32), ALL).values()) < 0.01


def test_blurred_noise_falls_off_as_scipys_own_periodograms_say():
    """Tapering and averaging are SciPy's; the fall from one wavelength to another must be the same."""
    rough = [gaussian_filter(white(2.0, seed), 0.8, mode="wrap") for seed in range(12)]
    found = [noise_spectrum((BOWL + each).astype(np.float32), ALL) for each in rough]
    power = np.mean([each.power_mm2 for each in found], 0)
    frequency = 1 / found[0].wavelength_px
    _, along = welch(np.concatenate(rough), nperseg=TILE_PX, axis=1)  # white across, so the slope along is the blur's
    blur = np.exp(-((2 * np.pi * 0.8 * frequency) ** 2))
    counts = np.array([8, 12, 16, 32, 28, 40, 40, 38])  # components per ring
    np.testing.assert_allclose(power[1:6], (4 * blur * counts / TILE_PX**2)[1:6], rtol=0.3)
    fallen = along.mean(0)[5] / along.mean(0)[2]
    assert (power[4] / counts[4]) / (power[1] / counts[1]) == pytest.approx(fallen, rel=0.3)


def test_gaps_are_filled_by_the_patch_they_lie_in():
    holed = (BOWL + white(1.0)).astype(np.float32)
    whole = band_noise_mm(holed, ALL)
    holed[::9, ::9] = np.nan
    assert band_noise_mm(holed, ALL)["fine"] == pytest.approx(whole["fine"], rel=0.05)


def test_without_a_whole_tile_there_is_no_figure():
    judged = np.zeros_like(ALL)
    judged[:12, :] = True
    assert noise_spectrum(BOWL.astype(np.float32), judged) is None
    assert all(np.isnan(value) for value in band_noise_mm(BOWL.astype(np.float32), judged).values())
