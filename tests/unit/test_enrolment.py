"""Enrolment asks for one thing at a time and keeps only good views of one person."""

import numpy as np
import pytest

from depthface_app.core.face import FaceLocation, FaceResult, HeadPose, Result
from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, POSES, Enrolment, advance
from tests.fake_models import axis_vector
from tests.fakes import fake_frame

MIDDLES = {pose.name: HeadPose(sum(pose.yaw_deg) / 2, sum(pose.pitch_deg) / 2, 0) for pose in POSES}


FRONTAL = HeadPose(0, 0, 0)


def face(pose=FRONTAL, *, track=1, quality=0.9, hint="", who=0, z_mm=700.0, live=None):
    location = FaceLocation((0, 0, z_mm), (80, 60), pose, 0.9, (0, 0, 1, 1), track)
    return FaceResult(location, embedding=axis_vector(who), quality=quality, hint=hint, live=live)


class Stage:
    """Plays faces at ten results a second."""

    def __init__(self):
        self.enrolment, self.now_s = Enrolment(), 100.0

    def show(self, *faces, times=1):
        for _ in range(times):
            self.now_s += 0.13
            self.enrolment = advance(self.enrolment, Result(fake_frame().at(self.now_s), faces))
        return self.enrolment


@pytest.fixture
def stage():
    return Stage()


def test_a_picture_of_a_face_is_not_enrolled(stage):
    stage.show(face(live=False), times=CAPTURES_PER_POSE)
    assert stage.enrolment.progress == 0
    assert stage.enrolment.instruction == "show your own face"
    assert stage.show(face(live=True)).progress > 0


def test_all_poses_in_order_make_one_template_each(stage):
    asked = []
    for pose in POSES:
        asked.append(stage.enrolment.instruction)
        stage.show(face(MIDDLES[pose.name]), times=CAPTURES_PER_POSE)
    assert asked == [pose.instruction for pose in POSES]
    assert stage.enrolment.is_done
    assert stage.enrolment.progress == 1.0
    assert stage.enrolment.instruction == "done"
    templates = stage.enrolment.templates()
    assert len(templates) == len(POSES)
    np.testing.assert_allclose(templates[0].embedding, axis_vector(0))
    assert templates[0].quality == pytest.approx(0.9)


def test_poses_count_in_whatever_order_they_come(stage):
    for name in ("left", "front", "down"):
        stage.show(face(MIDDLES[name]), times=CAPTURES_PER_POSE)
    assert set(stage.enrolment.done_poses) == {"down", "left", "front"}
    assert stage.enrolment.instruction == "turn a little right"
    assert not stage.enrolment.is_done
    assert stage.enrolment.is_enough


def test_left_is_the_persons_own_left(stage):
    stage.show(face(HeadPose(25, 0, 0)), times=CAPTURES_PER_POSE)
    assert stage.enrolment.done_poses == ("left",)


def test_up_and_down_count_from_the_persons_own_level(stage):
    stage.show(face(HeadPose(0, -14, 0)), times=CAPTURES_PER_POSE)
    assert stage.enrolment.done_poses == ("front",)
    assert stage.enrolment.level_deg == pytest.approx(-14)
    stage.show(face(HeadPose(0, -7, 0)), times=CAPTURES_PER_POSE)
    assert stage.enrolment.done_poses == ("front", "down")
    stage.show(face(HeadPose(0, -21, 0)), times=CAPTURES_PER_POSE)
    assert stage.enrolment.done_poses == ("front", "up", "down")


def test_captures_of_one_moment_count_once(stage):
    result = Result(fake_frame().at(5.0), (face(),))
    after = advance(advance(stage.enrolment, result), result)
    assert len(after.captures[0]) == 1


def test_a_poor_view_is_not_kept_and_the_hint_is_the_instruction(stage):
    enrolment = stage.show(face(quality=0.2, hint="come closer"))
    assert enrolment.instruction == "come closer"
    assert enrolment.reason == "the view is not good enough yet"
    assert enrolment.progress == 0
    assert stage.show(face(quality=0.3)).instruction == "hold still"


def test_nobody_there_is_said(stage):
    assert stage.show().instruction == "come into the picture"
    assert stage.show().reason == "there is no face"


def test_the_nearest_face_is_the_one_enrolled_and_others_do_not_mix_in(stage):
    stage.show(face(track=7, z_mm=900, who=3), face(track=8, z_mm=600, who=0))
    assert stage.enrolment.track == 8
    stage.show(face(track=7, z_mm=500, who=3), face(track=8, z_mm=600, who=0), times=CAPTURES_PER_POSE)
    np.testing.assert_allclose(stage.enrolment.templates()[0].embedding, axis_vector(0))


def test_somebody_else_who_takes_the_place_is_not_kept(stage):
    stage.show(face(track=1, who=0), times=2)
    enrolment = stage.show(face(track=2, who=4), times=30)
    assert len(enrolment.captures[0]) == 2
    assert enrolment.reason == "another face"


def test_the_same_person_may_come_back_under_another_number(stage):
    stage.show(face(track=1), times=2)
    stage.show(times=20)
    enrolment = stage.show(face(track=2), times=3)
    assert enrolment.track == 2
    assert len(enrolment.captures[0]) == 5


def test_between_two_poses_it_waits_for_the_turn(stage):
    stage.show(face(), times=CAPTURES_PER_POSE)
    enrolment = stage.show(face(), times=3)
    assert enrolment.instruction == "turn a little left"
    assert enrolment.reason == "waiting for the turn"
    assert len(enrolment.captures[0]) == CAPTURES_PER_POSE


def test_a_done_enrolment_stays_as_it_is(stage):
    for pose in POSES:
        stage.show(face(MIDDLES[pose.name]), times=CAPTURES_PER_POSE)
    done = stage.enrolment
    assert stage.show(face(track=9, who=5)) is done
