"""Orbbec cameras through the vendor's SDK: recordings that the tests write, and what it says when nothing is there."""

import multiprocessing
import sys
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.orbbec import find_orbbec, orbbec
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame
from tests.damaged import damaged_file, outcome
from tests.fakes import fake_frame
from tests.orbbec_bags import SERIAL, require_sdk, write_bag

COUNT = 12


@pytest.fixture(autouse=True)
def with_sdk() -> None:
    require_sdk()


@pytest.fixture(scope="module")
def made() -> list[Frame]:
    return [fake_frame(number, (288, 320)) for number in range(COUNT)]


@pytest.fixture(scope="module")
def bag(made: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp("orbbec") / "a.bag", made)


def all_frames(file: Path) -> list[Frame]:
    camera = orbbec(str(file), {})
    camera.open()
    camera.start(StreamRequest())
    frames = []
    try:
        while True:
            frame = camera.read(5)
            if frame is not None:
                frames.append(frame)
    except EndOfStream:
        return frames
    finally:
        camera.close()


def test_what_the_sdk_plays_is_what_was_recorded(bag: Path, made: list[Frame]):
    frames = all_frames(bag)
    assert len(frames) > COUNT / 3  # a busy machine may miss some
    for frame in frames:
        expected = made[frame.number]
        np.testing.assert_array_equal(frame.depth_mm, expected.depth_mm)
        np.testing.assert_array_equal(frame.infrared, expected.infrared)
        read = frame.depth_mm > 0  # colour is moved by the SDK to where depth is
        np.testing.assert_array_equal(frame.colour[read], expected.colour[read])
        assert frame.intrinsics == expected.intrinsics
        assert (frame.serial, frame.is_live) == (SERIAL, False)


def test_the_camera_it_was_recorded_with_is_named(bag: Path):
    camera = orbbec(str(bag), {})
    camera.open()
    assert (camera.info.name, camera.info.serial) == ("a.bag", SERIAL)
    assert camera.info.detail == "recorded with Orbbec Femto Bolt"
    assert camera.info.settings["firmware_version"] == "1.1.2"
    assert camera.info.settings["recommended_firmware_version"] == "1.1.3"
    assert camera.info.settings["sdk"].startswith("pyorbbecsdk2 2.1.2, Orbbec SDK")
    camera.close()


def test_without_a_camera_the_sdk_says_so():
    assert find_orbbec() == ()
    with pytest.raises(CameraError, match="No Orbbec camera is connected"):
        orbbec("", {}).open()


def test_the_sdk_leaves_no_log_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    find_orbbec()
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is no Orbbec recording"), (b"#ROSBAG V2.0\n", "a.bag"), (b"hello" * 99, "is no Orbbec recording")],
)
def test_a_file_that_is_no_recording_is_one_sentence(content: bytes, sentence: str, tmp_path: Path):
    (tmp_path / "a.bag").write_bytes(content)
    with pytest.raises(CameraError, match=sentence) as caught:
        orbbec(str(tmp_path / "a.bag"), {}).open()
    assert "\n" not in str(caught.value)


def test_a_recording_that_crashes_the_sdk_is_one_sentence(tmp_path: Path, made: list[Frame]):
    file = write_bag(tmp_path / "a.bag", made[:2], without=("/cam/deviceInfo",))
    with pytest.raises(CameraError, match="the process of its library crashed .SIG"):
        orbbec(str(file), {}).open()


def test_a_recording_without_depth_is_refused(tmp_path: Path, made: list[Frame]):
    file = write_bag(tmp_path / "a.bag", made[:2], without=("/cam/streamProfileType_3", "/cam/sensor_3/frameType_3"))
    camera = orbbec(str(file), {})
    camera.open()
    with pytest.raises(CameraError, match="has no depth mode any.* it offers none"):
        camera.start(StreamRequest())
    camera.close()


@pytest.mark.parametrize("seed", range(4))
def test_damaged_recordings_end_in_a_sentence(bag: Path, tmp_path: Path, seed: int):
    file, _ = damaged_file(bag, tmp_path, seed)
    how, _ = outcome(orbbec(str(file), {}))
    assert how
    assert multiprocessing.active_children() == []


def test_a_missing_recording_and_a_missing_sdk_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CameraError, match="nowhere.bag does not exist"):
        orbbec(str(tmp_path / "nowhere.bag"), {}).open()
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "pyorbbecsdk", raising=False)
    with pytest.raises(CameraError, match="pip install --no-deps pyorbbecsdk2==2.1.2"):
        find_orbbec()
