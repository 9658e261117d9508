"""What every depth camera does, whatever stands behind it: a simulation, a file, or the SDK of a camera."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.azure.camera import AzureCamera
from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera, StreamRequest
from depthface_app.cameras.found import open_source
from depthface_app.cameras.kinect2.camera import Kinect2Camera
from depthface_app.cameras.realsense import RealSenseCamera, RealSenseSettings
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionWriter
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.errors import CameraError
from tests.fakes import FakeCamera, fake_frame
from tests.freenect2_stand_in import StreamingDevice, binding
from tests.k4a_stand_in import FakeK4a
from tests.kinect_dumps import plug_in, write_dump
from tests.orbbec_bags import require_sdk, write_bag
from tests.realsense_files import write_recording
from tests.realsense_server import DOMAIN, VirtualCamera

READ_S = 10.0
IMPOSSIBLE = StreamRequest(width=12345, height=7)

Make = Callable[[], DepthCamera]


@pytest.fixture(scope="module")
def session_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = SessionWriter(tmp_path_factory.mktemp("session") / "a.mcap", CameraInfo("fake:", "Fake", "FAKE1"))
    for number in range(30):
        writer.add(fake_frame(number).at(5 + number / 30))
    writer.finish()
    return writer.path


@pytest.fixture(scope="module")
def realsense_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "a.db3"
    write_recording(path, 20)
    return path


@pytest.fixture(scope="module")
def virtual_camera() -> Iterator[VirtualCamera]:
    camera = VirtualCamera(DOMAIN + 2)
    camera.up()
    yield camera
    camera.close()


@pytest.fixture(scope="module")
def kinect_dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frames = (fake_frame(number, (480, 640)) for number in range(30))
    return write_dump(tmp_path_factory.mktemp("kinect1") / "dump", frames)


@pytest.fixture(scope="module")
def orbbec_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frames = [fake_frame(number, (288, 320)) for number in range(30)]
    return write_bag(tmp_path_factory.mktemp("orbbec") / "a.bag", frames)


@pytest.fixture(
    params=[
        "fake",
        "simulated",
        "recording",
        "realsense live",
        "realsense recording",
        "kinect1",
        "orbbec recording",
        "azure's stand-in",
        "kinect2's stand-in",
    ]
)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes cameras of one kind that deliver at least ten frames with colour and infrared, if they have them."""
    kind = request.param
    if kind == "fake":
        return FakeCamera
    if kind == "simulated":
        return SimulatedCamera
    if kind == "recording":
        path = request.getfixturevalue("session_file")
        return lambda: RecordingCamera(path)
    if kind == "realsense live":
        request.getfixturevalue("virtual_camera")
        return lambda: RealSenseCamera(settings=RealSenseSettings(DOMAIN + 2, ("127.0.0.1",)))
    if kind == "kinect1":
        plug_in(request.getfixturevalue("kinect_dump"), request.getfixturevalue("monkeypatch"))
        return lambda: open_source("kinect1:")
    if kind == "azure's stand-in":
        return lambda: AzureCamera(0, "narrow-binned", FakeK4a())
    if kind == "kinect2's stand-in":
        module = binding(StreamingDevice)
        request.getfixturevalue("monkeypatch").setitem(sys.modules, "freenect2", module)
        return Kinect2Camera
    if kind == "orbbec recording":
        require_sdk()
        path = request.getfixturevalue("orbbec_file")
        return lambda: open_source(f"orbbec:{path}")
    path = request.getfixturevalue("realsense_file")
    return lambda: RealSenseCamera(file=path, realtime=False)


@pytest.fixture
def camera(make: Make) -> Iterator[DepthCamera]:
    made = make()
    yield made
    made.close()


@pytest.fixture
def streaming(camera: DepthCamera) -> DepthCamera:
    camera.open()
    camera.start(StreamRequest())
    return camera


def read(camera: DepthCamera):
    frame = camera.read(READ_S)
    assert frame is not None, "no frame came in time"
    return frame


def test_states_follow_the_calls(camera: DepthCamera) -> None:
    assert camera.state is CameraState.CLOSED
    camera.open()
    assert camera.state is CameraState.CONNECTED
    camera.start(StreamRequest())
    assert camera.state is CameraState.STREAMING
    read(camera)
    assert camera.state is CameraState.STREAMING
    camera.stop()
    assert camera.state is CameraState.CONNECTED
    camera.close()
    assert camera.state is CameraState.CLOSED


