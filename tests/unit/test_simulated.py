"""The simulated camera: the same frames for the same seed, distinct people, honest noise, clear refusals."""

import time

import numpy as np
import pytest

from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera, people_names
from depthface_app.cameras.simulation.people import People, shipped_people
from depthface_app.core.errors import CameraError, InputError
from depthface_app.core.sensors import SENSORS
from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, POSES, SHORTEST_GAP_S

SMALL = StreamRequest(width=320, height=240)


def started(request: StreamRequest = SMALL, **query: str) -> SimulatedCamera:
    camera = SimulatedCamera.from_address({"realtime": "0"} | query)
    camera.open()
    camera.start(request)
    return camera


def face_mask(camera: SimulatedCamera, number: int, person: int, radius_mm: float = 60.0) -> np.ndarray:
    """Pixels of the true surface around one person's nose."""
    frame = camera.frame(number)
    points = frame.intrinsics.back_project(frame.truth_mm)
    return np.linalg.norm(points - np.array(camera.people_at(number)[person].nose_mm), axis=-1) < radius_mm


def test_at_least_sixteen_people_with_names_and_attribution():
    names = people_names()
    assert len(names) >= 16
    assert len(set(names)) == len(names)
    assert "ICT FaceKit, MIT licence" in shipped_people().attribution


def test_nobody_is_nearly_the_same_as_somebody_else():
    people = shipped_people()
    heads = np.stack([people.person(k, 1).head.vertices_mm for k in range(len(people.names))])
    face = (heads[0][:, 2] < 70) & (np.abs(heads[0][:, 1]) < 60)
    faces = heads[:, face] - heads[:, face].mean(1, keepdims=True)
    apart = np.sqrt(((faces[:, None] - faces[None]) ** 2).sum(-1).mean(-1))
    assert apart[~np.eye(len(apart), dtype=bool)].min() > 1.0


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_frame_depends_on_the_seed_and_its_number_alone(sensor):
    one, other = started(sensor=sensor, people="2", seed="7"), started(sensor=sensor, people="2", seed="7")
    for _ in range(3):
        read = one.read(1.0)
    again = other.frame(2)
    assert read.number == again.number == 2
    np.testing.assert_array_equal(read.depth_mm, again.depth_mm)
    np.testing.assert_array_equal(read.infrared, again.infrared)
    np.testing.assert_array_equal(read.truth_mm, again.truth_mm)
    assert read.device_timestamp_ms == pytest.approx(2000 / 30)
    assert not np.array_equal(read.depth_mm, one.frame(3).depth_mm)


def test_another_seed_is_another_room_and_another_person():
    here, there = started(seed="1"), started(seed="2")
    assert here.people_at(0)[0].name != there.people_at(0)[0].name
    assert np.abs(here.frame(0).truth_mm - there.frame(0).truth_mm).max() > 100


@pytest.mark.parametrize("sensor", SENSORS)
def test_picture_size_field_of_view_and_type_are_the_sensor_s(sensor):
    camera = started(StreamRequest(), sensor=sensor)
    frame = camera.frame(0)
    expected = SENSORS[sensor]
    assert frame.depth_mm.shape == (expected.height, expected.width)
    assert frame.intrinsics.fx == pytest.approx(expected.fx)
    assert frame.depth_mm.dtype == (np.uint16 if expected.step_mm == 1.0 else np.float32)
    assert frame.infrared.dtype == np.uint8
    assert frame.colour is None
    assert np.isfinite(frame.truth_mm).all()
    assert frame.serial == camera.info.serial


def test_a_requested_size_keeps_the_field_of_view_and_cuts_what_does_not_fit():
    camera = started(StreamRequest(width=640, height=480), sensor="d435")
    pinhole = camera.frame(0).intrinsics
    assert (pinhole.width, pinhole.height) == (640, 480)
    assert pinhole.fx == pytest.approx(424, abs=1)
    halved = started(StreamRequest(width=320, height=240), sensor="kinect1").frame(0).intrinsics
    assert halved.fx == pytest.approx(SENSORS["kinect1"].fx / 2)


# family: noise in mm that the literature gives for a surface facing the sensor, at the distance of the face below
FACE_NOISE = {
    "kinect1": (700, 1.37),
    "kinect2": (700, 1.30),
    "d415": (700, 0.71),
    "d435": (700, 1.85),
    "truedepth": (350, 0.20),
}


