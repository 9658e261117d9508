"""Kinect v1 through libfreenect's own interface: fakenect plays dumps of the simulated sensor to it."""

import contextlib
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.cameras.kinect1 import find_kinect1, kinect1
from depthface_app.cameras.kinect1.geometry import NO_READING, Calibration, depth_of, seen_from_depth
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame
from tests.damaged import damaged, outcome
from tests.kinect_dumps import FIRST_TICK, plug_in, raw_of, simulated_frames, write_dump

FRAMES = 12


@pytest.fixture(scope="module")
def seen() -> list[Frame]:
    return simulated_frames(FRAMES, "cast=Ada&distance=700")


@pytest.fixture(scope="module")
def dump(seen: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dump(tmp_path_factory.mktemp("kinect1") / "dump", seen, fps=30)


@pytest.fixture
def plugged(dump: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plug_in(dump, monkeypatch)
    return dump


def all_frames(target: str = "", request: StreamRequest | None = None, **parameters: str) -> list[Frame]:
    camera = kinect1(target, parameters)
    camera.open()
    camera.start(request or StreamRequest())
    frames: list[Frame] = []
    try:
        while True:
            frame = camera.read(5)
            assert frame is not None
            frames.append(frame)
    except EndOfStream:
        assert camera.state is CameraState.LOST
        return frames
    finally:
        camera.close()


def test_raw_values_become_millimetres_by_the_published_formula():
    table_mm = Calibration().millimetres()
    # by hand: at 800 the pattern is 0.375 px · 0.1042 cm short of the reference; z = 10 · 120 · 7.5 / 7.539075
    assert table_mm[800] == pytest.approx(1193.78, abs=0.01)
    # the other published one: z = 8 · 75 mm · 580 px / (1090 - raw), Konolige & Mihelich, ROS kinect_calibration
    near = np.arange(400, 1000)
    np.testing.assert_allclose(table_mm[near], 8 * 75 * 580 / (1090 - near), rtol=0.015)
    assert (np.diff(table_mm[1:1054]) > 0).all()


def test_what_counts_no_depth_is_no_reading():
    table_mm = Calibration().millimetres()
    assert table_mm[NO_READING] == 0
    assert (table_mm[1090:] == 0).all()
    assert table_mm.max() < 10000
    np.testing.assert_array_equal(depth_of(np.array([[800, 2047, 65535]], np.uint16), table_mm)[0, 1:], [0, 0])


def test_a_device_of_its_own_calibration_counts_otherwise():
    own = Calibration(emitter_cm=7.6, reference_cm=121, pixel_cm=0.105, shift=198)
    depth_mm = np.linspace(500, 3000, 100, dtype=np.float32)[None]
    read_mm = depth_of(raw_of(depth_mm, own), own.millimetres())
    np.testing.assert_allclose(read_mm, depth_mm, rtol=0.005)
    assert own.intrinsics().fx == pytest.approx(121 / 0.21)
    assert not Calibration(emitter_cm=0).is_plausible()


def test_colour_moves_to_the_pixels_of_depth():
    colour = np.zeros((480, 640, 3), np.uint8)
    colour[240, 320] = 255  # straight ahead of the colour camera
    depth_mm = np.full((480, 640), 1000, np.float32)
    depth_mm[0] = 0
    aligned = seen_from_depth(colour, depth_mm, Calibration())
    rows, columns = np.nonzero(aligned[..., 0])
    # 23 mm to the right of the infrared camera, 1 m away: 0.023 · 575.8 px
    assert set(rows) == {240}
    assert abs(columns.mean() - (320 + 13.2)) < 1
    assert not aligned[0].any()


def test_frames_arrive_as_the_sensor_saw_them(plugged: Path, seen: list[Frame]):
    frames = all_frames()
    assert len(frames) > FRAMES / 3  # a busy machine may miss some
    for frame in frames:
        made = seen[round((frame.device_timestamp_ms - FIRST_TICK / 60_000) * 30 / 1000)]
        both = (frame.depth_mm > 0) & (made.depth_mm > 0)
        np.testing.assert_array_equal(frame.depth_mm > 0, made.depth_mm > 0)
        # half a step of the disparity, and 0.3 % between the simulated sensor's constants and the usual ones
        step_mm = made.depth_mm[both] ** 2 / (8 * 75 * 577)
        assert (np.abs(frame.depth_mm - made.depth_mm)[both] <= 0.52 * step_mm + 0.003 * made.depth_mm[both]).all()
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))


