"""Noise over time on surfaces whose movement and noise are known."""

import numpy as np
import pytest

from depthface_app.core.metrics.sequence import FEWEST_PX, change_mm, noise_of_change_mm, normal_jitter_deg

SIDE = 96
ALL = np.ones((SIDE, SIDE), bool)
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32) - (SIDE - 1) / 2


def bowl(shift_px=0.0, away_mm=0.0):
    """A paraboloid 60 mm deep, slid to the right and moved away."""
    return (600 + away_mm + ((COLUMNS - shift_px) ** 2 + ROWS**2) * (60 / (2 * 48**2))).astype(np.float32)


@pytest.mark.parametrize("sd_mm", [0.5, 3.0])
def test_the_noise_of_a_still_surface_is_found(sd_mm):
    rng = np.random.default_rng(0)
    before, after = (bowl() + rng.normal(0, sd_mm, (SIDE, SIDE)).astype(np.float32) for _ in range(2))
    assert noise_of_change_mm(change_mm(before, after, bowl(), ALL)) == pytest.approx(sd_mm, rel=0.05)


def test_a_movement_is_no_noise():
    moved = bowl(shift_px=1.5, away_mm=4.0) + 0.02 * ROWS
    assert noise_of_change_mm(moved - bowl()) > 0.5
    assert noise_of_change_mm(change_mm(bowl(), moved, bowl(0.75), ALL)) < 0.02


def test_a_movement_hides_no_noise():
    rng = np.random.default_rng(1)
    before, after = (surface + rng.normal(0, 1, ALL.shape).astype(np.float32) for surface in (bowl(), bowl(1.5, 4.0)))
    assert noise_of_change_mm(change_mm(before, after, bowl(0.75), ALL)) == pytest.approx(1, rel=0.05)


def test_a_wild_corner_does_not_count_as_movement():
    after = bowl(away_mm=2.0)
    after[:20, :20] += 40
    change = change_mm(bowl(), after, bowl(), ALL)
    assert np.abs(change[30:, 30:]).max() < 0.1
    assert change[:20, :20].min() > 35


def test_only_judged_pixels_read_twice_have_a_change():
    before, judged = bowl(), ALL.copy()
    before[40:50] = np.nan
    judged[:, :10] = False
    change = change_mm(before, bowl(), bowl(), judged)
    assert np.isnan(change[40:50]).all()
    assert np.isnan(change[:, :10]).all()
    assert np.abs(change[60:, 20:]).max() < 1e-3


def test_with_too_little_to_judge_there_is_no_figure():
    judged = np.zeros_like(ALL)
    judged.ravel()[5000 : 5000 + FEWEST_PX - 1] = True
    assert np.isnan(noise_of_change_mm(change_mm(bowl(), bowl(), bowl(), judged)))
    assert np.isnan(
        normal_jitter_deg(np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 3), np.float32), ALL[:4, :4] & False)
    )


def test_turned_normals_jitter_by_their_angle():
    ahead = np.tile(np.array((0, 0, -1), np.float32), (SIDE, SIDE, 1))
    turned = np.tile(np.array((np.sin(0.1), 0, -np.cos(0.1)), np.float32), (SIDE, SIDE, 1))
    turned[:30] = np.nan
    assert normal_jitter_deg(ahead, turned, ALL) == pytest.approx(np.degrees(0.1), abs=0.01)