@pytest.mark.parametrize("sensor", SENSORS)
def test_noise_on_the_gentle_parts_of_a_face_agrees_with_the_literature(sensor):
    distance_mm, sigma_mm = FACE_NOISE[sensor]
    camera = started(StreamRequest(), sensor=sensor, pose="0,0,0", cast="Hugo", distance=str(distance_mm))
    frames = [camera.frame(k) for k in range(10)]
    truth = frames[0].truth_mm
    slope = np.hypot(*np.gradient(truth)) * frames[0].intrinsics.fx / truth
    flat = face_mask(camera, 0, 0) & (slope < np.tan(np.radians(20)))
    readings = np.stack([frame.depth_float()[flat] for frame in frames])
    assert flat.sum() > 500
    assert np.isfinite(readings).mean() > 0.95
    over_time = np.sqrt(np.nanmean(np.nanvar(readings, axis=0, ddof=1)))
    assert over_time == pytest.approx(sigma_mm, rel=0.25)


@pytest.mark.parametrize("sensor", SENSORS)
def test_faces_are_mostly_read_and_holes_lie_around_people(sensor):
    camera = started(StreamRequest(), sensor=sensor, cast="Omar")
    face = face_mask(camera, 10, 0)
    depth = camera.frame(10).depth_float()
    assert np.isfinite(depth[face]).mean() > 0.9
    assert np.isnan(depth).mean() > 0.005


@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize("n_people", [1, 2, 3, 4])
def test_every_face_is_in_the_picture_in_range_and_not_hidden(sensor, n_people):
    camera = started(sensor=sensor, people=str(n_people), seed="5")
    for number in (0, 90, 200):
        frame = camera.frame(number)
        people = camera.people_at(number)
        assert len({person.name for person in people}) == n_people
        for k, person in enumerate(people):
            x, y = np.rint(frame.intrinsics.project(np.array(person.nose_mm))).astype(int)
            assert 10 < x < frame.intrinsics.width - 10
            assert 10 < y < frame.intrinsics.height - 10
            assert frame.truth_mm[y - 1 : y + 2, x - 1 : x + 2].min() == pytest.approx(person.nose_mm[2], abs=12)
            assert 350 < np.linalg.norm(person.nose_mm) < 1650
            expected_px = np.pi * (45 * frame.intrinsics.fx / person.nose_mm[2]) ** 2
            assert face_mask(camera, number, k).sum() > 0.5 * expected_px


def test_heads_move_smoothly_and_expressions_change():
    camera = started(seed="3")
    noses = np.array([camera.people_at(k)[0].nose_mm for k in range(600)])
    poses = np.array([(p.yaw_deg, p.pitch_deg, p.roll_deg) for k in range(600) for p in [camera.people_at(k)[0].pose]])
    assert np.linalg.norm(np.diff(noses, axis=0), axis=1).max() < 8
    assert np.abs(np.diff(poses, axis=0)).max() < 3
    assert np.ptp(poses[:, 0]) > 15
    assert np.ptp(poses[:, 1]) > 4
    assert np.ptp(noses[:, 2]) > 15


@pytest.mark.parametrize("n_people", [1, 4])
def test_everybody_shows_every_view_of_an_enrolment_within_fifteen_seconds(n_people):
    camera = started(seed="3", people=str(n_people))
    moments = [camera.people_at(k) for k in range(0, 900)]
    shortest_s = CAPTURES_PER_POSE * SHORTEST_GAP_S
    for person in range(n_people):
        for view in POSES:
            shown = np.array([view.holds(moment[person].pose, 0.0) for moment in moments])
            for start in range(0, 450, 30):
                assert shown[start : start + 450].sum() / 30 >= shortest_s, (view.name, start)


def test_a_fixed_pose_and_distance_are_kept_to_the_millimetre():
    camera = started(sensor="kinect1", cast="Ben", pose="20,-10,5", distance="800")
    first, later = camera.people_at(0)[0], camera.people_at(500)[0]
    assert first == later
    assert (first.pose.yaw_deg, first.pose.pitch_deg, first.pose.roll_deg) == (20, -10, 5)
    assert np.linalg.norm(first.nose_mm) == pytest.approx(800, abs=0.1)
    np.testing.assert_array_equal(camera.frame(0).truth_mm, camera.frame(500).truth_mm)
    assert not np.array_equal(camera.frame(0).depth_mm, camera.frame(500).depth_mm)


def test_positive_yaw_turns_the_face_to_the_right_of_the_picture():
    """Of a head turned to the picture's right, the left cheek comes nearer than the right one."""
    camera = started(cast="Hugo", pose="30,0,0", distance="700", sensor="kinect1")
    truth, (nose,) = camera.frame(0).truth_mm, camera.people_at(0)
    x, y = np.rint(camera.frame(0).intrinsics.project(np.array(nose.nose_mm))).astype(int)
    assert truth[y, x - 10] < truth[y, x + 10]


