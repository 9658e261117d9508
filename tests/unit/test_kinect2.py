"""Kinect v2: our own code with a stand-in for the binding. Neither binding, library nor camera was ever at hand."""

import sys

import pytest

from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.cameras.kinect2 import find_kinect2, kinect2
from depthface_app.cameras.kinect2.camera import Kinect2Camera, list_plugged_in
from depthface_app.core.errors import CameraError, CameraLost
from tests.freenect2_stand_in import FakeDevice, NoDeviceError, binding


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    made = FakeDevice()
    monkeypatch.setitem(sys.modules, "freenect2", binding(lambda: made))
    return made


@pytest.fixture
def streaming(device: FakeDevice) -> Kinect2Camera:
    camera = Kinect2Camera()
    camera.open()
    camera.start(StreamRequest())
    return camera


def test_a_frame_is_turned_back_and_free_of_impossible_values(device: FakeDevice, streaming: Kinect2Camera):
    device.send(7)
    frame = streaming.read(1)
    assert frame.depth_mm.shape == (424, 512)
    assert list(frame.depth_mm[0, -4:]) == [0, 0, 0, 0]  # the left of the mirror image is the right
    assert frame.depth_mm[1, 0] == 1200
    assert tuple(frame.colour[0, -1]) == (3, 2, 1)
    assert tuple(frame.colour[0, 0]) == (0, 0, 0)
    assert (frame.intrinsics.cx, frame.intrinsics.cy) == (511 - 250, 205)
    assert (frame.number, frame.device_timestamp_ms) == (7, (8000 + 7 * 267) / 8)


def test_depth_waits_for_the_first_colour_and_old_frames_go(device: FakeDevice, streaming: Kinect2Camera):
    device.send(0, colour=False)
    assert streaming.read(0) is None
    for number in range(1, 12):
        device.send(number)
    assert streaming.read(0).number == 6


def test_silence_is_a_stall_and_then_a_lost_camera(streaming: Kinect2Camera, monkeypatch):
    assert streaming.read(0.01) is None
    assert streaming.state is CameraState.STALLED
    monkeypatch.setattr("depthface_app.cameras.kinect2.camera.FIRST_PICTURE_S", 0.0)
    with pytest.raises(CameraLost, match="USB 3 port"):
        streaming.read(0)


def test_closing_stops_first(device: FakeDevice, streaming: Kinect2Camera):
    streaming.close()
    streaming.close()
    assert device.calls == ["start", "stop", "close"]
    with pytest.raises(CameraError):
        streaming.read(0)


def test_another_size_is_refused_in_words(device: FakeDevice):
    camera = Kinect2Camera()
    camera.open()
    with pytest.raises(CameraError, match="delivers 512x424 at 30 Hz only, not 12345x424 at 30 Hz"):
        camera.start(StreamRequest(width=12345))


def test_no_camera_is_one_sentence_and_an_empty_list(device: FakeDevice, monkeypatch):
    def none() -> None:
        raise NoDeviceError

    assert [camera.source for camera in list_plugged_in()] == ["kinect2:"]
    monkeypatch.setattr(sys.modules["freenect2"], "Device", none)
    assert list_plugged_in() == ()
    with pytest.raises(CameraError, match="No Kinect v2 is connected"):
        Kinect2Camera().open()


def test_the_missing_binding_is_named_with_what_it_needs():
    """The real thing: no binding is installed where tests run."""
    with pytest.raises(CameraError, match="build libfreenect2 from its sources"):
        find_kinect2()
    with pytest.raises(CameraError, match="build libfreenect2 from its sources"):
        kinect2("", {}).open()
