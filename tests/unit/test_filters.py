"""The classical filters, on pictures whose answer is known."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from depthface_app.core.filters import bilateral, filled, median


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


@pytest.mark.parametrize("smooth", [bilateral, median])
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
