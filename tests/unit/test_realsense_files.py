"""The RealSense back-end on recordings made with the SDK's own recorder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.cameras.found import open_source
from depthface_app.cameras.realsense import RealSenseCamera
from depthface_app.cameras.realsense.pictures import rgb
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame
from tests.realsense_files import FIRST_STAMP_MS, SERIAL, write_recording
from tests.realsense_server import DEPTH_FOCAL_PX, FAR_MM, HEIGHT, NEAR_MM, WIDTH

FRAMES = 15
READ_S = 10.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "clip.db3"
    write_recording(path, FRAMES)
    return path


@pytest.fixture
def playing(recording: Path) -> Iterator[RealSenseCamera]:
    camera = RealSenseCamera(file=recording, realtime=False)
    camera.open()
    camera.start(StreamRequest())
    yield camera
    camera.close()


def read_all(camera: RealSenseCamera) -> list[Frame]:
    frames = []
    while True:
        try:
            frame = camera.read(READ_S)
        except EndOfStream:
            return frames
        assert frame is not None
        frames.append(frame)


def test_every_frame_arrives_and_then_the_end(playing: RealSenseCamera) -> None:
    frames = read_all(playing)
    assert [frame.number for frame in frames] == list(range(1, FRAMES + 1))
    stamps = [frame.device_timestamp_ms for frame in frames]
    assert stamps == pytest.approx([FIRST_STAMP_MS + n * 1000 / 30 for n in range(1, FRAMES + 1)], abs=0.01)
    with pytest.raises(EndOfStream, match="has ended"):
        playing.read(READ_S)


def test_frames_are_whole(playing: RealSenseCamera) -> None:
    frame = playing.read(READ_S)
    assert frame is not None
    assert frame.depth_mm[HEIGHT // 2, WIDTH // 2] == NEAR_MM
    assert frame.depth_mm[5, 5] == FAR_MM
    assert frame.infrared[HEIGHT // 2, WIDTH // 2] == 200
    assert frame.colour[HEIGHT // 2, WIDTH // 2].tolist() == [200, 200, 200]
    assert frame.intrinsics.fx == DEPTH_FOCAL_PX
    assert frame.serial == SERIAL
    assert not frame.is_live
    assert playing.info.name == "clip.db3"
    assert "D435 (software)" in playing.info.detail


def test_a_loop_lets_the_device_clock_jump_back_and_the_host_clock_go_on(recording: Path) -> None:
    camera = RealSenseCamera(file=recording, loop=True, realtime=False)
    camera.open()
    camera.start(StreamRequest())
    frames = [camera.read(READ_S) for _ in range(2 * FRAMES + 5)]
    camera.close()
    back = np.diff([frame.device_timestamp_ms for frame in frames]) < 0
    assert back.sum() >= 2
    assert np.array_equal(np.diff([frame.number for frame in frames]) < 0, back)
    assert (np.diff([frame.captured_s for frame in frames]) > 0).all()


def test_it_plays_at_the_recorded_pace(recording: Path) -> None:
    camera = open_source(f"{recording}?realtime=1")
    camera.open()
    camera.start(StreamRequest())
    frames = read_all(camera)
    camera.close()
    shown_s = frames[-1].captured_s - frames[0].captured_s
    recorded_s = (frames[-1].device_timestamp_ms - frames[0].device_timestamp_ms) / 1000
    assert shown_s > recorded_s * 0.8


def test_depth_that_counts_in_tenths_becomes_millimetres(tmp_path: Path) -> None:
    write_recording(tmp_path / "fine.db3", 4, units_m=0.0001)
    camera = RealSenseCamera(file=tmp_path / "fine.db3", realtime=False)
    camera.open()
    camera.start(StreamRequest())
    frame = camera.read(READ_S)
    camera.close()
    assert frame.depth_mm.dtype == np.float32
    assert frame.depth_mm[HEIGHT // 2, WIDTH // 2] == pytest.approx(NEAR_MM, abs=0.01)
    assert frame.depth_scale_mm == pytest.approx(0.1)


def test_a_recording_that_stops_starts_from_its_beginning(playing: RealSenseCamera) -> None:
    assert playing.read(READ_S).number == 1
    playing.read(READ_S)
    playing.stop()
    assert playing.state is CameraState.CONNECTED
    playing.start(StreamRequest())
    assert playing.read(READ_S).number == 1


@pytest.mark.parametrize("name", ["junk.bag", "junk.db3"])
@pytest.mark.parametrize(
    "content", [b"", b"junk" * 500, b"#ROSBAG V2.0\n" + b"x" * 99, b"SQLite format 3\0" + b"x" * 99]
)
def test_junk_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CameraError, match=rf"{name} cannot be read as a RealSense recording: [^\n]+\.$"):
        RealSenseCamera(file=tmp_path / name).open()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_recording_cut_off_in_the_middle_is_refused_in_words(recording: Path, tmp_path: Path, share: float) -> None:
    whole = recording.read_bytes()
    (tmp_path / "cut.db3").write_bytes(whole[: int(len(whole) * share)])
    camera = RealSenseCamera(file=tmp_path / "cut.db3", realtime=False)
    with pytest.raises(CameraError, match=r"cut\.db3 cannot be read as a RealSense recording: [^\n]+\.$"):
        camera.open()
    camera.close()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"The recording .*nowhere.bag does not exist\."):
        RealSenseCamera(file=tmp_path / "nowhere.bag").open()


def test_every_colour_format_becomes_rgb() -> None:
    red = np.zeros((2, 4, 3), np.uint8)
    red[..., 0] = 255
    assert rgb(red, "rgb8").tolist() == red.tolist()
    assert rgb(red[..., ::-1], "bgr8").tolist() == red.tolist()
    grey = np.full((2, 4, 2), 128, np.uint8)
    assert np.ptp(rgb(grey, "yuyv")) == 0
    assert rgb(red, "raw10") is None