def test_a_dump_is_never_called_a_live_camera(plugged: Path):
    (found,) = find_kinect1()
    assert (found.source, found.name, found.settings["sdk"]) == ("kinect1:0", "Kinect v1 dump", "fakenect")
    (frame, *_) = all_frames()
    assert not frame.is_live
    assert frame.colour is not None
    assert frame.infrared is None


def test_the_motor_is_asked_and_its_angle_noted(plugged: Path):
    camera = kinect1("0", {"tilt": "-5"})
    camera.open()
    assert camera.info.settings["tilt_asked_deg"] == "-5"
    assert float(camera.info.settings["tilt_deg"]) == 0  # fakenect knows no angle before the first picture
    assert camera.info.settings["calibration"] == "usual"
    camera.close()


def test_the_clock_goes_on_when_its_counter_starts_again(seen: list[Frame], tmp_path: Path, monkeypatch):
    wraps = 2**32 - 4_000_000  # after two frames
    plug_in(write_dump(tmp_path / "late", seen[:5], fps=30, first_tick=wraps), monkeypatch)
    times_ms = [frame.device_timestamp_ms for frame in all_frames()]
    assert times_ms[-1] > 2**32 / 60_000
    gaps = np.diff(times_ms) * 30 / 1000
    np.testing.assert_allclose(gaps, np.rint(gaps), atol=0.001)
    assert (gaps < 6).all()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"tilt": "40"}, "kinect1:.tilt=40 cannot be had; tilt must be from -27 to 27"),
        ({"tilt": "up"}, "tilt must be from"),
        ({"infrared": "perhaps"}, "infrared must be 1 or 0"),
        ({"zoom": "2"}, "kinect1: has no parameter 'zoom'; it knows tilt, infrared"),
    ],
)
def test_every_mistake_in_the_address_gets_its_sentence(parameters, sentence):
    with pytest.raises(CameraError, match=sentence):
        kinect1("", parameters)


def test_a_camera_that_is_not_there_is_named(plugged: Path):
    for target in ("3", "A00364A03412047A"):
        with pytest.raises(CameraError, match=f"No Kinect v1 {target} is connected, only 0"):
            kinect1(target, {}).open()


def test_what_makes_the_library_abort_is_one_sentence(plugged: Path):
    camera = kinect1("", {"infrared": "1"})  # fakenect has no infrared and aborts its process
    camera.open()
    with pytest.raises(CameraError, match=r"is gone, because the process of its library crashed \(SIGABRT\)"):
        camera.start(StreamRequest())
    camera.close()
    assert all_frames()


def test_a_library_that_leaves_the_process_is_one_sentence(tmp_path: Path, monkeypatch):
    plug_in(tmp_path / "nowhere", monkeypatch)  # fakenect says so on its standard output and calls exit
    assert outcome() == (
        "Kinect v1 dump 0 is gone, because the process of its library ended with status 1; open it again.",
        0,
    )


def test_without_the_library_its_package_is_named(tmp_path: Path, monkeypatch):
    shadow = tmp_path / "libfreenect.so.0.5"
    for name in ("libfreenect.so.0.5", "libfreenect.so.0", "libfreenect.so"):
        shadow.with_name(name).write_bytes(b"no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(CameraError, match="install the package libfreenect0.5"):
        find_kinect1()


def test_the_real_library_finds_no_camera_or_says_why():
    """No Kinect is plugged in where tests run; USB may not even be there."""
    with pytest.raises(CameraError, match="No Kinect v1 is connected|libfreenect does not start"):
        kinect1("", {}).open()
    with contextlib.suppress(CameraError):
        assert find_kinect1() == ()


@pytest.mark.parametrize("seed", range(6))
def test_damaged_dumps_end_in_a_sentence(dump: Path, tmp_path: Path, monkeypatch, seed: int):
    copy, _ = damaged(dump, tmp_path, seed)
    plug_in(copy, monkeypatch)
    how, _ = outcome()
    assert how
    assert multiprocessing.active_children() == []
