"""Head pose, location and match, against numbers worked by hand."""

import numpy as np
import pytest

from depthface_app.core.face import FaceLocation, HeadPose, Match

GAZE = np.array([0.0, 0.0, -1.0])  # out of the face of an upright frontal head, towards the camera


def test_frontal_is_the_identity():
    np.testing.assert_allclose(HeadPose(0, 0, 0).matrix(), np.eye(3), atol=1e-12)


def test_positive_yaw_turns_the_gaze_to_the_right_of_the_picture():
    # 30° around the vertical: (sin 30°, 0, −cos 30°)
    np.testing.assert_allclose(HeadPose(30, 0, 0).matrix() @ GAZE, [0.5, 0, -np.sqrt(3) / 2], atol=1e-12)


def test_positive_pitch_turns_the_gaze_down():
    np.testing.assert_allclose(HeadPose(0, 30, 0).matrix() @ GAZE, [0, 0.5, -np.sqrt(3) / 2], atol=1e-12)


def test_positive_roll_tilts_clockwise_in_the_picture():
    # The crown points up, (0, −1, 0); clockwise as seen in the picture moves it to the right.
    np.testing.assert_allclose(HeadPose(0, 0, 90).matrix() @ [0, -1, 0], [1, 0, 0], atol=1e-12)


def test_yaw_acts_after_pitch():
    # Pitch 90° sends the gaze straight down, where yaw cannot move it.
    np.testing.assert_allclose(HeadPose(40, 90, 0).matrix() @ GAZE, [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("angles", [(0, 0, 0), (60, 0, 0), (0, -30, 0), (0, 0, 170), (-45, 20, 10), (100, -80, -120)])
def test_of_matrix_undoes_matrix(angles):
    pose = HeadPose.of_matrix(HeadPose(*angles).matrix())
    np.testing.assert_allclose((pose.yaw_deg, pose.pitch_deg, pose.roll_deg), angles, atol=1e-9)


def test_of_matrix_bears_rounding_beyond_one():
    rotation = HeadPose(0, 90, 0).matrix()
    rotation[1, 2] = -1 - 1e-9
    assert HeadPose.of_matrix(rotation).pitch_deg == pytest.approx(90)


def test_distance_is_straight_to_the_nose():
    location = FaceLocation((200.0, 300.0, 600.0), (1.0, 2.0), HeadPose(0, 0, 0), 0.9, (0, 0, 4, 4))
    assert location.distance_mm == pytest.approx(700.0)  # 200² + 300² + 600² = 700²


def test_a_match_names_the_best_and_the_runner_up_even_when_unknown():
    match = Match(None, 0.5, 0.6, (("Ada", 0.5), ("Bob", 0.4)))
    assert match.best == "Ada"
    assert match.runner_up == ("Bob", 0.4)


def test_a_match_against_nobody_has_neither():
    match = Match(None, float("nan"), 0.6)
    assert match.best is None
    assert match.runner_up is None


def test_a_match_against_one_person_has_no_runner_up():
    assert Match("Ada", 0.9, 0.6, (("Ada", 0.9),)).runner_up is None
