"""Methods behind one signature: raw, filters and the true surface."""

import numpy as np
import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.filters import bilateral, filled
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.normals import normals
from depthface_app.pipeline.maps import CURVATURE, DEPTH, DIFFERENCE, MAPS, NOISE, NORMALS, RELIEF, map_of, surface_of
from depthface_app.pipeline.methods import FIXED_METHODS, is_raw, true_face
from tests.fake_models import FakeDenoiser

PINHOLE = Intrinsics(160, 120, 200.0, 200.0, 79.5, 59.5)
NOSE = (0.0, 0.0, 600.0)
LIGHT = (0.3, 0.0, -1.0)


def frame(truth=True):
    rng = np.random.default_rng(5)
    clean = np.full((120, 160), 620, np.float32)
    depth = clean + rng.normal(0, 2, clean.shape).astype(np.float32)
    depth[50:60, 70:80] = 0
    return Frame(depth, PINHOLE, 0.0, truth_mm=clean if truth else None)


@pytest.fixture
def crop():
    seen = frame()
    return crop_face(seen.depth_float(), PINHOLE, NOSE)


def test_raw_is_the_crop_itself_and_known_by_it(crop):
    face = FIXED_METHODS["raw"].denoise(crop)
    assert face.depth_mm is crop.depth_mm
    assert is_raw(face)
    assert not is_raw(FakeDenoiser().denoise(crop))


@pytest.mark.parametrize("name", ["bilateral", "median", "tv", "nlm"])
def test_a_filter_smooths_and_leaves_the_gaps(crop, name):
    face = FIXED_METHODS[name].denoise(crop)
    np.testing.assert_array_equal(np.isnan(face.depth_mm), np.isnan(crop.depth_mm))
    assert np.isnan(crop.depth_mm).any()
    assert np.nanstd(face.depth_mm) < 0.5 * np.nanstd(crop.depth_mm)
    assert not is_raw(face)


def test_the_bilateral_method_is_the_filter_that_evaluation_judges(crop):
    there = ~np.isnan(crop.depth_mm)
    face = FIXED_METHODS["bilateral"].denoise(crop)
    np.testing.assert_array_equal(face.depth_mm[there], bilateral(filled(crop.depth_mm), 2.5, 30.0)[there])


def test_a_crop_without_a_reading_stays_empty(crop):
    empty = type(crop)(np.full((128, 128), np.nan, np.float32), crop.intrinsics, NOSE, crop.window_mm)
    assert np.isnan(FIXED_METHODS["median"].denoise(empty).depth_mm).all()


def test_the_truth_is_known_of_simulated_frames_only(crop):
    assert true_face(frame(truth=False), crop) is None
    depth = true_face(frame(), crop).depth_mm
    np.testing.assert_allclose(depth[~np.isnan(depth)], 620, atol=1e-3)


def test_maps_are_those_of_core_and_cover_the_same_window(crop):
    raw, smooth = (FIXED_METHODS[name].denoise(crop) for name in ("raw", "bilateral"))
    for name in MAPS:
        found = map_of(name, smooth, raw, LIGHT, fine=False)
        assert found.shape[:2] == (128, 128)
    np.testing.assert_array_equal(map_of(DIFFERENCE, smooth, raw, LIGHT, fine=False), smooth.depth_mm - crop.depth_mm)
    assert map_of(DIFFERENCE, smooth, None, LIGHT, fine=False) is None
    assert np.nanmedian(map_of(NOISE, smooth, raw, LIGHT, False)) < np.nanmedian(map_of(NOISE, raw, raw, LIGHT, False))


def test_a_finer_surface_shows_the_same_points(crop):
    face = FakeDenoiser().denoise(crop, fine=True)
    fine = surface_of(face, fine=True)
    coarse = surface_of(face, fine=False)
    assert fine.depth_mm.shape == (256, 256)
    points = fine.intrinsics.back_project(np.full((256, 256), 600, np.float32))
    means = points.reshape(128, 2, 128, 2, 3).mean((1, 3))
    np.testing.assert_allclose(means, coarse.intrinsics.back_project(np.full((128, 128), 600, np.float32)), atol=2e-3)
    for name in (DEPTH, NORMALS, RELIEF, CURVATURE):
        assert map_of(name, face, None, LIGHT, fine=True).shape[:2] == (256, 256)
    np.testing.assert_array_equal(map_of(NORMALS, face, None, LIGHT, False), normals(face.depth_mm, crop.intrinsics))
