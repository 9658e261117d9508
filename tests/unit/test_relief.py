"""Ways to look at a surface, on surfaces whose value is known in closed form."""

import numpy as np
import pytest

from depthface_app.core.depth import noise_mm
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals
from depthface_app.core.relief import local_noise_mm, mean_curvature_per_m, profile_mm, shaded

SIDE = 128
PINHOLE = Intrinsics(SIDE, SIDE, 400.0, 400.0, (SIDE - 1) / 2, (SIDE - 1) / 2)
COLUMNS, ROWS = PINHOLE.rays()
INNER = np.s_[40:-40, 40:-40]


def sphere(radius_mm: float, centre_mm: float, hollow: bool = False) -> np.ndarray:
    """Depth of a ball in front of the camera, or of the inside of its far half; NaN beside it."""
    ray = COLUMNS[None, :].astype(float) ** 2 + ROWS[:, None].astype(float) ** 2 + 1
    root = centre_mm**2 - ray * (centre_mm**2 - radius_mm**2)
    with np.errstate(invalid="ignore"):
        return ((centre_mm + (1 if hollow else -1) * np.sqrt(root)) / ray).astype(np.float32)


def cylinder(radius_mm: float, axis_mm: float) -> np.ndarray:
    """Depth of a standing pipe: y² is no part of its equation."""
    ray = COLUMNS[None, :].astype(float) ** 2 + 1
    with np.errstate(invalid="ignore"):
        near = (axis_mm - np.sqrt(axis_mm**2 - ray * (axis_mm**2 - radius_mm**2))) / ray
    return np.repeat(near, SIDE, 0).astype(np.float32)


def tilted(angle_deg: float) -> np.ndarray:
    """A wall through (0, 0, 600) whose right side is further away."""
    slope = np.tan(np.radians(angle_deg))
    return np.repeat(600 / (1 - slope * COLUMNS[None, :]), SIDE, 0).astype(np.float32)


@pytest.mark.parametrize("radius_mm", [80.0, 150.0])
def test_a_ball_bends_by_one_over_its_radius(radius_mm):
    found = mean_curvature_per_m(sphere(radius_mm, 600 + radius_mm), PINHOLE)
    assert np.median(found[INNER]) == pytest.approx(1000 / radius_mm, rel=0.01)
    np.testing.assert_allclose(found[INNER], 1000 / radius_mm, rtol=0.15)


def test_the_inside_of_a_ball_bends_the_other_way():
    found = mean_curvature_per_m(sphere(100, 500, hollow=True), PINHOLE)
    assert np.median(found[INNER]) == pytest.approx(-10, rel=0.01)


def test_a_pipe_bends_half_as_much_as_a_ball():
    found = mean_curvature_per_m(cylinder(80, 680), PINHOLE)
    assert np.median(found[INNER]) == pytest.approx(0.5 * 1000 / 80, rel=0.01)


def test_a_plane_does_not_bend_however_it_stands():
    found = mean_curvature_per_m(tilted(40), PINHOLE)
    assert np.abs(found[INNER]).max() < 0.3


def test_a_hole_leaves_its_nine_pixels_without_curvature():
    depth = sphere(100, 700)
    depth[64, 64] = np.nan
    found = mean_curvature_per_m(depth, PINHOLE)
    assert np.isnan(found[63:66, 63:66]).all()
    assert np.isnan(found[60:69, 60:69]).sum() == 9
    assert np.isnan(found[0]).all()


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 60.0])
def test_light_from_the_camera_falls_off_with_the_cosine_of_the_tilt(angle_deg):
    found = shaded(normals(tilted(angle_deg), PINHOLE), (0, 0, -2.0))
    np.testing.assert_allclose(found[INNER], np.cos(np.radians(angle_deg)), atol=0.01)


def test_light_moves_and_the_side_turned_away_is_black():
    surface = normals(tilted(45), PINHOLE)  # faces the camera and the right
    np.testing.assert_allclose(shaded(surface, (1, 0, -1))[INNER], 1, atol=0.01)
    np.testing.assert_allclose(shaded(surface, (-1, 0, -1))[INNER], 0, atol=0.01)
    assert (shaded(surface, (-1, 0, -0.2))[INNER] == 0).all()


def test_no_normal_is_no_light():
    assert np.isnan(shaded(np.full((2, 2, 3), np.nan, np.float32), (0, 0, -1))).all()


@pytest.mark.parametrize("sd_mm", [0.5, 3.0])
def test_noise_is_found_where_it_is(sd_mm):
    rng = np.random.default_rng(1)
    depth = tilted(20)
    depth[:, 64:] += rng.normal(0, sd_mm, (SIDE, 64)).astype(np.float32)
    found = local_noise_mm(depth)
    assert np.median(found[10:-10, 74:-10]) == pytest.approx(sd_mm, rel=0.05)
    assert np.median(found[10:-10, 10:54]) < 0.05
    assert np.median(found[10:-10, 74:-10]) == pytest.approx(noise_mm(depth[:, 64:]), rel=0.1)


def test_noise_is_not_told_where_little_can_be_compared():
    depth = np.full((40, 40), np.nan, np.float32)
    depth[20, 20] = 600
    assert np.isnan(local_noise_mm(depth)).all()
    depth[10:30, 10:30] = 600
    found = local_noise_mm(depth)
    assert found[20, 20] == 0
    assert np.isnan(found[5, 5])


def test_a_profile_through_a_slope_is_the_slope():
    depth = np.tile(np.arange(100, 100 + SIDE, dtype=np.float32), (SIDE, 1))
    middle_of_first, middle_of_last = 0.5 / SIDE, (SIDE - 0.5) / SIDE
    found = profile_mm(depth, (middle_of_first, 0.5), (middle_of_last, 0.5), 255)
    np.testing.assert_allclose(found, np.linspace(100, 99 + SIDE, 255), atol=1e-3)
    np.testing.assert_allclose(profile_mm(depth, (0.5, 0.1), (0.5, 0.9), 9), 100 + SIDE / 2 - 0.5, atol=1e-3)


def test_a_profile_is_open_where_nothing_was_read_and_stays_inside():
    depth = np.full((8, 8), 600, np.float32)
    depth[:, 4] = np.nan
    found = profile_mm(depth, (-0.5, 0.5), (1.5, 0.5), 33)
    assert np.isnan(found).any()
    assert found[0] == found[-1] == 600
