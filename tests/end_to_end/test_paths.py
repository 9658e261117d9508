"""One simulated scene through every way into the program: the same people, and depth apart only by its rounding."""

import json
from pathlib import Path

import numpy as np
import pytest

from depthface_app.build import build_models, camera_maker
from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.dumps import frames_of_dump
from depthface_app.cameras.kinect1 import kinect1
from depthface_app.cameras.kinect1.geometry import Calibration
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionWriter
from depthface_app.cli import main
from depthface_app.core.errors import EndOfStream
from depthface_app.core.face import Result
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Models, recognise
from tests.kinect_dumps import plug_in, simulated_frames, write_dump
from tests.realsense_scenes import write_scene

PATIENCE_S = 30.0
FRAMES = 4


@pytest.fixture(scope="module")
def models() -> Models:
    return build_models(Settings(threads=1))


@pytest.fixture(scope="module")
def gallery(models: Models) -> Gallery:
    """Two people, each enrolled with one picture by another sensor at another distance."""
    known = []
    for name in ("Ada", "Ben"):
        (frame,) = taken(camera_maker(Settings(), f"simulated:?sensor=d415&cast={name}&pose=0,0,0&distance=650")(), 1)
        (face,) = recognise(frame, models, Gallery.empty(models.recogniser.card.identity))[0].faces
        known.append((name, face.embedding[None]))
    return Gallery.of(models.recogniser.card.identity, known)


@pytest.fixture(scope="module")
def scene() -> list[Frame]:
    return simulated_frames(FRAMES, "cast=Ada&distance=700&pose=8,0,0")


def taken(camera, most: int | None = None) -> list[Frame]:
    camera.open()
    camera.start(StreamRequest())
    frames: list[Frame] = []
    try:
        while most is None or len(frames) < most:
            frame = camera.read(PATIENCE_S)
            assert frame is not None
            frames.append(frame)
    except EndOfStream:
        pass
    finally:
        camera.close()
    return frames


def names(frames: list[Frame], models: Models, gallery: Gallery) -> list[list[str | None]]:
    def people(result: Result) -> list[str | None]:
        return [face.match.name for face in result.faces]

    return [people(recognise(frame, models, gallery)[0]) for frame in frames]


def session_of(scene: list[Frame], path: Path) -> list[Frame]:
    writer = SessionWriter(path, CameraInfo("simulated:", "Simulated"))
    for frame in scene:
        writer.add(frame)
    writer.finish()
    return taken(RecordingCamera(path, realtime=False))


def realsense_of(scene: list[Frame], path: Path) -> list[Frame]:
    return taken(camera_maker(Settings(), str(write_scene(path, scene)), paced=False)())


def apart_mm(frames: list[Frame], scene: list[Frame]) -> np.ndarray:
    """(N, H, W) mm between the scene and what came through; where one has a reading, the other must have one."""
    pairs = list(zip(frames, scene, strict=True))
    for through, seen in pairs:
        np.testing.assert_array_equal(through.depth_mm > 0, seen.depth_mm > 0)
    return np.array([np.abs(through.depth_mm.astype(np.float32) - seen.depth_mm) for through, seen in pairs])


def test_every_path_names_the_same_person_and_rounds_as_its_format_does(
    scene, models, gallery, tmp_path, monkeypatch
) -> None:
    direct = names(scene, models, gallery)
    assert direct == [["Ada"]] * FRAMES

    container = session_of(scene, tmp_path / "a.mcap")
    assert apart_mm(container, scene).max() == 0
    assert names(container, models, gallery) == direct

    realsense = realsense_of(scene, tmp_path / "a.db3")
    assert apart_mm(realsense, scene).max() <= 0.5  # whole millimetres
    assert names(realsense, models, gallery) == direct

    dump = write_dump(tmp_path / "dump", scene)
    plug_in(dump, monkeypatch)
    for frames in (list(frames_of_dump(dump)), taken(kinect1("", {}))):
        pairs = list(zip(frames, scene, strict=True))
        assert max(off_by_steps(*pair) for pair in pairs) <= 0.51  # of the 11-bit disparity
        assert names(frames, models, gallery) == direct


def off_by_steps(through: Frame, seen: Frame) -> float:
    """Largest difference in steps of the Kinect's disparity, which grow with the square of the distance."""
    known, calibration = (seen.depth_mm > 0) & (through.depth_mm > 0), Calibration()
    depth_mm = seen.depth_mm[known].astype(np.float64)
    step_mm = depth_mm**2 * calibration.pixel_cm / (4 * 10 * calibration.reference_cm * calibration.emitter_cm)
    return float((np.abs(through.depth_mm[known] - depth_mm) / step_mm).max())


def test_a_recording_with_results_is_replayed_bit_by_bit(tmp_path, capsys) -> None:
    path = tmp_path / "a.mcap"
    source = "simulated:?realtime=0&people=2&sensor=d415"
    assert main(["--threads", "1", "record", "-s", source, "-o", str(path), "--frames", "3", "--processed"]) == 0
    capsys.readouterr()
    reports = []
    for _ in range(3):
        assert main(["replay", str(path), "--json"]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert len({report["sha256"] for report in reports}) == 1
    assert reports[0]["faces"] >= 5
    assert (reports[0]["compared"], reports[0]["equal"]) == (3, 3)
    assert reports[0]["is_promised"]
