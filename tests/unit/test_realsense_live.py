"""The RealSense back-end on a live camera: the SDK's own, served on the loopback network."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.cameras.found import find_cameras, open_source
from depthface_app.cameras.realsense import RealSenseCamera, RealSenseSettings
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame
from tests.realsense_server import DEPTH_FOCAL_PX, DOMAIN, FAR_MM, HEIGHT, NAME, NEAR_MM, SERIAL, WIDTH, VirtualCamera

ADDRESSES = ("127.0.0.1",)
SETTINGS = RealSenseSettings(DOMAIN, ADDRESSES)
EVERYTHING = StreamRequest()
READ_S = 10.0


@pytest.fixture(scope="module")
def plug() -> Iterator[VirtualCamera]:
    server = VirtualCamera(DOMAIN)
    yield server
    server.close()


@pytest.fixture
def plugged(plug: VirtualCamera) -> Iterator[VirtualCamera]:
    plug.up()
    yield plug
    plug.thaw()
    plug.down()


@pytest.fixture
def make() -> Iterator[Callable[..., RealSenseCamera]]:
    """Makes cameras, opened and streaming, and closes them in the end."""
    made = []

    def begin(request: StreamRequest = EVERYTHING, settings: RealSenseSettings = SETTINGS) -> RealSenseCamera:
        camera = RealSenseCamera(settings=settings)
        made.append(camera)
        camera.open()
        camera.start(request)
        return camera

    yield begin
    for camera in made:
        camera.close()


def read(camera: RealSenseCamera) -> Frame:
    frame = camera.read(READ_S)
    assert frame is not None, "no frame came in time"
    return frame


def read_until_lost(camera: RealSenseCamera) -> tuple[CameraLost, list[CameraState], float]:
    """Read as the camera thread does; the error, the states seen before it, and the seconds it took."""
    start_s, states = time.monotonic(), []
    while time.monotonic() - start_s < 30:
        try:
            camera.read(0.2)
        except CameraLost as error:
            return error, states, time.monotonic() - start_s
        states.append(camera.state)
    pytest.fail("the loss of the camera was never noticed")


def test_a_plugged_in_camera_is_listed(plugged: VirtualCamera) -> None:
    report = find_cameras(dds_domain=DOMAIN, dds_addresses=ADDRESSES)[1]
    assert report.backend == "realsense"
    assert report.problem == ""
    assert [(camera.source, camera.name) for camera in report.cameras] == [(f"realsense:{SERIAL}", NAME)]
    assert "firmware 5.16.0.1" in report.cameras[0].detail


def test_what_it_sees_arrives(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    camera = make()
    frame = read(camera)
    while frame.colour is None or frame.infrared is None:
        frame = read(camera)
    centre = HEIGHT // 2, WIDTH // 2
    assert frame.depth_mm.dtype == np.uint16
    assert frame.depth_mm[centre] == NEAR_MM
    assert frame.depth_mm[5, 5] == FAR_MM
    assert frame.infrared[centre] == 200
    assert frame.infrared[5, 5] == 60
    assert (frame.colour[centre].astype(int) > 180).all()
    assert frame.intrinsics.fx == DEPTH_FOCAL_PX
    assert (frame.intrinsics.cx, frame.intrinsics.cy) == (WIDTH / 2, HEIGHT / 2)
    assert frame.serial == SERIAL
    assert frame.is_live
    assert frame.depth_scale_mm == pytest.approx(1.0)
    assert frame.timestamp_domain == "hardware_clock"
    assert frame.device_timestamp_ms == pytest.approx(time.time() * 1000, abs=60_000)


def test_colour_lies_on_depth(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    """The colour camera has another field of view; aligned, its bright ball has the outline of the near one."""
    camera = make()
    frames = [frame for frame in (read(camera) for _ in range(20)) if frame.colour is not None]
    agreement = []
    for frame in frames:
        near, bright = frame.depth_mm == NEAR_MM, frame.colour[..., 0] > 130
        agreement.append((near & bright).sum() / (near | bright).sum())
    assert max(agreement) > 0.9


def test_it_streams_at_thirty_frames_a_second(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    camera = make(StreamRequest(width=WIDTH, height=HEIGHT, fps=30))
    frames = [read(camera) for _ in range(40)]
    steps = np.diff([frame.number for frame in frames])
    between_ms = np.diff([frame.device_timestamp_ms for frame in frames]) / steps
    assert (steps > 0).all()
    assert np.median(steps) == 1
    assert np.median(between_ms) == pytest.approx(1000 / 30, rel=0.2)


def test_options_reach_the_camera(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    settings = RealSenseSettings(DOMAIN, ADDRESSES, {"emitter_enabled": 0, "exposure": 4000})
    camera = make(settings=settings)
    read(camera)
    assert {"Emitter Enabled": 0, "Exposure": 4000}.items() <= plugged.options().items()
    assert camera.info.settings["emitter_enabled"] == "0"
    assert camera.info.settings["exposure"] == "4000"
    assert camera.info.settings["sdk"].startswith("pyrealsense2 2.")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"charm": 1}, "has no option charm"), ({"exposure": -7}, "refuses exposure = -7")],
)
def test_an_option_that_cannot_be_had_is_named(
    plugged: VirtualCamera, make: Callable[..., RealSenseCamera], options: dict[str, float], sentence: str
) -> None:
    with pytest.raises(CameraError, match=sentence):
        make(settings=RealSenseSettings(DOMAIN, ADDRESSES, options))


def test_a_mode_that_cannot_be_had_is_named(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    with pytest.raises(CameraError, match="no depth mode 1280x720 at any Hz; it offers 640x480 at 30"):
        make(StreamRequest(width=1280, height=720))


def test_no_camera_and_a_wrong_serial_are_said_soon(plug: VirtualCamera) -> None:
    start_s = time.monotonic()
    with pytest.raises(CameraError, match="No RealSense camera is connected"):
        open_source("realsense:", dds_domain=DOMAIN, dds_addresses=ADDRESSES).open()
    plug.up()
    with pytest.raises(CameraError, match=f"No RealSense camera 12345 is connected, only {SERIAL}"):
        open_source("realsense:12345", dds_domain=DOMAIN, dds_addresses=ADDRESSES).open()
    plug.down()
    assert time.monotonic() - start_s < 14  # the SDK alone takes 15 s for each


def test_an_unplugged_camera_shows_and_comes_back(plug: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    for _ in range(2):
        plug.up()
        camera = make()
        read(camera)
        plug.down()
        error, _, took_s = read_until_lost(camera)
        assert str(error) == f"{NAME} {SERIAL} was unplugged; plug it in again."
        assert took_s < 2
        assert camera.state is CameraState.LOST
        with pytest.raises(CameraError):
            camera.read(0.1)
        start_s = time.monotonic()
        camera.close()
        assert time.monotonic() - start_s < 2
        assert camera.state is CameraState.CLOSED


def test_it_comes_back_while_a_lost_one_is_still_held(
    plug: VirtualCamera, make: Callable[..., RealSenseCamera]
) -> None:
    plug.up()
    lost = make()
    read(lost)
    plug.down()
    error, *_ = read_until_lost(lost)
    lost.close()
    plug.up()
    assert read(make()).serial == SERIAL
    assert error.__traceback__ is not None
    plug.down()


def test_a_pause_is_a_stall_and_it_goes_on(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    camera = make()
    read(camera)
    plugged.freeze()
    while camera.read(0.3) is not None:
        pass
    assert camera.state is CameraState.STALLED
    plugged.thaw()
    read(camera)
    assert camera.state is CameraState.STREAMING


def test_silence_for_too_long_is_a_loss(plugged: VirtualCamera, make: Callable[..., RealSenseCamera]) -> None:
    camera = make()
    read(camera)
    plugged.freeze()
    error, states, took_s = read_until_lost(camera)
    assert "has sent no picture for 1.8 s; check its cable" in str(error)
    assert CameraState.STALLED in states
    assert took_s < 4
    camera.close()
    plugged.thaw()
    read(make())


def test_a_cut_cable_shows_and_closing_does_not_wait_for_the_sdk(make: Callable[..., RealSenseCamera]) -> None:
    domain = DOMAIN + 1
    server = VirtualCamera(domain)
    server.up()
    camera = make(settings=RealSenseSettings(domain, ADDRESSES))
    read(camera)
    server.kill()
    *_, took_s = read_until_lost(camera)
    assert took_s < 4
    start_s = time.monotonic()
    camera.close()
    assert time.monotonic() - start_s < 2.2


def test_it_is_used_once_at_a_time_and_free_afterwards(
    plugged: VirtualCamera, make: Callable[..., RealSenseCamera]
) -> None:
    first = make()
    with pytest.raises(CameraError, match="does not start"):
        make()
    read(first)
    first.close()
    read(make())


def test_the_state_can_be_read_from_another_thread(
    plugged: VirtualCamera, make: Callable[..., RealSenseCamera]
) -> None:
    camera = make()
    read(camera)
    seen: list[CameraState] = []
    thread = threading.Thread(target=lambda: seen.append(camera.state))
    thread.start()
    thread.join()
    assert seen == [CameraState.STREAMING]