def test_a_frame_is_depth_in_millimetres_with_its_pinhole(streaming: DepthCamera) -> None:
    frame = read(streaming)
    assert frame.depth_mm.shape == (frame.intrinsics.height, frame.intrinsics.width)
    assert frame.depth_mm.dtype in (np.uint16, np.float32)
    seen = frame.depth_mm[frame.depth_mm > 0]
    assert seen.size > frame.depth_mm.size / 4
    assert 200 < np.median(seen) < 6000
    assert np.isfinite(frame.depth_mm).all()
    assert 0.2 < frame.intrinsics.fx / frame.intrinsics.width < 3
    assert frame.depth_scale_mm > 0
    assert frame.timestamp_domain


def test_pictures_beside_depth_fit_it(streaming: DepthCamera) -> None:
    frame = read(streaming)
    if frame.colour is not None:
        assert frame.colour.shape == (*frame.depth_mm.shape, 3)
        assert frame.colour.dtype == np.uint8
    if frame.infrared is not None:
        assert frame.infrared.shape == frame.depth_mm.shape
        assert frame.infrared.dtype in (np.uint8, np.uint16)


def test_nobody_can_change_a_frame(streaming: DepthCamera) -> None:
    frame = read(streaming)
    for picture in (frame.depth_mm, frame.colour, frame.infrared):
        if picture is not None:
            with pytest.raises(ValueError, match="read-only"):
                picture[0, 0] = 1


def test_frames_stay_what_they_were(streaming: DepthCamera) -> None:
    first = read(streaming)
    before = first.depth_mm.tobytes()
    for _ in range(8):
        read(streaming)
    assert first.depth_mm.tobytes() == before


def test_host_time_and_numbers_go_on(streaming: DepthCamera) -> None:
    frames = [read(streaming) for _ in range(10)]
    assert all(np.diff([frame.captured_s for frame in frames]) > 0)
    assert all(np.diff([frame.number for frame in frames]) > 0)
    assert all(np.diff([frame.device_timestamp_ms for frame in frames]) > 0)


def test_frames_say_where_they_come_from(streaming: DepthCamera) -> None:
    frame = read(streaming)
    assert frame.serial == streaming.info.serial != ""
    assert streaming.info.name
    assert streaming.info.source.partition(":")[1] == ":"


def test_only_what_is_asked_for_is_delivered(camera: DepthCamera) -> None:
    camera.open()
    camera.start(StreamRequest(colour=False, infrared=False))
    frame = read(camera)
    assert frame.colour is None
    assert frame.infrared is None


def test_no_time_to_wait_is_allowed(streaming: DepthCamera) -> None:
    frames = [streaming.read(0.0) for _ in range(3)]
    assert None in frames or all(frame is not None for frame in frames)
    read(streaming)
    assert streaming.state is CameraState.STREAMING


def test_it_starts_again_after_a_stop(streaming: DepthCamera) -> None:
    before = read(streaming)
    streaming.stop()
    streaming.start(StreamRequest())
    assert read(streaming).captured_s > before.captured_s


def test_stopping_twice_is_harmless(streaming: DepthCamera) -> None:
    streaming.stop()
    streaming.stop()
    assert streaming.state is CameraState.CONNECTED


def test_closing_is_allowed_at_any_moment_and_twice(make: Make) -> None:
    for steps in range(4):
        camera = make()
        for step in (camera.open, lambda c=camera: c.start(StreamRequest()), lambda c=camera: read(c))[:steps]:
            step()
        camera.close()
        camera.close()
        assert camera.state is CameraState.CLOSED


def test_another_one_opens_after_it_was_closed(make: Make) -> None:
    for _ in range(2):
        camera = make()
        camera.open()
        camera.start(StreamRequest())
        read(camera)
        camera.close()


def test_reading_needs_a_start(camera: DepthCamera) -> None:
    with pytest.raises(CameraError):
        camera.read(0.1)
    camera.open()
    with pytest.raises(CameraError):
        camera.read(0.1)


def test_starting_needs_an_open(camera: DepthCamera) -> None:
    with pytest.raises(CameraError):
        camera.start(StreamRequest())


def test_nothing_is_read_after_a_stop_or_close(streaming: DepthCamera) -> None:
    streaming.stop()
    with pytest.raises(CameraError):
        streaming.read(0.1)
    streaming.close()
    with pytest.raises(CameraError):
        streaming.read(0.1)


def test_an_impossible_size_is_refused_in_words(camera: DepthCamera) -> None:
    camera.open()
    with pytest.raises(CameraError, match="12345"):
        camera.start(IMPOSSIBLE)
    camera.start(StreamRequest())
    read(camera)
