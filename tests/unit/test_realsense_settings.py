"""What may be asked of a RealSense camera: addresses, the settings file, modes, presets, post-processing."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.found import open_source
from depthface_app.cameras.isolated import IsolatedCamera
from depthface_app.cameras.realsense import RealSenseCamera
from depthface_app.cameras.realsense.modes import live_config
from depthface_app.cameras.realsense.pictures import infrared
from depthface_app.cameras.realsense.settings import RealSenseSettings, over_general, with_parameters
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame
from depthface_app.pipeline.settings import Settings, with_overrides
from tests.realsense_files import write_recording
from tests.realsense_server import DEPTH_FOCAL_PX, DOMAIN, HEIGHT, NEAR_MM, SERIAL, WIDTH, VirtualCamera

OWN_DOMAIN = DOMAIN + 5
ADDRESSES = ("127.0.0.1",)
READ_S = 10.0


@pytest.fixture(scope="module")
def plugged() -> Iterator[VirtualCamera]:
    server = VirtualCamera(OWN_DOMAIN)
    server.up()
    yield server
    server.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "clip.db3"
    write_recording(path, 12, noise_mm=6.0)
    return path


@pytest.fixture
def begin() -> Iterator[Callable[..., RealSenseCamera]]:
    """Opens and starts the camera of an address, and closes it in the end."""
    made = []

    def start(source: str, **more) -> RealSenseCamera:
        camera = open_source(source, dds_domain=OWN_DOMAIN, dds_addresses=ADDRESSES, paced=False, **more)
        made.append(camera)
        camera.open()
        camera.start(StreamRequest())
        return camera

    yield start
    for camera in made:
        camera.close()


def read(camera: RealSenseCamera) -> Frame:
    frame = camera.read(READ_S)
    assert frame is not None, "no frame came in time"
    return frame


def test_every_parameter_of_an_address_is_understood() -> None:
    parameters = {
        "preset": "hand",
        "emitter": "0",
        "laser": "90",
        "exposure": "4000",
        "size": "640x480",
        "fps": "15",
        "filters": "temporal,decimation",
    }
    settings = with_parameters(RealSenseSettings(), parameters)
    assert settings.preset == "hand"
    assert settings.options == {
        "emitter_enabled": 0,
        "laser_power": 90,
        "enable_auto_exposure": 0,
        "exposure": 4000,
    }
    assert (settings.width, settings.height, settings.fps) == (640, 480, 15)
    assert settings.filters == ("decimation", "temporal")  # in the vendor's order
    assert with_parameters(RealSenseSettings(), {"exposure": "auto"}).options == {"enable_auto_exposure": 1}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("emitter=2", "emitter must be 1 or 0"),
        ("laser=bright", "laser must be a power in mW"),
        ("exposure=-3", "exposure must be auto or a time in µs"),
        ("gain=nan", "gain must be a number"),
        ("size=848", "size must be WIDTHxHEIGHT, e.g. 848x480"),
        ("fps=29.97", "fps must be a whole number"),
        ("filters=spatial,median", "no filter 'median'; it knows decimation, spatial, temporal, hole-filling"),
        ("colour=red", "no parameter 'colour'; it knows preset, json, emitter"),
        ("preset=hand&json=a.json", "either json or preset"),
    ],
)
def test_every_mistake_names_what_is_valid(query: str, sentence: str) -> None:
    with pytest.raises(CameraError, match=sentence):
        open_source(f"realsense:?{query}")


def test_a_recording_takes_filters_and_nothing_that_only_a_camera_can_do() -> None:
    with pytest.raises(CameraError, match="recording cannot be given another preset; leave preset=hand out"):
        open_source("realsense:a.db3?preset=hand")
    with pytest.raises(CameraError, match="it knows loop, realtime, filters"):
        open_source("realsense:a.db3?speed=2")
    camera = open_source("realsense:a.db3?filters=spatial", realsense="preset=hand&filters=temporal")
    settings = camera._make.keywords["settings"]
    assert settings.filters == ("spatial",)
    assert settings.preset is None


def test_an_address_wins_over_the_general_parameters() -> None:
    general = "preset=hand&emitter=1"
    assert over_general({"emitter": "0"}, general, is_file=False) == {"preset": "hand", "emitter": "0"}
    assert over_general({"json": "a"}, general, is_file=False) == {"emitter": "1", "json": "a"}


def test_bad_general_parameters_are_told_and_the_program_starts_without_them() -> None:
    settings, warnings = with_overrides(Settings(), {"realsense": "filters=blur"}, "settings.toml")
    assert settings.realsense == ""
    assert "has no filter 'blur'; it knows decimation" in warnings[0]
    assert with_overrides(Settings(), {"realsense": "filters=spatial"}, "")[0].realsense == "filters=spatial"


def test_a_face_is_looked_at_in_the_mode_that_suits_it() -> None:
    """A camera with the D435's modes: 848×480 at 30 Hz unless something else is asked for."""
    sizes = [(1280, 720, 30), (848, 480, 90), (848, 480, 30), (640, 480, 30), (424, 240, 30), (848, 480, 15)]

    def chosen(**asked: int) -> tuple[int, int, int]:
        config = live_config(_Recorder(), _camera_with(sizes), StreamRequest(**asked, colour=False), "The camera")
        return config.streams["depth"]

    assert chosen() == (848, 480, 30)
    assert chosen(width=640, height=480) == (640, 480, 30)
    assert chosen(fps=90) == (848, 480, 90)
    with pytest.raises(CameraError, match="no depth mode 800xany at any Hz; it offers 424x240 at 30, 640x480 at 30"):
        chosen(width=800)


