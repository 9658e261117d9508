"""The shipped networks on the simulated camera, through the commands: what a user would do, with nothing replaced."""

import json
from pathlib import Path

import numpy as np
import pytest

from depthface_app.build import Setup as Given
from depthface_app.build import build_engine, build_models, camera_maker, enrol_demonstration, open_gallery
from depthface_app.cameras.base import StreamRequest
from depthface_app.cli import main
from depthface_app.core.frame import Frame
from depthface_app.core.normals import angle_deg, normals
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.demonstration import ENROLLED, ON_STAGE, STRANGER
from depthface_app.pipeline.denoising import denoise_frame
from depthface_app.pipeline.enrolment import Enrolment, advance
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import recognise
from depthface_app.pipeline.tracker import Tracks
from tests.onnx_files import CARD, write_model

PATIENCE_S = 60.0
SENSORS = ("kinect1", "kinect2", "d415", "d435", "truedepth")


def look(source: str, count: int = 1, every: int = 1) -> list[Frame]:
    """Frames of a simulated source, with the device's own clock."""
    camera = camera_maker(Settings(), source, paced=False)()
    camera.open()
    camera.start(StreamRequest())
    frames = [camera.read(PATIENCE_S) for _ in range(count * every)][::every]
    camera.close()
    return [frame.at(frame.device_timestamp_ms / 1000) for frame in frames]


def save(path: Path, frame: Frame) -> Path:
    pinhole = frame.intrinsics
    np.savez(path, depth_mm=frame.depth_mm, fx=pinhole.fx, fy=pinhole.fy, cx=pinhole.cx, cy=pinhole.cy)
    return path


@pytest.fixture(scope="module")
def models():
    return build_models(Settings(threads=1))


@pytest.fixture
def run(capsys):
    def call(*arguments):
        status = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


@pytest.mark.parametrize("sensor", SENSORS)
def test_denoising_brings_every_sensor_nearer_to_the_truth(models, sensor):
    (frame,) = look(f"simulated:?sensor={sensor}&cast=Grace&pose=8,0,0&distance=700")
    done = denoise_frame(frame, models.locator, models.denoiser)
    both = done.face_mask & (frame.depth_mm > 0) & (np.abs(frame.truth_mm - done.faces[0].nose_mm[2]) < 100)
    raw, truth = frame.depth_float(), frame.truth_mm.astype(np.float32)
    slopes = {
        name: np.nanmean(angle_deg(field[both], normals(truth, frame.intrinsics)[both]))
        for name, field in (("raw", normals(raw, frame.intrinsics)), ("denoised", done.normals))
    }
    assert slopes["denoised"] < 0.8 * slopes["raw"]
    assert np.median(np.abs(done.depth_mm - truth)[both]) < 1.15 * np.median(np.abs(raw - truth)[both])


def test_enrolled_people_are_named_and_a_stranger_is_not(run, tmp_path):
    for name in ("Ada", "Ben"):
        picture = save(tmp_path / f"{name}.npz", *look(f"simulated:?cast={name}&pose=0,0,0&distance=650&sensor=d435"))
        assert run("enroll", name, picture, "--json")[0] == 0
    probes = {
        name: save(
            tmp_path / f"{name}-2.npz", *look(f"simulated:?cast={name}&pose=12,-4,3&distance=800&sensor=kinect2")
        )
        for name in ("Ada", "Ben", "Mateo")
    }
    status, lines, err = run("identify", *probes.values(), "--json", "--top", 2)
    named = [line["faces"][0]["name"] for line in lines]
    assert (status, err) == (0, "")
    assert named == ["Ada", "Ben", None]
    assert all(abs(line["faces"][0]["distance_mm"] - 800) < 15 for line in lines)
    assert all(len(line["faces"][0]["candidates"]) == 2 for line in lines)


def test_denoise_command_on_an_empty_room(run, tmp_path):
    picture = save(tmp_path / "room.npz", *look("simulated:?empty=1"))
    status, lines, _ = run("denoise", picture, "-o", tmp_path / "out", "--json")
    assert status == 0
    assert lines[0]["faces"] == 0
    with np.load(tmp_path / "out" / "room.npz") as data:
        assert not data["face_mask"].any()


def test_a_model_with_the_wrong_card_is_refused_in_one_sentence(run, tmp_path):
    picture = save(tmp_path / "room.npz", *look("simulated:?empty=1"))
    wrong = write_model(tmp_path / "wrong.onnx", CARD | {"kind": "recogniser"})
    status, lines, err = run("denoise", picture, "-o", tmp_path / "out", "--model", wrong)
    assert (status, lines) == (1, [])
    assert err.count("\n") == 1
    assert "is a recogniser by its card and cannot be used as a denoiser" in err


def test_three_people_keep_their_numbers(models):
    nobody, tracks, seen = Gallery.empty(models.recogniser.card.identity), Tracks(), []
    for frame in look("simulated:?people=3&seed=4", count=8, every=3):
        result, tracks = recognise(frame, models, nobody, tracks)
        seen.append({face.location.track for face in result.faces})
    assert {1, 2, 3} <= set.union(*seen)
    assert tracks.issued <= 4


def test_a_moving_person_can_be_enrolled_from_a_stream(models):
    nobody, tracks, enrolment = Gallery.empty(models.recogniser.card.identity), Tracks(), Enrolment()
    for frame in look("simulated:?cast=Ada", count=36, every=7):
        result, tracks = recognise(frame, models, nobody, tracks)
        enrolment = advance(enrolment, result)
    assert enrolment.is_enough
    assert {"front", "left", "right"} <= set(enrolment.done_poses)


def test_the_demonstration_names_its_people_and_leaves_one_a_stranger(tmp_path):
    setup = Given(Settings(threads=1), tmp_path)
    source, steps = enrol_demonstration(setup)
    assert tuple(steps) == ENROLLED
    assert {person.name for person in open_gallery(setup).people()} == set(ENROLLED)
    engine = build_engine(Settings(source=source, threads=1), open_gallery(setup))
    engine.start()
    try:
        seen = [{face.match.name for face in engine.results.take(PATIENCE_S).faces} for _ in range(5)]
        assert engine.standing_faults == ()
    finally:
        engine.stop()
    assert seen[-1] == {*ON_STAGE, None} - {STRANGER}
