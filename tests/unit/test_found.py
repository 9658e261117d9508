"""Source addresses: each names one camera, and every mistake in one gets its own sentence."""

import sys
from pathlib import Path

import pytest

from depthface_app.cameras import found
from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.found import find_cameras, open_source
from depthface_app.cameras.isolated import IsolatedCamera
from depthface_app.cameras.realsense import RealSenseCamera
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionWriter
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.errors import CameraError
from tests.fakes import fake_frame
from tests.orbbec_bags import write_bag


@pytest.fixture
def session(tmp_path: Path) -> Path:
    writer = SessionWriter(tmp_path / "what? a session.dat", CameraInfo("fake:", "Fake"))
    writer.add(fake_frame(0, (24, 32)))
    writer.finish()
    return writer.path


@pytest.mark.parametrize(
    ("source", "camera"),
    [
        ("simulated:", SimulatedCamera),
        ("simulated:?sensor=kinect2&people=3&seed=7", SimulatedCamera),
        ("recording:nowhere.mcap", RecordingCamera),
        ("recording:nowhere.mcap?loop=1", RecordingCamera),
        ("realsense:", RealSenseCamera),
        ("realsense:036522070660", RealSenseCamera),
        ("realsense:nowhere.bag", IsolatedCamera),
        ("realsense:nowhere.db3?loop=1", IsolatedCamera),
        ("kinect1:", IsolatedCamera),
        ("kinect1:A00362913456047A?tilt=-5&infrared=1", IsolatedCamera),
        ("kinect2:", IsolatedCamera),
        ("azure:0", IsolatedCamera),
        ("azure:1?mode=wide", IsolatedCamera),
        ("orbbec:", IsolatedCamera),
        ("orbbec:CL8F253004G", IsolatedCamera),
        ("orbbec:nowhere.bag", IsolatedCamera),
    ],
)
def test_every_promised_address_names_its_camera(source: str, camera: type) -> None:
    opened = open_source(source)
    assert type(opened) is camera
    assert opened.info.source.partition("?")[0] == source.partition("?")[0]


def test_a_file_is_recognised_by_its_content(session: Path, tmp_path: Path) -> None:
    for source in (str(session), f"recording:{session}", f"{session}?loop=1"):
        camera = open_source(source)
        assert isinstance(camera, RecordingCamera)
        camera.open()
        assert len(camera) == 1
        camera.close()
    for start in (b"#ROSBAG V2.0\n", b"SQLite format 3\0"):
        (tmp_path / "clip").write_bytes(start + bytes(100))
        for source in (str(tmp_path / "clip"), f"recording:{tmp_path / 'clip'}", f"realsense:{tmp_path / 'clip'}"):
            assert isinstance(open_source(source), IsolatedCamera)


def test_a_bag_is_given_to_the_vendor_whose_it_is(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "clip", [fake_frame(0, (24, 32))])
    for source in (str(bag), f"recording:{bag}"):
        assert open_source(source).info.source == f"orbbec:{bag}"


def test_home_folder_is_understood(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(session.parent))
    monkeypatch.setenv("USERPROFILE", str(session.parent))
    camera = open_source(f"recording:~/{session.name}")
    camera.open()
    camera.close()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("kinect1:0?zoom=2", "kinect1: has no parameter 'zoom'; it knows tilt, infrared"),
        ("kinect2:ABC", "opens the first camera only; write kinect2:"),
        ("kinect2:?tilt=2", "kinect2: has no parameter 'tilt'; it knows none"),
        ("azure:first", "Azure Kinects are numbered: azure:0 is the first"),
        ("azure:0?mode=long", "mode must be one of narrow-binned, narrow, wide-binned, wide"),
        ("orbbec:X?fps=5", "orbbec: has no parameter 'fps'; it knows none"),
        ("webcam:0", "no kind of source webcam:"),
        ("nonsense", "no source and no file nonsense"),
        ("", "no source and no file"),
        ("C:nowhere.mcap", "no source and no file C:nowhere.mcap"),
        ("recording:", "needs the name of a file"),
        ("recording:x.mcap?pace=2", "recording: has no parameter 'pace'; it knows loop, realtime, paused, frame"),
        ("recording:x.mcap?frame=-1", "frame must be a whole number from 0"),
        ("recording:x.mcap?loop=perhaps", "loop must be 1 or 0"),
        ("realsense:?people=2", "realsense: has no parameter 'people'; it knows preset, json"),
        ("simulated:?cats=2", "cats"),
        ("simulated:bob", "has no name"),
    ],
)
def test_every_mistake_gets_its_sentence(source: str, sentence: str) -> None:
    with pytest.raises(CameraError, match=sentence):
        open_source(source)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(CameraError, match="is no recording"):
        open_source(str(tmp_path / "a.txt"))


def test_unpaced_sources_deliver_every_frame_at_once(session: Path) -> None:
    assert open_source(f"recording:{session}", paced=False)._realtime is False
    assert open_source(f"recording:{session}?realtime=1", paced=False)._realtime is True
    assert "realtime=0" in open_source("simulated:", paced=False).info.source


def test_find_cameras_offers_the_simulated_sensors_and_names_a_missing_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    reports = {report.backend: report for report in find_cameras()}
    assert reports["simulated"].problem == ""
    assert "simulated:?sensor=truedepth" in [camera.source for camera in reports["simulated"].cameras]
    assert reports["realsense"].cameras == ()
    assert "install pyrealsense2" in reports["realsense"].problem


def test_a_broken_back_end_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(_: object) -> tuple[CameraInfo, ...]:
        raise OSError("the library is of another machine")

    monkeypatch.setattr(found, "find_realsense", burst)
    reports = find_cameras()
    assert reports[0].cameras
    assert reports[1].problem == "The realsense back-end failed: the library is of another machine."


def test_every_family_is_listed_with_what_it_was_really_run_with() -> None:
    reports = find_cameras()
    assert [report.backend for report in reports] == list(found.EXERCISED)
    assert all(report.exercised for report in reports)
    assert set(found.CAMERAS) == {*found.EXERCISED, "recording"}


def test_a_back_end_that_fails_in_an_unforeseen_way_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> tuple[CameraInfo, ...]:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setitem(found.ISOLATED, "azure", (found.azure, fail))
    reports = {report.backend: report for report in find_cameras()}
    assert reports["azure"].problem == "The azure back-end failed: by nobody."
    assert len(reports) == len(found.EXERCISED)