def _camera_with(sizes: list[tuple[int, int, int]]) -> rs.software_device:
    device = rs.software_device()
    device.register_info(rs.camera_info.serial_number, "1")
    sensor = device.add_sensor("Stereo Module")
    for uid, (width, height, fps) in enumerate(sizes):
        stream = rs.video_stream()
        stream.type, stream.uid, stream.fmt, stream.bpp = rs.stream.depth, uid, rs.format.z16, 2
        stream.width, stream.height, stream.fps = width, height, fps
        sensor.add_video_stream(stream)
    return device


class _Recorder:
    """The SDK, but for its configuration, which cannot be asked what it holds."""

    def __init__(self) -> None:
        self.streams: dict[str, tuple[int, int, int]] = {}

    def __getattr__(self, name: str):
        return getattr(rs, name)

    def config(self) -> "_Recorder":
        return self

    def enable_device(self, serial: str) -> None:
        assert serial == "1"

    def enable_stream(self, kind, _index, width, height, _pixels, fps) -> None:
        self.streams[kind.name] = (width, height, fps)


def test_without_a_wish_the_preset_is_the_dense_one(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]
) -> None:
    camera = begin(f"realsense:{SERIAL}")
    assert plugged.options()["Visual Preset"] == "High Density"
    assert camera.info.settings["visual_preset"] == "High Density"


@pytest.mark.parametrize("spelling", ["High Accuracy", "high_accuracy", "high-accuracy"])
def test_a_preset_is_chosen_by_the_name_the_camera_gives_it(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera], spelling: str
) -> None:
    begin(f"realsense:{SERIAL}?preset={spelling}&emitter=0&laser=60&exposure=4000")
    options = plugged.options()
    assert options["Visual Preset"] == "High Accuracy"
    assert (options["Emitter Enabled"], options["Laser Power"]) == (0, 60)
    assert (options["Enable Auto Exposure"], options["Exposure"]) == (0, 4000)


def test_a_camera_may_be_left_as_it_is(plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]) -> None:
    before = plugged.options().get("Visual Preset")
    begin("realsense:", realsense="preset=keep")
    assert plugged.options().get("Visual Preset") == before


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("preset=portrait", "no preset 'portrait'; it has custom, default, hand, high-accuracy, high-density"),
        ("laser=999", r"refuses laser_power = 999 \(it takes 0 to 360\)"),
        ("size=320x240", "no depth mode 320x240 at any Hz; it offers 640x480 at 30"),
        ("json=nowhere.json", "nowhere.json cannot be read: No such file"),
    ],
)
def test_what_this_camera_cannot_do_is_said_with_what_it_can(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera], query: str, sentence: str
) -> None:
    with pytest.raises(CameraError, match=sentence):
        begin(f"realsense:?{query}")
    read(begin("realsense:"))  # and the camera is free


def test_an_option_is_set_once_more_when_its_answer_got_lost(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]
) -> None:
    plugged.lag()
    camera = begin("realsense:?preset=keep&laser=90")
    assert plugged.options()["Laser Power"] == 90
    assert camera.info.settings["laser_power"] == "90"
    assert read(camera).serial == SERIAL


def test_a_camera_that_does_not_answer_twice_is_told_of(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]
) -> None:
    plugged.lag()
    plugged.lag()
    with pytest.raises(CameraError, match="does not answer when laser_power is set; check its cable"):
        begin("realsense:?preset=keep&laser=120")


