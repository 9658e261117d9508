"""The pinhole and the frame, against numbers worked by hand."""

import numpy as np
import pytest

from depthface_app.core.frame import Frame, Intrinsics

# 4 × 3 pixels, 2 px per unit of x/z, principal point between the columns 1 and 2.
PINHOLE = Intrinsics(width=4, height=3, fx=2.0, fy=4.0, cx=1.5, cy=1.0)


def frame(**changes) -> Frame:
    values = {"depth_mm": np.full((3, 4), 700, np.uint16), "intrinsics": PINHOLE, "captured_s": 12.5}
    return Frame(**{**values, **changes})


def test_project_by_hand():
    # 2·100/800 + 1.5 = 1.75 and 4·(−200)/800 + 1 = 0
    np.testing.assert_allclose(PINHOLE.project(np.array([100.0, -200.0, 800.0])), [1.75, 0.0])


def test_project_keeps_leading_dimensions():
    points = np.ones((5, 2, 3))
    assert PINHOLE.project(points).shape == (5, 2, 2)


def test_rays_by_hand():
    columns, rows = PINHOLE.rays()
    np.testing.assert_allclose(columns, [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(rows, [-0.25, 0.0, 0.25])
    assert columns.dtype == rows.dtype == np.float32


def test_back_project_by_hand():
    depth = np.full((3, 4), 400, np.uint16)
    points = PINHOLE.back_project(depth)
    np.testing.assert_allclose(points[2, 3], [300, 100, 400])
    np.testing.assert_allclose(points[0, 0], [-300, -100, 400])
    assert points.dtype == np.float32


def test_back_project_keeps_missing_readings_missing():
    depth = np.array([[np.nan, 0, 400, 400]] * 3, np.float32)
    points = PINHOLE.back_project(depth)
    assert np.isnan(points[0, 0]).all()
    np.testing.assert_array_equal(points[0, 1], [0, 0, 0])


def test_project_undoes_back_project():
    depth = np.random.default_rng(1).uniform(300, 1600, (3, 4)).astype(np.float32)
    pixels = PINHOLE.project(PINHOLE.back_project(depth))
    columns, rows = np.meshgrid(np.arange(4), np.arange(3))
    np.testing.assert_allclose(pixels, np.dstack((columns, rows)), atol=1e-5)


def test_resampled_sees_the_same_point_at_the_moved_pixel():
    # Cut at (1, 1), enlarged twice: pixel (2, 0) of the cut shows pixel (1 + 2/2, 1 + 0/2) = (2, 1).
    cut = PINHOLE.resampled(left=1, top=1, scale=2, width=6, height=4)
    assert (cut.width, cut.height, cut.fx, cut.fy, cut.cx, cut.cy) == (6, 4, 4.0, 8.0, 1.0, 0.0)
    point = np.array([0.25 * 500, 0.0, 500.0])
    np.testing.assert_allclose(PINHOLE.project(point), [2.0, 1.0])
    np.testing.assert_allclose(cut.project(point), [2.0, 0.0])


def test_a_frame_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"depth map is \(4, 3\), intrinsics say \(3, 4\)"):
        frame(depth_mm=np.zeros((4, 3), np.uint16))


@pytest.mark.parametrize("name", ["depth_mm", "colour", "infrared", "truth_mm"])
def test_no_stage_can_write_into_a_frame(name):
    full = frame(
        colour=np.zeros((3, 4, 3), np.uint8), infrared=np.zeros((3, 4), np.uint8), truth_mm=np.zeros((3, 4), np.float32)
    )
    with pytest.raises(ValueError, match="read-only"):
        getattr(full, name)[0, 0] = 1


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_depth_float_turns_no_reading_into_nan(kind):
    depth = np.array([[0, 500, 600, 700]] * 3, kind)
    np.testing.assert_array_equal(frame(depth_mm=depth).depth_float()[0], [np.nan, 500, 600, 700])
    assert depth[0, 0] == 0


def test_depth_float_counts_nan_and_negative_depth_as_no_reading():
    depth = np.array([[np.nan, -1, 600, 700]] * 3, np.float32)
    np.testing.assert_array_equal(frame(depth_mm=depth).depth_float()[0], [np.nan, np.nan, 600, 700])


def test_at_moves_only_the_moment():
    first = frame(number=7)
    later = first.at(20.0)
    assert (later.captured_s, later.number) == (20.0, 7)
    assert later.depth_mm is first.depth_mm
    assert first.captured_s == 12.5
