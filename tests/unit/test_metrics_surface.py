"""Surface figures on surfaces whose value is known in closed form, and against scikit-image."""

import numpy as np
import pytest
from scipy.ndimage import generic_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from depthface_app.core.frame import Intrinsics
from depthface_app.core.metrics import surface
from depthface_app.core.normals import normals

SIDE = 96
PINHOLE = Intrinsics(SIDE, SIDE, 400.0, 400.0, (SIDE - 1) / 2, (SIDE - 1) / 2)
ALL = np.ones((SIDE, SIDE), bool)


def flat(value=600.0):
    return np.full((SIDE, SIDE), value, np.float32)


def tilted(degrees):
    """Depth of a plane through (0, 0, 600) turned about the vertical, seen by PINHOLE."""
    columns = (np.arange(SIDE) - PINHOLE.cx) / PINHOLE.fx
    depth = 600 / (1 - np.tan(np.radians(degrees)) * columns)
    return np.tile(depth.astype(np.float32), (SIDE, 1))


def test_a_shift_is_its_own_rmse_and_percentile():
    assert surface.rmse(flat(603), flat(), ALL) == pytest.approx(3)
    assert surface.error_percentile(flat(597), flat(), ALL, 95) == pytest.approx(3)
    np.testing.assert_array_equal(surface.errors(flat(597), flat(), ALL), -3)


def test_a_wave_has_the_rmse_of_a_sine_and_a_ramp_the_percentile_of_a_uniform():
    wave = flat() + 2 * np.sin(2 * np.pi * np.arange(SIDE, dtype=np.float32) / 12)[None, :]
    assert surface.rmse(wave, flat(), ALL) == pytest.approx(2 / np.sqrt(2), rel=1e-5)
    ramp = flat() + np.linspace(-10, 10, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    assert surface.error_percentile(ramp, flat(), ALL, 95) == pytest.approx(9.5, abs=0.01)


def test_only_judged_pixels_with_a_reading_count():
    estimate, judged = flat(601), ALL.copy()
    estimate[:, :10] = 900
    judged[:, :10] = False
    estimate[5, 50] = np.nan
    assert surface.rmse(estimate, flat(), judged) == pytest.approx(1)
    assert np.isnan(surface.rmse(flat(np.nan), flat(), ALL))
    assert np.isnan(surface.error_percentile(flat(), flat(), ~ALL, 95))


@pytest.fixture(scope="module")
def textured():
    rng = np.random.default_rng(3)
    truth = (1 + 0.5 * np.sin(np.arange(SIDE) / 9)[:, None] * np.cos(np.arange(SIDE) / 7)[None]).astype(np.float32)
    return truth, truth + rng.normal(0, 0.05, truth.shape).astype(np.float32)


def test_psnr_is_the_papers_formula(textured):
    truth, noisy = textured
    assert surface.psnr_db(flat(0.5), flat(0.4), ALL, 2.0) == pytest.approx(20 * np.log10(2 / 0.1), rel=1e-6)
    expected = peak_signal_noise_ratio(truth.astype(float), noisy.astype(float), data_range=2)
    assert surface.psnr_db(noisy, truth, ALL, 2.0) == pytest.approx(expected, abs=1e-6)
    assert surface.psnr_db(truth, truth, ALL, 2.0) == np.inf


def test_the_papers_own_rows_follow_from_peak_2():
    """Table 1 gives DMDNet an RMSE of 0.0470 and 32.60 dB."""
    assert surface.psnr_db(flat(0.0470), flat(0.0), ALL, 2.0) == pytest.approx(32.60, abs=0.03)


def test_ssim_is_that_of_scikit_image(textured):
    truth, noisy = textured
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 2, "full": True}
    _, expected = structural_similarity(truth.astype(float), noisy.astype(float), **options)
    found = surface.ssim_map(noisy, truth, 2.0)
    np.testing.assert_allclose(found[5:-5, 5:-5], expected[5:-5, 5:-5], atol=1e-9)
    assert np.isnan(found[:5]).all()
    assert surface.ssim(noisy, truth, ALL, 2.0) == pytest.approx(expected[5:-5, 5:-5].mean(), abs=1e-9)


