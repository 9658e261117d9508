"""Every sensor family against the published figures, on planes and steps whose truth is known."""

import numpy as np
import pytest

from depthface_app.core.frame import Intrinsics
from depthface_app.core.sensors import SENSORS, Sensor, observe, vary

# family: (distance mm, sigma in mm that the literature gives for a plane facing the sensor at that distance)
FLAT = {
    "kinect1": (700, 1.37),
    "kinect2": (700, 1.30),
    "d415": (700, 0.71),
    "d435": (700, 1.85),
    "truedepth": (300, 0.16),
}
# family: (distance mm, slope in degrees, sigma in mm)
SLANTED = {
    "kinect1": (700, 60, 1.2 + 1.9 * 0.3**2 + 0.1 * 4 / 0.7**0.5),
    "kinect2": (700, 60, 1.3 + 0.1 * 0.7**1.5 * 4),
    "truedepth": (300, 68, 1.3),
}


def pinhole(sensor: Sensor, width: int = 200, height: int = 200) -> Intrinsics:
    return Intrinsics(width, height, sensor.fx, sensor.fy, (width - 1) / 2, (height - 1) / 2)


def plane(intrinsics: Intrinsics, distance_mm: float, slope_deg: float = 0.0) -> np.ndarray:
    """A plane through (0, 0, distance) whose right side leans away from the camera."""
    columns, _ = intrinsics.rays()
    depth = distance_mm / (1 - np.tan(np.radians(slope_deg)) * columns)
    return np.tile(depth.astype(np.float32), (intrinsics.height, 1))


def step(intrinsics: Intrinsics) -> np.ndarray:
    """A near square in the middle of a far wall."""
    clean = np.full((intrinsics.height, intrinsics.width), 1200, np.float32)
    clean[60:140, 60:140] = 700
    return clean


def residual(sensor: Sensor, distance_mm: float, slope_deg: float = 0.0) -> np.ndarray:
    """Noise on a narrow plane (so that distance and slope hardly change), less the mean of every column."""
    intrinsics = pinhole(sensor, width=41, height=1200)
    clean = plane(intrinsics, distance_mm, slope_deg)
    error = observe(clean, intrinsics, sensor, np.random.default_rng(3)) - clean
    return error - np.nanmean(error, axis=0)


def lag1(error: np.ndarray) -> float:
    error = error - np.nanmean(error)
    return float(np.nanmean(error[1:] * error[:-1]) / np.nanvar(error))


@pytest.mark.parametrize("name", FLAT)
def test_noise_on_a_plane_is_what_the_literature_says(name):
    distance_mm, sigma_mm = FLAT[name]
    assert np.nanstd(residual(SENSORS[name], distance_mm)) == pytest.approx(sigma_mm, rel=0.15)


@pytest.mark.parametrize("name", SLANTED)
def test_noise_grows_with_slope_as_the_literature_says(name):
    distance_mm, slope_deg, sigma_mm = SLANTED[name]
    assert np.nanstd(residual(SENSORS[name], distance_mm, slope_deg)[:, 15:26]) == pytest.approx(sigma_mm, rel=0.2)


def test_truedepth_is_flat_below_20_degrees_and_grows_with_distance():
    sensor = SENSORS["truedepth"]
    assert np.nanstd(residual(sensor, 300, 19)) == pytest.approx(0.16, rel=0.2)
    assert 0.16 < np.nanstd(residual(sensor, 380)) < 0.27


@pytest.mark.parametrize("name", ["d415", "d435"])
def test_stereo_noise_grows_with_the_square_of_distance_and_falls_with_focal_length(name):
    sensor = SENSORS[name]
    near, far = np.nanstd(residual(sensor, 700)), np.nanstd(residual(sensor, 1400))
    assert far / near == pytest.approx(4, rel=0.15)
    clean = np.full((400, 400), 700, np.float32)
    coarse = Intrinsics(400, 400, sensor.fx / 2, sensor.fy / 2, 199.5, 199.5)
    halved = np.nanstd(observe(clean, coarse, sensor, np.random.default_rng(1)))
    assert halved / near == pytest.approx(2, rel=0.15)


def test_truedepth_noise_is_correlated_as_measured():
    assert lag1(residual(SENSORS["truedepth"], 350)) == pytest.approx(0.37, abs=0.05)


def test_active_stereo_error_is_smooth_and_time_of_flight_is_not():
    assert lag1(residual(SENSORS["d435"], 700)) > 0.6
    assert lag1(residual(SENSORS["kinect2"], 700)) < 0.3


@pytest.mark.parametrize(("name", "step_mm"), [("truedepth", 0.125), ("kinect2", 1.0), ("d415", 1.0)])
def test_depth_comes_in_steps(name, step_mm):
    sensor = SENSORS[name]
    read = observe(plane(pinhole(sensor), 700), pinhole(sensor), sensor, np.random.default_rng(0))
    counts = read[np.isfinite(read)] / step_mm
    np.testing.assert_array_equal(counts, np.rint(counts))


