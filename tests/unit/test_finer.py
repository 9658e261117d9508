"""The denoiser asked between the pixels: every resolution shows the same surface."""

import shutil

import numpy as np
import pytest

from depthface_app.build import denoisers, open_denoiser, open_finest_denoiser
from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.assets import asset
from depthface_app.core.crop import crop_face
from depthface_app.core.errors import ModelError
from depthface_app.core.relief import profile_mm
from depthface_app.inference.denoiser import Denoiser
from depthface_app.pipeline.maps import surface_of
from depthface_app.pipeline.settings import Settings

ONE = Settings(threads=1)


@pytest.fixture(scope="module")
def crop():
    """A simulated face, around the nearest reading."""
    camera = SimulatedCamera.from_address({"sensor": "d415", "people": "1", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest(640, 480))
    frame = camera.frame(5)
    camera.close()
    depth = frame.depth_float()
    truth = np.where(frame.truth_mm > 0, frame.truth_mm, np.inf)
    row, column = np.unravel_index(truth.argmin(), truth.shape)
    x, y, z = frame.intrinsics.back_project(frame.truth_mm)[row, column]
    return crop_face(depth, frame.intrinsics, (float(x), float(y), float(z)))


@pytest.fixture(scope="module")
def faces(crop):
    return open_denoiser(ONE).denoise(crop, fine=True), open_finest_denoiser(ONE).denoise(crop, fine=True)


def test_four_times_is_four_times_and_the_crops_own_pixels_stay_what_they_are(faces):
    twice, four = faces
    assert twice.fine_depth_mm.shape == (256, 256)
    assert four.fine_depth_mm.shape == (512, 512)
    np.testing.assert_array_equal(twice.depth_mm, four.depth_mm)


def test_a_network_says_how_sure_it_is_of_a_surface(faces):
    sure = faces[0].surface
    assert (np.isnan(faces[0].depth_mm) == (sure <= 0.5)).all()
    assert 0 <= sure.min() < 0.1 < 0.9 < sure.max() <= 1


def test_both_show_the_same_surface_at_the_same_place(faces):
    twice, four = faces
    for start, end in (((0.3, 0.5), (0.7, 0.5)), ((0.5, 0.35), (0.5, 0.75)), ((0.35, 0.4), (0.65, 0.7))):
        cuts = [profile_mm(each.fine_depth_mm, start, end, 400) for each in faces]
        assert np.nanmedian(np.abs(cuts[0] - cuts[1])) < 0.1
        assert np.nanpercentile(np.abs(cuts[0] - cuts[1]), 95) < 0.8
    middles = four.fine_depth_mm.reshape(128, 4, 128, 4)[:, 1:3, :, 1:3].mean((1, 3))
    inner = np.s_[40:100, 40:90]
    assert np.nanmedian(np.abs(middles - twice.depth_mm)[inner]) < 0.1
    assert surface_of(four, True).intrinsics.width == 512


def test_it_is_more_than_pixels_repeated(faces):
    inner = faces[1].fine_depth_mm[160:400, 160:360]
    assert (np.diff(inner, axis=1) == 0).mean() < 0.1
    assert (np.diff(inner, axis=0) == 0).mean() < 0.1


def test_a_model_without_a_twin_says_so(tmp_path, crop):
    shutil.copy(asset("models/denoiser.onnx"), tmp_path / "alone.onnx")
    alone = Denoiser.open(tmp_path / "alone.onnx", finest=True)
    assert not alone.has_fine
    with pytest.raises(ModelError, match="no finer model"):
        alone.denoise(crop, fine=True)


def test_twins_are_no_models_of_their_own():
    assert [value for _, value in denoisers() if value and value.endswith(("_2x", "_4x"))] == []