def test_ssim_of_two_constants_is_its_luminance_term():
    a, b, c1 = 0.8, 1.1, (0.01 * 2) ** 2
    assert surface.ssim(flat(a), flat(b), ALL, 2.0) == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), abs=1e-6)
    assert surface.ssim(flat(a), flat(a), ALL, 2.0) == pytest.approx(1)


@pytest.mark.parametrize("degrees", [5, 20, 40])
def test_a_tilted_plane_is_off_by_its_tilt(degrees):
    found = surface.normal_error_deg(normals(tilted(degrees), PINHOLE), normals(flat(), PINHOLE), ALL)
    assert found == pytest.approx(degrees, abs=0.15)
    assert surface.normal_error_deg(normals(flat(np.nan), PINHOLE), normals(flat(), PINHOLE), ALL) != found


def step(sharp=True):
    depth = flat()
    depth[:, SIDE // 2 :] = 700
    if not sharp:
        depth[:, SIDE // 2 - 1] = 640
        depth[:, SIDE // 2] = 660
    return depth


def test_pixels_between_the_sides_of_a_step_fly():
    assert surface.flying_pixel_rate(step(), step(), ALL) == 0
    assert surface.flying_pixel_rate(step(sharp=False), step(), ALL) == pytest.approx(2 / SIDE)


def test_a_step_that_is_a_pixel_off_does_not_fly_and_one_that_is_two_off_does():
    assert surface.flying_pixel_rate(np.roll(step(), 1, axis=1)[:, 2:], step()[:, 2:], ALL[:, 2:]) == 0
    assert surface.flying_pixel_rate(np.roll(step(), 2, axis=1)[:, 2:], step()[:, 2:], ALL[:, 2:]) > 0


def test_noise_under_the_limit_does_not_fly():
    assert surface.flying_pixel_rate(flat(609), flat(), ALL) == 0
    assert surface.flying_pixel_rate(flat(611), flat(), ALL) == 1
    assert np.isnan(surface.flying_pixel_rate(flat(np.nan), flat(), ALL))


def test_the_mean_error_is_signed():
    assert surface.bias(flat(597), flat(), ALL) == pytest.approx(-3)
    assert surface.bias(flat() + np.where(np.arange(SIDE) < 24, 8, 0).astype(np.float32), flat(), ALL) == pytest.approx(
        2
    )
    assert np.isnan(surface.bias(flat(), flat(), ~ALL))


def test_pixels_between_two_sides_hang_and_a_clean_step_does_not():
    assert surface.hanging_share(step(), ALL) == 0
    assert surface.hanging_share(step(sharp=False), ALL) == pytest.approx(2 / SIDE)
    assert surface.hanging_share(tilted(60), ALL) == 0
    assert np.isnan(surface.hanging_share(flat(np.nan), ALL))


def test_a_pixel_far_from_all_its_neighbours_hangs_alone():
    spiked = flat()
    spiked[40, 40] += 30
    spiked[60, 60] -= 9
    assert surface.hanging_share(spiked, ALL) == pytest.approx(1 / SIDE**2)


def hangs(window):
    """What SciPy's filter asks of every 3 × 3 window."""
    off = window.reshape(3, 3) - window[4]
    pairs = ((off[1, 0], off[1, 2]), (off[0, 1], off[2, 1]), (off[0, 0], off[2, 2]), (off[0, 2], off[2, 0]))
    between = any(min(pair) < -10 and max(pair) > 10 for pair in pairs)
    around = np.delete(off.ravel(), 4)
    return float(between or not np.any(np.abs(around) <= 10))


def test_hanging_pixels_are_those_of_a_plain_loop():
    depth = (600 + np.random.default_rng(5).normal(0, 8, (SIDE, SIDE))).astype(np.float32)
    expected = generic_filter(depth.astype(np.float64), hangs, 3, mode="constant", cval=np.nan)
    assert 0.02 < expected.mean() < 0.5
    assert surface.hanging_share(depth, ALL) == pytest.approx(expected.mean())
