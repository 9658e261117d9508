"""The classical filters, on pictures whose answer is known."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from depthface_app.core.filters import bilateral, filled, median, non_local_means, total_variation


def test_a_gap_takes_a_reading_that_is_nearest_or_nearly_so():
    rng = np.random.default_rng(2)
    depth = rng.uniform(500, 700, (96, 96)).astype(np.float32)
    depth[rng.random(depth.shape) < 0.9] = np.nan
    depth[30:60, 20:50] = np.nan
    out = filled(depth)
    nearest = distance_transform_edt(np.isnan(depth))
    rows, columns = np.nonzero(~np.isnan(depth))
    for row, column in rng.integers(0, 96, (200, 2)):
        away = np.hypot(rows - row, columns - column)[depth[rows, columns] == out[row, column]]
        assert away.min() <= 1.03 * nearest[row, column] + 1e-6


def test_readings_stay_and_a_picture_without_any_does_too():
    depth = np.array([[600, np.nan], [np.nan, 700]], np.float32)
    out = filled(depth)
    assert (out[0, 0], out[1, 1]) == (600, 700)
    assert not np.isnan(out).any()
    assert np.isnan(filled(np.full((4, 4), np.nan, np.float32))).all()


@pytest.mark.parametrize("smooth", [bilateral, median, total_variation, non_local_means])
def test_noise_on_a_wall_falls_and_the_wall_stays(smooth):
    rng = np.random.default_rng(3)
    depth = (600 + rng.normal(0, 2, (128, 128))).astype(np.float32)
    out = smooth(depth)[8:-8, 8:-8]
    assert out.std() < 0.8
    assert out.mean() == pytest.approx(600, abs=0.05)


def test_a_step_deeper_than_the_range_is_kept_by_the_bilateral_filter():
    depth = np.full((64, 64), 600, np.float32)
    depth[:, 32:] = 900
    np.testing.assert_allclose(bilateral(depth), depth, atol=0.01)


def test_a_speck_is_taken_away_by_the_median():
    depth = np.full((32, 32), 600, np.float32)
    depth[16, 16] = 900
    assert (median(depth, 3) == 600).all()


def bumpy(noise_mm):
    """A ball before a wall with a step in it, and the same with noise."""
    y, x = np.mgrid[:128, :128] - 63.5
    truth = (640 - np.sqrt(np.maximum(50**2 - x**2 - y**2, 0))).astype(np.float32)
    truth[:, 118:] += 20
    return truth, truth + np.random.default_rng(4).normal(0, noise_mm, truth.shape).astype(np.float32)


@pytest.mark.parametrize("weight_mm", [0.7, 6.0])
def test_total_variation_is_what_scikit_image_makes_of_it(weight_mm):
    _, noisy = bumpy(2.0)
    expected = denoise_tv_chambolle(noisy, weight=weight_mm, max_num_iter=60)
    np.testing.assert_allclose(total_variation(noisy, weight_mm), expected, atol=2e-3)


@pytest.mark.parametrize("noise_mm", [1.5, 3.0])
def test_non_local_means_err_about_as_much_as_those_of_scikit_image_with_the_same_strength(noise_mm):
    truth, noisy = bumpy(noise_mm)
    ours = non_local_means(noisy, 4.0)
    theirs = denoise_nl_means(noisy, patch_size=5, patch_distance=7, h=4.0, fast_mode=True)
    error, limit = (float(np.sqrt(np.mean((each - truth) ** 2))) for each in (ours, theirs))
    assert error < 1.25 * limit
    assert error < 0.6 * noise_mm
