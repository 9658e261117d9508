"""The locator: its two pictures of a frame, the steps between its networks, and its files."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.assets import asset
from depthface_app.core.errors import ModelError
from depthface_app.core.finding import HEAT_WEIGHT, Candidate, FindingRules, distinct, find_faces, head_box, location
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.locating import look_at, look_input, look_rotation, overview, overview_input
from depthface_app.inference.locator import ALIGNER_FILE, Locator

KINECT = Intrinsics(640, 480, 577.3, 577.3, 319.5, 239.5)
WIDE = Intrinsics(848, 480, 424.0, 424.0, 423.5, 239.5)


def plane(pinhole: Intrinsics, normal: tuple[float, float, float], distance_mm: float) -> np.ndarray:
    """Depth of the plane normal · P = distance."""
    columns, rows = pinhole.rays()
    return (distance_mm / (normal[0] * columns[None] + normal[1] * rows[:, None] + normal[2])).astype(np.float32)


def test_overview_has_one_focal_length_for_every_sensor_and_keeps_the_depth() -> None:
    for pinhole in (KINECT, WIDE):
        small = overview(np.full((pinhole.height, pinhole.width), 800.0, np.float32), pinhole)
        assert small.intrinsics.fx == pytest.approx(120, rel=0.01)
        assert small.depth_mm.shape[0] % 16 == 0
        assert small.depth_mm.shape[1] % 16 == 0
        assert np.nanmax(np.abs(small.depth_mm - 800)) < 0.01


def test_overview_averages_readings_only() -> None:
    depth = np.full((480, 640), 700.0, np.float32)
    depth[:, ::2] = 0
    depth[:100] = 5000
    small = overview(depth, KINECT)
    assert np.isnan(small.depth_mm[:20]).all()
    assert np.nanmax(np.abs(small.depth_mm - 700)) < 0.01


def test_overview_shows_a_point_where_its_pinhole_says() -> None:
    depth = np.full((480, 640), 900.0, np.float32)
    depth[300:340, 500:540] = 600
    small = overview(depth, KINECT)
    rows, columns = np.nonzero(small.depth_mm < 620)
    middle = small.intrinsics.back_project(small.depth_mm)[rows, columns].mean(0)
    expected = 600 * np.array(((519.5 - KINECT.cx) / KINECT.fx, (319.5 - KINECT.cy) / KINECT.fy, 1))
    assert np.abs(middle - expected).max() < 4


def test_overview_input_is_zero_without_readings() -> None:
    depth = np.full((32, 32), 1000, np.float32)
    depth[:, 16:] = np.nan
    given = overview_input(depth, Intrinsics(32, 32, 120, 120, 16, 16))
    assert given.shape == (6, 32, 32)
    assert not given[:, :, 17:].any()
    assert given[5, :, :15].all()
    assert np.allclose(given[4, :, :14], -1)


def test_looking_at_a_point_puts_it_on_the_axis() -> None:
    point = np.array((300.0, -120.0, 700.0))
    rotation = look_rotation(point)
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert np.allclose(rotation.T @ point, (0, 0, np.linalg.norm(point)))


@pytest.mark.parametrize("point", [(0.0, 0.0, 500.0), (420.0, 150.0, 600.0), (-900.0, 200.0, 1100.0)])
def test_a_turned_look_sees_a_plane_as_the_turned_plane(point: tuple[float, float, float]) -> None:
    centre, tilt = np.array(point), np.array((0.2, -0.3, 1.0))
    depth = plane(WIDE, tuple(tilt), float(tilt @ centre))
    seen = look_at(depth, WIDE, centre)
    turned = seen.rotation.T @ tilt
    expected = plane(seen.intrinsics, tuple(turned), float(tilt @ centre))
    known = ~np.isnan(seen.depth_mm)
    assert known.mean() > 0.5
    assert np.abs(seen.depth_mm - expected)[known].max() < 1.0
    assert seen.depth_mm[31, 31] == pytest.approx(seen.distance_mm, abs=3)


def test_a_look_leaves_out_what_is_far_behind_and_what_is_outside_the_picture() -> None:
    depth = np.full((480, 640), 900.0, np.float32)
    assert np.isnan(look_at(depth, KINECT, np.array((0.0, 0.0, 500.0))).depth_mm).all()
    assert np.isnan(look_at(depth, KINECT, np.array((2000.0, 0.0, 900.0))).depth_mm).all()
    assert not look_input(look_at(depth, KINECT, np.array((0.0, 0.0, 500.0)))).any()


def test_a_point_behind_the_camera_cannot_be_looked_at() -> None:
    with pytest.raises(ValueError, match="in front"):
        look_at(np.ones((480, 640), np.float32), KINECT, np.array((0.0, 0.0, -1.0)))


def scout_at(row: int, column: int, metres: float):
    """A scout that sees a nose in the middle of one cell."""

    def look_over(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heat = np.zeros((1, 1, small.shape[2] // 4, small.shape[3] // 4), np.float32)
        heat[0, 0, row, column] = 0.9
        place = np.zeros((1, 3, *heat.shape[2:]), np.float32)
        place[:, 2] = metres
        return heat, place

    return look_over


def aligner_towards(nose_mm: np.ndarray, score: float = 0.9):
    """An aligner that always moves by 10 mm away from the camera and sees an upright head."""

    def look_closely(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = len(windows)
        return np.full(n, score), np.tile(nose_mm, (n, 1)), np.tile(np.eye(3), (n, 1, 1))

    return look_closely


def weighed(score: float, heat: float) -> float:
    odds = score / (1 - score) * (heat / (1 - heat)) ** HEAT_WEIGHT
    return odds / (1 + odds)


def test_a_peak_is_looked_at_twice_and_placed_in_millimetres() -> None:
    depth = np.full((480, 640), 800.0, np.float32)
    aligner = aligner_towards(np.array((0.0, 0.0, 10.0)))
    (face,) = find_faces(depth, KINECT, scout_at(12, 16, 0.8), aligner, FindingRules())
    small = overview(depth, KINECT).intrinsics
    start = 800 * np.array(((65.5 - small.cx) / small.fx, (49.5 - small.cy) / small.fy, 1))
    assert face.distance_mm == pytest.approx(np.linalg.norm(start) + 20)
    assert face.nose_px == pytest.approx(tuple(KINECT.project(start)), abs=1e-6)
    assert face.score == pytest.approx(weighed(0.9, 0.9))


@pytest.mark.parametrize(("score", "metres"), [(0.15, 0.8), (0.01, 0.8), (0.9, 1.9), (0.9, 0.15)])
def test_unsure_or_too_far_or_too_near_is_no_face(score: float, metres: float) -> None:
    depth = np.full((480, 640), 1000 * metres, np.float32)
    aligner = aligner_towards(np.zeros(3), score)
    assert find_faces(depth, KINECT, scout_at(12, 16, metres), aligner, FindingRules()) == ()


def test_where_readings_and_network_disagree_both_depths_are_looked_at() -> None:
    depth = np.full((480, 640), 700.0, np.float32)
    faces = find_faces(depth, KINECT, scout_at(12, 16, 0.95), aligner_towards(np.zeros(3)), FindingRules())
    assert sorted(round(face.nose_mm[2]) for face in faces) == [700, 950]


def test_a_face_is_as_sure_as_the_overview_and_the_second_look_together() -> None:
    scores = iter((0.1, 0.7))

    def look_closely(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = len(windows)
        return np.full(n, next(scores)), np.zeros((n, 3)), np.tile(np.eye(3), (n, 1, 1))

    depth = np.full((480, 640), 800.0, np.float32)
    (face,) = find_faces(depth, KINECT, scout_at(12, 16, 0.8), look_closely, FindingRules())
    assert face.score == pytest.approx(weighed(0.7, 0.9))


def test_an_empty_picture_has_no_face() -> None:
    def nothing(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shape = (small.shape[2] // 4, small.shape[3] // 4)
        return np.zeros((1, 1, *shape), np.float32), np.zeros((1, 3, *shape), np.float32)

    aligner = aligner_towards(np.zeros(3))
    assert find_faces(np.zeros((480, 640), np.float32), KINECT, nothing, aligner, FindingRules()) == ()


def test_two_answers_for_one_place_become_the_surer_one() -> None:
    def at(x: float, score: float) -> Candidate:
        return Candidate(np.array((x, 0.0, 700.0)), 0.5, score, np.eye(3))

    kept = distinct([at(0, 0.7), at(60, 0.9), at(250, 0.8)], 120)
    assert [c.score for c in kept] == [0.9, 0.8]


def test_the_box_holds_a_head_of_ordinary_size() -> None:
    left, top, right, bottom = head_box(np.array((0.0, 0.0, 600.0)), np.eye(3), KINECT)
    assert right - left == pytest.approx(164 * 577.3 / 685, rel=0.05)
    assert bottom - top == pytest.approx(236 * 577.3 / 685, rel=0.05)
    face = location(Candidate(np.array((50.0, 0.0, 600.0)), 0.5, 0.8, np.eye(3)), KINECT)
    assert face.box_px[0] < face.nose_px[0] < face.box_px[2]
    assert (face.pose.yaw_deg, face.pose.pitch_deg, face.pose.roll_deg) == pytest.approx((0, 0, 0))


@pytest.fixture(scope="module")
def shipped() -> Locator:
    """The shipped files."""
    return Locator.open(asset("models/locator.onnx"))


def test_shipped_files_say_what_they_are(shipped: Locator) -> None:
    assert shipped.card.kind == "locator"
    assert shipped.aligner_card.kind == "aligner"
    assert 0 < shipped.aligner_card.number("output", "accept") < 1
    assert shipped.provider.endswith("ExecutionProvider")


@pytest.mark.parametrize("shape", [(480, 640), (424, 512), (720, 1280), (60, 80)])
def test_shipped_files_find_nobody_before_a_wall_or_without_readings(shipped: Locator, shape: tuple[int, int]) -> None:
    pinhole = Intrinsics(shape[1], shape[0], shape[1] * 0.9, shape[1] * 0.9, shape[1] / 2 - 0.5, shape[0] / 2 - 0.5)
    for depth in (np.zeros(shape, np.uint16), np.full(shape, 900, np.uint16)):
        assert shipped.locate(Frame(depth, pinhole, 0.0)) == ()


@pytest.mark.parametrize("sensor", ["kinect2", "d435"])
def test_shipped_files_find_the_people_of_the_simulated_camera(shipped: Locator, sensor: str) -> None:
    camera = SimulatedCamera.from_address({"sensor": sensor, "people": "2", "seed": "1"})
    camera.open()
    camera.start(StreamRequest())
    errors_mm = []
    for number in range(0, 200, 20):
        found = shipped.locate(camera.frame(number))
        people = camera.people_at(number)
        assert len(found) <= len(people)
        for person in people:
            away = [float(np.linalg.norm(np.subtract(face.nose_mm, person.nose_mm))) for face in found]
            errors_mm.append(min(away, default=np.inf))
            near = found[int(np.argmin(away))]
            assert abs(near.pose.yaw_deg - person.pose.yaw_deg) < 20
            assert near.box_px[0] < near.nose_px[0] < near.box_px[2]
    camera.close()
    assert np.median(errors_mm) < 6
    assert max(errors_mm) < 20


def test_a_face_is_found_again_by_one_look_where_it_was_and_nobody_is_where_it_went_from(shipped: Locator) -> None:
    camera = SimulatedCamera.from_address({"sensor": "d435", "people": "1", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest(640, 480))
    before = shipped.locate(camera.frame(0))
    for number in range(1, 4):
        frame = camera.frame(number)
        (again,), (known,) = shipped.follow(frame, before), shipped.locate(frame)
        assert np.linalg.norm(np.subtract(again.nose_mm, known.nose_mm)) < 4
        assert again.score > 0.5
        before = (again,)
    camera.close()
    assert shipped.follow(frame, ()) == ()
    empty = Frame(np.full(frame.depth_mm.shape, 2500, np.uint16), frame.intrinsics, 0.0)
    assert shipped.follow(empty, before) == ()


def test_a_ball_of_the_size_of_a_head_is_no_face(shipped: Locator) -> None:
    columns, rows = KINECT.rays()
    slope = columns[None] ** 2 + rows[:, None] ** 2 + 1
    inside = 700.0**2 - slope * (700.0**2 - 95.0**2)
    depth = np.where(inside > 0, (700 - np.sqrt(np.maximum(inside, 0))) / slope, 1500).astype(np.float32)
    assert shipped.locate(Frame(depth, KINECT, 0.0)) == ()


def test_a_missing_aligner_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "locator.onnx").write_bytes(asset("models/locator.onnx").read_bytes())
    with pytest.raises(ModelError, match=ALIGNER_FILE):
        Locator.open(tmp_path / "locator.onnx")


def test_a_network_for_another_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / ALIGNER_FILE).write_bytes(asset(f"models/{ALIGNER_FILE}").read_bytes())
    model = onnx.load(asset("models/locator.onnx"))
    entry = next(entry for entry in model.metadata_props if entry.key == "depthface.card")
    card = json.loads(entry.value)
    card["input"]["focal_px"] = 90
    entry.value = json.dumps(card)
    onnx.save(model, tmp_path / "locator.onnx")
    with pytest.raises(ModelError, match="focal_px"):
        Locator.open(tmp_path / "locator.onnx")
