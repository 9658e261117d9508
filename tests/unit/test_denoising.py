"""Denoised faces stand in their frame's own pixels, and nothing else changes."""

import json

import numpy as np

from depthface_app.core.crop import crop_face
from depthface_app.core.face import DenoisedFace, FaceLocation, HeadPose
from depthface_app.core.normals import normals
from depthface_app.pipeline.denoising import PANE_HEIGHT_PX, compose, denoise_frame, panes_picture
from tests.fake_models import FakeDenoiser, FakeLocator
from tests.fakes import fake_frame


def face(frame, nose_mm, shift_mm=0.0):
    """A face that the denoiser moved `shift_mm` away."""
    crop = crop_face(frame.depth_float(), frame.intrinsics, nose_mm)
    depth = crop.depth_mm + np.float32(shift_mm)
    x, y = frame.intrinsics.project(np.array(nose_mm))
    location = FaceLocation(nose_mm, (x, y), HeadPose(1, 2, 3), 0.9, (0, 0, 9, 9))
    return location, DenoisedFace(crop, depth, normals(depth, crop.intrinsics))


def test_only_the_masked_pixels_change_and_they_are_the_denoised_depth():
    frame = fake_frame()
    done = compose(frame, [face(frame, (0.0, 0.0, 612.0), shift_mm=5.0)])
    raw = frame.depth_mm.astype(np.float32)
    assert done.face_mask.sum() > 500
    np.testing.assert_array_equal(done.depth_mm[~done.face_mask], raw[~done.face_mask])
    difference = (done.depth_mm - raw)[done.face_mask]
    assert abs(np.median(difference) - 5) < 0.2
    assert done.depth_mm.dtype == np.float32


def test_normals_are_unit_vectors_that_face_the_camera():
    frame = fake_frame()
    done = compose(frame, [face(frame, (0.0, 0.0, 612.0))])
    known = ~np.isnan(done.normals[..., 2])
    assert known[done.face_mask].all()
    np.testing.assert_allclose(np.linalg.norm(done.normals[known], axis=-1), 1, atol=1e-5)
    points = frame.intrinsics.back_project(done.depth_mm)[known]
    assert (np.einsum("nc,nc->n", points, done.normals[known]) < 1e-3).all()


def test_the_nearer_of_two_faces_is_in_front():
    frame = fake_frame()
    near, far = face(frame, (0.0, 0.0, 612.0), 1.0), face(frame, (0.0, 0.0, 650.0), 40.0)
    for order in ((near, far), (far, near)):
        done = compose(frame, order)
        assert done.faces[0].nose_mm[2] == 612.0
        assert np.median((done.depth_mm - frame.depth_mm)[done.face_mask]) < 2


def test_a_frame_without_a_face_stays_as_it_is():
    frame = fake_frame()
    done = compose(frame, [])
    assert not done.face_mask.any()
    np.testing.assert_array_equal(done.depth_mm, frame.depth_mm)
    assert json.loads(done.faces_json()) == []
    assert panes_picture(done).shape[0] > PANE_HEIGHT_PX


def test_the_whole_way_with_networks():
    done = denoise_frame(fake_frame(), FakeLocator(), FakeDenoiser())
    (described,) = json.loads(done.faces_json())
    assert described["nose_mm"][2] == 610
    assert len(described["nose_mm"]) == 3


def test_the_picture_has_four_panes_and_a_scale():
    done = denoise_frame(fake_frame(), FakeLocator(), FakeDenoiser())
    picture = panes_picture(done)
    assert picture.dtype == np.uint8
    assert picture.shape[1] > 4 * 200
