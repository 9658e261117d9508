"""Methods that look back: the temporal mean and the vendor's own blocks, on walls whose answer is known."""

import sys
from dataclasses import replace

import numpy as np
import pyrealsense2 as rs
import pytest

from depthface_app.cameras.realsense.blocks import HOLES, SPATIAL, TEMPORAL, Blocks
from depthface_app.core.crop import crop_face
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Intrinsics
from depthface_app.core.software_device import UNIT_MM, SoftwareDevice, depth_of
from depthface_app.pipeline.methods import fixed_methods
from depthface_app.pipeline.temporal import MEAN_OF, TemporalMean, VendorBlocks, moved, steps

PINHOLE = Intrinsics(320, 240, 380.0, 380.0, 159.5, 119.5)
WALL_MM = 600.0
NOISE_MM = 2.0


def crop(number=0, nose_mm=(0.0, 0.0, WALL_MM), hole=False, step_mm=0.0):
    """A wall, with a step on the right half if wanted."""
    rng = np.random.default_rng(number)
    depth = (WALL_MM + rng.normal(0, NOISE_MM, (240, 320))).astype(np.float32)
    depth[:, 160:] += step_mm
    if hole:
        depth[116:122, 140:146] = np.nan
    return crop_face(depth, PINHOLE, nose_mm)


def inner(face):
    return face.depth_mm[12:-12, 12:-12]


def test_a_mean_of_n_has_noise_smaller_by_the_root_of_n():
    method = TemporalMean()
    noise = [np.nanstd(inner(method.denoise(crop(number)))) for number in range(MEAN_OF + 3)]
    for count in (1, 2, 4, MEAN_OF):
        assert noise[count - 1] == pytest.approx(noise[0] / np.sqrt(count), rel=0.06)
    assert noise[-1] == pytest.approx(noise[MEAN_OF - 1], rel=0.05)


def test_the_same_crop_again_is_not_counted_twice():
    method, now = TemporalMean(), crop()
    first = method.denoise(now).depth_mm
    np.testing.assert_array_equal(method.denoise(now).depth_mm, first)
    assert np.nanstd(inner(method.denoise(crop(1)))) < 0.75 * np.nanstd(first)


@pytest.mark.parametrize("make", [TemporalMean, lambda: VendorBlocks(TEMPORAL)])
def test_a_face_that_moved_on_is_begun_anew(make):
    method = make()
    for number in range(4):
        method.denoise(crop(number))
    after = method.denoise(crop(9, nose_mm=(30.0, 0.0, WALL_MM))).depth_mm
    alone = make().denoise(crop(9, nose_mm=(30.0, 0.0, WALL_MM))).depth_mm
    np.testing.assert_array_equal(after, alone)


@pytest.mark.parametrize("make", [TemporalMean, lambda: VendorBlocks(TEMPORAL)])
def test_crops_are_laid_over_each_other_however_the_nose_was_found(make):
    """A step in the scene stays sharp although the window moves by up to three pixels."""
    noses = [(x, y, WALL_MM) for x, y in ((0, 0), (4.0, 0), (2.0, -3.0), (4.5, 2.0), (1.5, 1.5))]
    method, still = make(), make()
    for number, nose_mm in enumerate(noses):
        last = method.denoise(crop(number, nose_mm, step_mm=15.0))
        calm = still.denoise(crop(number, noses[-1], step_mm=15.0))
    apart = np.abs(last.depth_mm - calm.depth_mm)[12:-12, 12:-12]
    assert np.nanpercentile(apart, 90) < 2 * NOISE_MM
    columns = [np.nanmedian(np.diff(inner(each), axis=1), axis=0).argmax() for each in (last, calm)]
    assert abs(columns[0] - columns[1]) <= 1


def test_steps_bring_the_same_point_to_the_same_pixel():
    one, other = crop(nose_mm=(0.0, 0.0, WALL_MM)), crop(nose_mm=(5.0, -3.0, WALL_MM))
    right, down = steps(one, other)
    point = np.array((2.0, 1.0, WALL_MM))
    here, there = one.intrinsics.project(point), other.intrinsics.project(point)
    assert abs(here[0] + right - there[0]) <= 0.5
    assert abs(here[1] + down - there[1]) <= 0.5


def test_moving_brings_in_nothing():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    out = moved(picture, 1, -1)
    np.testing.assert_array_equal(out[:2, 1:], picture[1:, :3])
    assert np.isnan(out[2]).all()
    assert np.isnan(out[:, 0]).all()
    assert np.isnan(moved(picture, 9, 0)).all()


def test_a_hole_that_half_of_the_frames_can_see_is_filled_by_the_mean():
    method = TemporalMean()
    assert np.isnan(inner(method.denoise(crop(0, hole=True)))).any()
    assert not np.isnan(inner(method.denoise(crop(1)))).any()


def test_the_vendors_blocks_are_the_vendors_own():
    """What our device and the SDK's filter, called by hand, make of the same pictures."""
    block = rs.temporal_filter()
    block.set_option(rs.option.filter_smooth_delta, 20 / UNIT_MM)
    device, ours = SoftwareDevice(rs, 128), Blocks(TEMPORAL)
    for number in range(4):
        picture = crop(number).depth_mm
        np.testing.assert_array_equal(ours(picture), depth_of(block.process(device.frame(picture))))


def test_spatial_and_temporal_take_noise_away_and_holes_are_filled_inside_the_face_only():
    raw, methods = crop(0, hole=True), fixed_methods()
    spatial = methods["realsense-spatial"].denoise(raw)
    assert np.nanstd(inner(spatial)) < 0.8 * np.nanstd(inner(fixed_methods()["raw"].denoise(raw)))
    for number in range(6):
        temporal = methods["realsense-temporal"].denoise(crop(number))
    assert np.nanstd(inner(temporal)) < 0.7 * NOISE_MM
    assert np.isnan(spatial.depth_mm[64 - 8 : 64 + 8, 44:64]).any()
    everything = methods["realsense"].denoise(raw)
    assert not np.isnan(everything.depth_mm[64 - 8 : 64 + 8, 44:64]).any()
    empty_corner = replace(raw, depth_mm=np.where(np.arange(128)[:, None] < 8, np.float32(np.nan), raw.depth_mm))
    assert np.isnan(VendorBlocks(SPATIAL, HOLES).denoise(empty_corner).depth_mm[:4]).all()


def test_a_missing_sdk_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(CameraError, match="install pyrealsense2"):
        VendorBlocks(SPATIAL).denoise(crop())
