"""The figures of an inspection, on a scene whose noise and truth are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from depthface_app.core.face import DenoisedFace
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.normals import normals
from depthface_app.pipeline.inspection import Region, inspect_frame, summary
from depthface_app.pipeline.stages import Models
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser

HEIGHT, WIDTH = 240, 320
PINHOLE = Intrinsics(WIDTH, HEIGHT, 400.0, 400.0, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)
WALL_MM = 900
NOISE_MM = 2.0
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)


def truth():
    """A bulge 80 mm deep before a wall."""
    away_px = np.hypot(ROWS - PINHOLE.cy, COLUMNS - PINHOLE.cx)
    return np.where(away_px < 60, 600 + 80 * (away_px / 60) ** 2, WALL_MM).astype(np.float32)


def noisy(number=0, sd_mm=NOISE_MM, **changes):
    rng = np.random.default_rng(number)
    depth = truth() + rng.normal(0, sd_mm, ROWS.shape).astype(np.float32)
    depth[118:122, 158:162] = 590  # the nearest reading, which the locator takes for the nose
    return Frame(depth, PINHOLE, number / 30, number, **changes)


class PerfectDenoiser(FakeDenoiser):
    """Knows the surface."""

    def denoise(self, crop, fine=False):
        rows, columns = (np.arange(128) - crop.intrinsics.cy, np.arange(128) - crop.intrinsics.cx)
        x = columns[None, :] / crop.intrinsics.fx * PINHOLE.fx
        y = rows[:, None] / crop.intrinsics.fy * PINHOLE.fy
        away_px = np.hypot(y, x)
        depth = np.where(away_px < 60, 600 + 80 * (away_px / 60) ** 2, np.nan).astype(np.float32)
        return DenoisedFace(crop, depth, normals(depth, crop.intrinsics))


@pytest.fixture
def networks():
    return Models(FakeLocator(), PerfectDenoiser(), FakeRecogniser())


def test_noise_and_error_are_those_of_the_sensor_before_and_nothing_after(networks):
    _, look = inspect_frame(noisy(0), networks)
    report, _ = inspect_frame(noisy(1), networks, look, truth())
    assert report.first["temporal_noise_mm"] == pytest.approx(NOISE_MM, rel=0.1)
    assert 0.5 * NOISE_MM < report.first["rmse_mm"] < NOISE_MM  # in the crop's pixels, which average the frame's
    assert report.first["normal_jitter_deg"] > 5
    assert report.second["temporal_noise_mm"] < 0.1
    assert report.second["normal_jitter_deg"] < 0.5
    assert report.second["rmse_mm"] < 0.3
    assert report.second["normal_angle_deg"] < report.first["normal_angle_deg"] / 3
    assert report.second["ssim"] > report.first["ssim"]
    assert report.second["spatial_noise_mm"] < 0.1 * report.first["spatial_noise_mm"]
    assert report.identity == pytest.approx(1)


def test_a_shift_is_its_own_error(networks):
    frame = noisy(sd_mm=0)
    report, _ = inspect_frame(frame, networks, reference_mm=frame.depth_mm - np.float32(3))
    assert report.first["rmse_mm"] == pytest.approx(3, abs=0.02)
    assert report.first["p95_mm"] == pytest.approx(3, abs=0.02)
    assert report.first["normal_angle_deg"] < 0.5


def test_missing_readings_lower_the_fill_rate_of_the_raw_side_alone(networks):
    frame = noisy()
    depth = frame.depth_mm.copy()
    depth[60:110] = 0
    full, _ = inspect_frame(frame, networks)
    holed, _ = inspect_frame(replace(frame, depth_mm=depth), networks)
    assert full.first["fill_rate"] == pytest.approx(1, abs=0.01)
    assert holed.first["fill_rate"] < 0.85
    assert holed.second["fill_rate"] == full.second["fill_rate"]


def test_a_nose_that_moved_leaves_no_telling_what_is_noise(networks):
    _, look = inspect_frame(noisy(0), networks)
    moved = np.roll(noisy(1).depth_mm, 12, axis=1)
    report, _ = inspect_frame(replace(noisy(1), depth_mm=moved), networks, look)
    assert "temporal_noise_mm" not in report.first


def test_a_flat_region_is_judged_with_and_without_a_face(networks):
    region = Region(4, 4, 60, 40)
    report, _ = inspect_frame(noisy(), networks, region=region)
    assert report.first["plane_rms_mm"] == pytest.approx(NOISE_MM, rel=0.1)
    empty = Frame(np.full((HEIGHT, WIDTH), 2000, np.float32), PINHOLE, 0.0)
    report, look = inspect_frame(empty, networks, region=region)
    assert look is None
    assert report.faces == 0
    assert report.second == {"plane_rms_mm": pytest.approx(0, abs=0.01), "plane_distance_mm": pytest.approx(2000)}


def test_a_summary_is_the_mean_of_what_is_known(networks):
    first, look = inspect_frame(noisy(0), networks)
    second, _ = inspect_frame(noisy(1), networks, look)
    empty = Frame(np.full((HEIGHT, WIDTH), 2000, np.float32), PINHOLE, 0.0)
    third, _ = inspect_frame(empty, networks)
    found = summary([first, second, third])
    assert (found["frames"], found["frames_with_face"]) == (3, 2)
    assert found["raw"]["temporal_noise_mm"] == second.first["temporal_noise_mm"]
    assert found["raw"]["spatial_noise_mm"] == pytest.approx(
        (first.first["spatial_noise_mm"] + second.first["spatial_noise_mm"]) / 2
    )
    assert np.isnan(found["raw"]["rmse_mm"])


def test_a_flat_region_lies_as_far_behind_the_reference_as_it_was_moved(networks):
    region = Region(4, 4, 60, 40)
    report, _ = inspect_frame(noisy(), networks, region=region, reference_mm=truth() - np.float32(5))
    assert report.first["plane_offset_mm"] == pytest.approx(5, abs=0.2)
    assert report.first["plane_distance_mm"] == pytest.approx(WALL_MM, abs=0.2)


def test_figures_over_time_do_not_cross_a_break(networks):
    _, look = inspect_frame(noisy(0), networks)
    report, _ = inspect_frame(noisy(1, segment=1), networks, look)
    assert "temporal_noise_mm" not in report.first


def test_a_window_that_moved_with_the_nose_compares_the_same_pixels(networks):
    """The crop follows the nose; a pixel's change is still taken at the pixel."""
    _, look = inspect_frame(noisy(0), networks)
    depth = noisy(1).depth_mm.copy()
    depth[118:122, 158:162] = truth()[118:122, 158:162]
    depth[119:122, 160:163] = 590  # the nose a pixel to the right
    report, later = inspect_frame(replace(noisy(1), depth_mm=depth), networks, look)
    assert later.window != look.window
    assert report.first["temporal_noise_mm"] == pytest.approx(NOISE_MM, rel=0.1)