def test_cast_chooses_who_appears_by_name_or_number():
    names = people_names()
    assert [p.name for p in started(cast="Ada,3").people_at(0)] == ["Ada", names[3]]
    assert [p.name for p in started(cast="omar", people="1").people_at(0)] == ["Omar"]


def test_people_come_and_go_one_after_the_other():
    camera = started(cast="Ada,Ben,Chloe", change="4")
    seconds = range(13)
    assert [camera.people_at(30 * s + 60)[0].name for s in seconds][:9:4] == ["Ada", "Ben", "Chloe"]
    leaving = camera.people_at(int(30 * 3.99))[0]
    x, _ = camera.frame(0).intrinsics.project(np.array(leaving.nose_mm))
    assert not 0 < x < 320
    steps = np.diff([camera.people_at(k)[0].nose_mm[0] for k in range(90, 119)])
    assert np.abs(steps).max() < 80


def test_an_empty_room_has_no_people_but_noise():
    camera = started(empty="1")
    assert camera.people_at(0) == ()
    first, second = camera.frame(0), camera.frame(1)
    np.testing.assert_array_equal(first.truth_mm, second.truth_mm)
    assert first.truth_mm.min() > 900
    assert any(not np.array_equal(first.depth_mm, camera.frame(k).depth_mm) for k in range(1, 8))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"sensor": "d999"}, "kinect1, kinect2, d415, d435, truedepth"),
        ({"people": "0"}, "from 1 to 4"),
        ({"people": "2.5"}, "from 1 to 4"),
        ({"people": "many"}, "from 1 to 4"),
        ({"seed": "-1"}, "seed must be"),
        ({"seed": "nan"}, "seed must be"),
        ({"cast": "Ada,Zorro"}, "Ada, Ben"),
        ({"cast": "Ada,Ada"}, "different people"),
        ({"cast": ""}, "different people"),
        ({"change": "0.1"}, "from 3 to 3600 seconds"),
        ({"empty": "maybe"}, "0 or 1"),
        ({"pose": "10,20"}, "yaw,pitch,roll"),
        ({"pose": "0,95,0"}, "-89 and 89"),
        ({"distance": "20"}, "millimetres"),
        ({"realtime": "2"}, "0 or 1"),
        ({"colour": "red"}, "has no parameter 'colour'"),
    ],
)
def test_impossible_parameters_are_refused_with_what_is_possible(query, says):
    with pytest.raises(CameraError, match=says):
        SimulatedCamera.from_address(query)


@pytest.mark.parametrize(("size", "says"), [((5000, 480), "5000 × 480"), ((640, 10), "640 × 10")])
def test_impossible_sizes_are_refused(size, says):
    camera = SimulatedCamera.from_address({})
    camera.open()
    with pytest.raises(CameraError, match=says):
        camera.start(StreamRequest(*size))


def test_an_impossible_rate_is_refused():
    camera = SimulatedCamera.from_address({})
    camera.open()
    with pytest.raises(CameraError, match="1000 frames per second"):
        camera.start(StreamRequest(fps=1000))


def test_states_follow_the_contract():
    camera = SimulatedCamera.from_address({"realtime": "0"})
    assert camera.state is CameraState.CLOSED
    with pytest.raises(CameraError, match="open it first"):
        camera.start(SMALL)
    camera.open()
    assert camera.state is CameraState.CONNECTED
    with pytest.raises(CameraError, match="start it first"):
        camera.read(0.1)
    camera.start(SMALL)
    assert camera.state is CameraState.STREAMING
    assert camera.read(0.1).number == 0
    camera.stop()
    assert camera.state is CameraState.CONNECTED
    camera.close()
    camera.close()
    assert camera.state is CameraState.CLOSED


def test_in_real_time_frames_keep_the_rate_and_a_late_reader_skips():
    camera = started(realtime="1", empty="1")
    begin = time.monotonic()
    frames = [camera.read(1.0) for _ in range(7)]
    assert time.monotonic() - begin >= 0.95 * frames[-1].number / 30
    assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})
    assert frames[-1].captured_s > begin
    camera.frame(0)
    while time.monotonic() - begin < 0.5:
        camera.people_at(0)
    assert camera.read(1.0).number >= 14


def test_a_short_time_limit_ends_without_a_frame():
    camera = started(StreamRequest(width=160, height=120, fps=5), realtime="1", empty="1")
    assert camera.read(1.0).number == 0
    assert camera.read(0.001) is None
    assert camera.read(1.0) is not None


def test_a_broken_file_of_people_is_refused(tmp_path):
    broken = tmp_path / "people.npz"
    broken.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="people.npz cannot be read"):
        People.load(broken)
    with pytest.raises(InputError, match="cannot be read"):
        People.load(tmp_path / "absent.npz")