def test_kinect1_counts_eighths_of_disparity():
    sensor = SENSORS["kinect1"]
    read = observe(plane(pinhole(sensor), 700), pinhole(sensor), sensor, np.random.default_rng(0))
    eighths = 8 * sensor.fx * 75 / read[np.isfinite(read)]
    np.testing.assert_allclose(eighths, np.rint(eighths), atol=1e-3)
    levels = np.unique(read[np.isfinite(read)])
    assert np.median(np.diff(levels)) == pytest.approx(1.41, abs=0.05)


@pytest.mark.parametrize(
    ("name", "side"), [("kinect1", "left"), ("d415", "left"), ("d435", "left"), ("truedepth", "right")]
)
def test_shadow_falls_on_the_side_away_from_the_second_eye(name, side):
    sensor = SENSORS[name]
    intrinsics = pinhole(sensor)
    read = observe(step(intrinsics), intrinsics, sensor, np.random.default_rng(5))
    width_px = abs(sensor.fx * sensor.baseline_mm * (1 / 700 - 1 / 1200))
    reach = int(min(width_px, 60)) - 5
    left, right = np.isnan(read[65:135, 58 - reach : 57]).mean(), np.isnan(read[65:135, 143 : 142 + reach]).mean()
    shadow, lit = (left, right) if side == "left" else (right, left)
    assert shadow > 0.9
    assert lit < 0.25


def test_time_of_flight_has_no_shadow_but_a_rim_that_is_mostly_lost():
    sensor = SENSORS["kinect2"]
    intrinsics = pinhole(sensor)
    read = observe(step(intrinsics), intrinsics, sensor, np.random.default_rng(5))
    assert np.isnan(read[65:135, 40:55]).mean() < 0.05
    rim = read[65:135, 59:61]
    assert 0.6 < np.isnan(rim).mean() < 0.98
    flying = rim[np.isfinite(rim)]
    assert ((flying > 720) & (flying < 1180)).mean() > 0.5


@pytest.mark.parametrize("name", SENSORS)
def test_planes_are_nearly_complete_and_far_or_empty_places_are_holes(name):
    sensor = SENSORS[name]
    intrinsics = pinhole(sensor)
    rng = np.random.default_rng(9)
    assert np.isfinite(observe(plane(intrinsics, 700), intrinsics, sensor, rng)).mean() > 0.995
    assert np.isnan(observe(np.full((50, 60), np.nan, np.float32), pinhole(sensor, 60, 50), sensor, rng)).all()
    assert np.isnan(observe(plane(intrinsics, sensor.max_mm * 1.2), intrinsics, sensor, rng)).all()
    assert np.isnan(observe(plane(intrinsics, sensor.min_mm * 0.8), intrinsics, sensor, rng)).all()


@pytest.mark.parametrize("name", SENSORS)
def test_nearly_grazing_surfaces_are_lost(name):
    sensor = SENSORS[name]
    intrinsics = pinhole(sensor, width=15)
    read = observe(plane(intrinsics, 700, 86), intrinsics, sensor, np.random.default_rng(2))
    assert np.isnan(read[:, 4:11]).mean() > 0.9


@pytest.mark.parametrize("name", SENSORS)
def test_the_same_generator_gives_the_same_picture_and_the_input_stays_untouched(name):
    sensor = SENSORS[name]
    intrinsics = pinhole(sensor)
    clean = step(intrinsics)
    before = clean.copy()
    first, again, other = (observe(clean, intrinsics, sensor, np.random.default_rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.nanmax(np.abs(first - other)) > 0
    np.testing.assert_array_equal(clean, before)
    assert first.dtype == np.float32


@pytest.mark.parametrize("name", ["kinect1", "d415"])
def test_a_window_of_a_picture_loses_the_same_band_as_the_whole(name):
    """The invalid band at the left of a stereo picture follows the principal point, not the window."""
    sensor = SENSORS[name]
    full = sensor.intrinsics()
    band_px = int(sensor.fx * sensor.baseline_mm / 700)
    window = full.resampled(0, 200, 1.0, 160, 160)
    read = observe(np.full((160, 160), 700, np.float32), window, sensor, np.random.default_rng(0))
    lost = np.isnan(read[:, : band_px - 4]).mean()
    assert (lost == 1.0) == (sensor.kind == "active stereo")
    assert np.isnan(read[:, band_px + 4 :]).mean() < 0.05


def test_pictures_larger_than_the_bank_of_noise_are_filled():
    sensor = SENSORS["kinect2"]
    intrinsics = pinhole(sensor, width=1700, height=60)
    read = observe(np.full((60, 1700), 700, np.float32), intrinsics, sensor, np.random.default_rng(0))
    assert np.nanstd(read) == pytest.approx(1.3, rel=0.15)


def test_units_of_a_family_differ_in_noise_within_its_bounds():
    rng = np.random.default_rng(11)
    units = [vary(SENSORS["d435"], rng) for _ in range(200)]
    gains = np.array([unit.noise_gain for unit in units])
    assert 0.6 <= gains.min() < 0.7 < 1.5 < gains.max() <= 1.6
    assert {unit.step_mm for unit in units} == {0.1, 1.0}
    assert len({unit.correlation_px for unit in units}) == 3
    noisy, quiet = units[int(gains.argmax())], units[int(gains.argmin())]
    assert np.nanstd(residual(noisy, 900)) > 1.8 * np.nanstd(residual(quiet, 900))
