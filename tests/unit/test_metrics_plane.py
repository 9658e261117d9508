"""Planes whose scatter and place are known, and against SciPy's total least squares."""

import numpy as np
import pytest
from scipy.linalg import svd

from depthface_app.core.metrics.plane import Plane, fit_plane, offset_mm

X, Y = np.meshgrid(np.arange(80.0), np.arange(60.0))
NORMAL = np.array((0.3, -0.1, -1)) / np.linalg.norm((0.3, -0.1, 1))


def wall(noise_mm=0.0, behind_mm=0.0):
    points = np.stack((X, Y, 700 + 0.3 * X - 0.1 * Y), -1) - behind_mm * NORMAL
    return points + np.random.default_rng(1).normal(0, noise_mm or 1e-9, (60, 80, 1)) * NORMAL


def test_the_scatter_is_what_was_added():
    flat, rough = fit_plane(wall()), fit_plane(wall(1.5))
    assert flat.rms_mm == pytest.approx(0, abs=1e-5)
    assert rough.rms_mm == pytest.approx(1.5, rel=0.03)
    np.testing.assert_allclose(flat.normal, NORMAL, atol=1e-6)
    np.testing.assert_allclose(flat.middle_mm, (39.5, 29.5, 700 + 0.3 * 39.5 - 2.95))


def test_it_is_the_fit_of_a_singular_value_decomposition():
    points = wall(1.5).reshape(-1, 3)
    _, values, axes = svd(points - points.mean(0), full_matrices=False)
    found = fit_plane(points.astype(np.float32))
    assert found.rms_mm == pytest.approx(values[-1] / np.sqrt(len(points)), rel=1e-4)
    assert abs(np.dot(found.normal, axes[-1])) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("behind_mm", [-4.0, 2.5])
def test_a_wall_behind_another_is_off_by_its_distance(behind_mm):
    assert offset_mm(fit_plane(wall(0, behind_mm)), fit_plane(wall())) == pytest.approx(behind_mm, abs=1e-4)


def test_gaps_take_no_part_and_too_little_gives_no_plane():
    points = wall(1.5)
    points[::2, ::3] = np.nan
    assert isinstance(fit_plane(points), Plane)
    assert fit_plane(wall()[:1, :2]) is None
