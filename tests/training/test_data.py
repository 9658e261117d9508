"""Simulated faces: the same seed gives the same pair, and the truth lies where the crop says."""

import numpy as np
import pytest

from depthface_app.core.canonical import canonical_face
from depthface_app.core.depth import from_range
from depthface_app.core.face import HeadPose
from depthface_app.core.sensors import SENSORS
from training.codes import ShapeCode
from training.denoised import stand_in
from training.faces.shape import Appearance, place
from training.mean_face import mean_face
from training.pairs import (
    DISTANCES_MM,
    HELD_OUT_SENSOR,
    LARGEST_SCENE_PX,
    PHASES,
    TRAINED_SENSORS,
    Scene,
    View,
    make_pair,
    observed_crop,
    sample_view,
    scene_intrinsics,
    truth,
)
from training.recognise import FaceData
from training.seeds import TEST_IDENTITIES, TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator


def neutral(faces):
    return Appearance(np.zeros(len(faces.ex_basis), np.float32))


def test_held_out_sensor_is_never_trained_on():
    assert HELD_OUT_SENSOR not in TRAINED_SENSORS
    assert {*TRAINED_SENSORS, HELD_OUT_SENSOR} == set(SENSORS) == set(DISTANCES_MM)
    seen = {sample_view(generator(k)).sensor.name for k in range(200)}
    assert seen == set(TRAINED_SENSORS)


def test_people_of_training_validation_and_test_never_meet():
    assert TRAIN_IDENTITIES.stop <= VALIDATION_IDENTITIES.start < VALIDATION_IDENTITIES.stop <= TEST_IDENTITIES.start


def test_same_seed_same_pair(faces):
    def pair(seed):
        rng = generator(seed)
        return make_pair(faces, faces.sample_identity(generator(3)), rng, sample_view(rng))

    a, b, other = pair(5), pair(5), pair(6)
    np.testing.assert_array_equal(a.crop.depth_mm, b.crop.depth_mm)
    np.testing.assert_array_equal(a.target, b.target)
    assert not np.array_equal(a.target, other.target)


def test_truth_is_the_surface_at_the_crops_own_pixels(faces):
    """Without noise, what the sensor's pixels give and what is rendered at the crop's pixels agree."""
    view = View(SENSORS["truedepth"], HeadPose(10, 5, 0), (20.0, -10.0, 420.0))
    vertices = faces.vertices(faces.sample_identity(generator(1)), neutral(faces))
    scene = Scene(faces, vertices, view, generator(2))
    crop = observed_crop(scene, view, generator(3), nose_error_mm=0.0)
    value, surface = truth(scene, crop)
    both = (surface > 0) & ~np.isnan(crop.depth_mm)
    error = (crop.depth_mm - from_range(value, crop.nose_mm[2]))[both]
    assert both.mean() > 0.3
    assert abs(np.median(error)) < 0.15


def test_phase_moves_the_question_and_not_the_surface(faces):
    view = View(SENSORS["d415"], HeadPose(0, 0, 0), (0.0, 0.0, 600.0))
    vertices = faces.vertices(faces.sample_identity(generator(1)), neutral(faces))
    scene = Scene(faces, vertices, view, generator(2))
    crop = observed_crop(scene, view, generator(3), nose_error_mm=0.0)
    (at, surface), (right, _), (left, _) = (truth(scene, crop, phase) for phase in ((0, 0), (0.25, 0), (-0.25, 0)))
    inner = np.zeros_like(surface, bool)
    inner[40:90, 40:90] = True
    slope = np.gradient(at, axis=1)
    assert np.abs((right - left) - 0.5 * slope)[inner].max() < 0.004
    assert np.abs(slope[inner]).max() > 0.01
    assert PHASES[0] == (0.0, 0.0)


def test_near_faces_are_seen_in_a_smaller_mode():
    view = View(SENSORS["d415"], HeadPose(0, 0, 0), (0.0, 0.0, 350.0))
    assert scene_intrinsics(view).width <= LARGEST_SCENE_PX


def test_neutral_points_are_those_of_the_whole_mesh(faces):
    identity = faces.sample_identity(generator(4))
    chosen = np.array([3, 100, 700])
    whole = faces.vertices(identity, neutral(faces))[chosen]
    np.testing.assert_allclose(faces.neutral_points(identity, chosen), whole, atol=1e-3)


@pytest.mark.parametrize("turned", [HeadPose(0, 0, 0), HeadPose(25, 0, 0), HeadPose(-20, 12, 8)])
def test_registration_finds_the_pose_from_a_wrong_guess(faces, turned):
    mean = mean_face(faces)
    view = View(SENSORS["truedepth"], turned, (0.0, 0.0, 500.0))
    scene = Scene(faces, faces.mean, view, generator(2))
    crop, _ = stand_in(scene, view, generator(3))
    value, surface = truth(scene, crop)
    depth = np.where(surface > 0, from_range(value, crop.nose_mm[2]), np.float32(np.nan))
    guess = HeadPose(turned.yaw_deg + 6, turned.pitch_deg - 5, turned.roll_deg + 4)
    face = canonical_face(depth, crop.intrinsics, crop.nose_mm, guess, mean)
    wrong = np.degrees(np.arccos(np.clip((np.trace(face.rotation @ turned.matrix().T) - 1) / 2, -1, 1)))
    assert wrong < 1.5
    assert face.residual_mm < 0.5
    same = (face.valid[0] > 0) & ~np.isnan(mean.depth_mm)
    assert np.median(np.abs(face.depth[0] * 100 - mean.depth_mm)[same]) < 0.5


def test_two_looks_at_one_person_share_their_shape_code(faces):
    shape = ShapeCode(faces)
    data = FaceData(faces, mean_face(faces), shape, stand_in, seed=1, length=6, people=0)
    first, second, stranger = data[0], data[1], data[2]
    np.testing.assert_array_equal(first["shape"], second["shape"])
    assert not np.array_equal(first["depth"], second["depth"])
    assert np.abs(first["shape"] - stranger["shape"]).max() > 0.1


def test_place_puts_the_nose_where_asked(faces):
    head = place(faces.mean, faces.nose_tip, HeadPose(30, 10, 5), (12.0, -7.0, 650.0))
    np.testing.assert_allclose(head[faces.nose_tip], (12.0, -7.0, 650.0), atol=1e-3)
    assert head[:, 2].min() > 560