def test_advanced_parameters_reach_the_sdk_which_refuses_them_outside_of_advanced_mode(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera], tmp_path: Path
) -> None:
    """As far as this goes without a physical camera: the virtual one has no advanced mode to switch on."""
    file = tmp_path / "faces.json"
    for text, sentence in (
        (json.dumps({"param-depthunits": 1000}), "switch its advanced mode on once"),
        ("[]", "must be one JSON object"),
        ("{", "is not JSON"),
    ):
        file.write_text(text)
        with pytest.raises(CameraError, match=sentence):
            begin(f"realsense:?json={file}")


def test_two_cameras_stream_at_once_each_by_its_serial(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]
) -> None:
    second = VirtualCamera(OWN_DOMAIN, "111122223333")
    try:
        second.up()
        cameras = [begin(f"realsense:{serial}") for serial in (SERIAL, "111122223333")]
        for _ in range(3):
            assert [read(camera).serial for camera in cameras] == [SERIAL, "111122223333"]
        with pytest.raises(CameraError, match=f"No RealSense camera 7 is connected, only .*{SERIAL}"):
            begin("realsense:7")
        for camera in cameras:
            camera.close()
    finally:
        second.down()
        second.close()


def test_an_sdk_that_never_returns_loses_its_process_and_the_next_one_works(
    plugged: VirtualCamera, begin: Callable[..., RealSenseCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = begin("realsense:?process=1&emitter=0")
    assert isinstance(camera, IsolatedCamera)
    assert read(camera).serial == SERIAL
    assert camera.info.settings["emitter_enabled"] == "0"
    (child,) = multiprocessing.active_children()
    camera._patience = replace(camera._patience, read_s=0.5)
    os.kill(child.pid, signal.SIGSTOP)  # as if it stood inside of a call
    with pytest.raises(CameraLost, match="has not answered for 0.5 s, so its process was ended"):
        read_on(camera)
    camera.close()
    assert multiprocessing.active_children() == []
    assert read(begin("realsense:?process=1")).serial == SERIAL


def read_on(camera: RealSenseCamera) -> None:
    deadline_s = time.monotonic() + READ_S
    while time.monotonic() < deadline_s:
        camera.read(0.1)
    pytest.fail("nothing was noticed")


def spread_mm(frame: Frame) -> float:
    """Noise on the ball before the camera."""
    rows, columns = (slice(size // 2 - size // 16, size // 2 + size // 16) for size in frame.depth_mm.shape)
    return float(np.std(frame.depth_mm[rows, columns].astype(float)))


def last(camera: RealSenseCamera, count: int) -> Frame:
    return [read(camera) for _ in range(count)][-1]


def test_the_vendors_filters_smooth_what_the_sensor_saw(recording: Path, begin: Callable[..., RealSenseCamera]) -> None:
    raw = last(begin(f"realsense:{recording}"), 8)
    smooth = last(begin(f"realsense:{recording}?filters=spatial,temporal"), 8)
    assert raw.depth_mm.shape == smooth.depth_mm.shape
    assert spread_mm(smooth) < 0.6 * spread_mm(raw)
    assert np.median(smooth.depth_mm[HEIGHT // 2, WIDTH // 2 - 20 : WIDTH // 2 + 20]) == pytest.approx(NEAR_MM, abs=5)


def test_decimation_halves_the_picture_and_its_pinhole(recording: Path, begin: Callable[..., RealSenseCamera]) -> None:
    camera = begin(f"realsense:{recording}?filters=decimation,hole-filling")
    frame = last(camera, 4)
    assert frame.depth_mm.shape == (HEIGHT // 2, WIDTH // 2)
    assert frame.intrinsics.fx == pytest.approx(DEPTH_FOCAL_PX / 2)
    assert frame.colour.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert frame.infrared.shape == (HEIGHT // 2, WIDTH // 2)
    assert camera.info.settings["filters"] == "decimation,hole-filling"
    near, bright = frame.depth_mm < NEAR_MM + 100, frame.colour[..., 0] > 130
    assert (near & bright).sum() / (near | bright).sum() > 0.8


def test_filters_work_on_a_live_camera_too(plugged: VirtualCamera, begin: Callable[..., RealSenseCamera]) -> None:
    frame = last(begin("realsense:?filters=decimation,spatial,temporal,hole-filling"), 5)
    centre = frame.depth_mm[HEIGHT // 4, WIDTH // 4]
    assert frame.depth_mm.shape == (HEIGHT // 2, WIDTH // 2)
    assert centre == pytest.approx(NEAR_MM, abs=3)


def test_infrared_that_does_not_fit_the_depth_is_left_out() -> None:
    class Dark:
        def get_data(self):
            return np.zeros((270, 480), np.uint8)

    assert infrared(Dark(), (135, 240)).shape == (135, 240)
    assert infrared(Dark(), (136, 240)) is None
    assert infrared(None, (136, 240)) is None