def test_how_like_an_enrolled_person_each_side_is(networks):
    report, _ = inspect_frame(noisy(), networks, resembles=lambda embedding: float(embedding[0]) / 2)
    assert (report.first["similarity"], report.second["similarity"]) == (0.5, 0.5)
    report, _ = inspect_frame(noisy(), networks, resembles=lambda embedding: 1.0, with_identity=False)
    assert "similarity" not in report.first
    assert np.isnan(report.identity)


def nosed(sd_mm):
    """A nose with rounded sides, over lids that fall as much as they are sharp."""
    x, y = (COLUMNS - PINHOLE.cx) * 1.5, (ROWS - PINHOLE.cy) * 1.5
    lid = np.clip((y + 32) * 2 / sd_mm, 0, 4)
    return (600 + 28 * norm.cdf(np.abs(x), 14, sd_mm) + lid).astype(np.float32)


def test_edges_are_held_against_those_of_the_reference(networks):
    depth = nosed(5.0)
    depth[118:122, 158:162] = 598  # the nearest reading, which the locator takes for the nose
    report, _ = inspect_frame(Frame(depth, PINHOLE, 0.0), networks, reference_mm=nosed(3.0))
    assert report.first["nose_edge_ratio"] == pytest.approx(5 / 3, rel=0.1)
    assert report.first["eyelid_ratio"] == pytest.approx(3 / 5, rel=0.1)
