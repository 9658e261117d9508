"""Azure Kinect: our own code with a stand-in for the library. Neither the library nor a camera was ever at hand."""

import ctypes

import numpy as np
import pytest

from depthface_app.cameras.azure import azure, find_azure
from depthface_app.cameras.azure import library as lib
from depthface_app.cameras.azure.camera import AzureCamera
from depthface_app.cameras.base import CameraState, StreamRequest
from depthface_app.core.errors import CameraError, CameraLost
from tests.k4a_stand_in import FOCAL_PX, FakeK4a


def camera(library: FakeK4a, mode: str = "narrow") -> AzureCamera:
    return AzureCamera(0, mode, library)


def streaming(library: FakeK4a, mode: str = "narrow", request: StreamRequest | None = None) -> AzureCamera:
    made = camera(library, mode)
    made.open()
    made.start(request or StreamRequest())
    return made


def test_structures_have_the_size_of_the_headers():
    # worked by hand from k4atypes.h for the usual 64-bit layout
    assert ctypes.sizeof(lib.Configuration) == 36
    assert ctypes.sizeof(lib.Lens) == 68
    assert ctypes.sizeof(lib.Eye) == 48 + 68 + 12
    assert ctypes.sizeof(lib.Calibration) == 2 * 128 + 16 * 48 + 8
    assert ctypes.sizeof(lib.Versions) == 4 * 12 + 8


def test_a_frame_has_depth_infrared_and_aligned_colour():
    made = streaming(FakeK4a())
    frame = made.read(0.1)
    assert frame.depth_mm.shape == (576, 640)
    assert frame.depth_mm[144, 160] == 700
    assert tuple(frame.colour[300, 300]) == (30, 20, 10)
    assert frame.infrared[5, 5] == 300
    assert (frame.intrinsics.fx, frame.intrinsics.cx) == (FOCAL_PX, 319.5)
    assert frame.serial == made.info.serial == "000123412312"
    assert made.info.settings["firmware"] == "colour 1.6.110, depth 1.6.80"
    assert made.read(0.1).device_timestamp_ms - frame.device_timestamp_ms == pytest.approx(33.333)


def test_every_handle_of_the_library_is_given_back():
    library = FakeK4a()
    made = streaming(library)
    for _ in range(5):
        made.read(0.1)
    made.stop()
    made.start(StreamRequest(colour=False, infrared=False))
    frame = made.read(0.1)
    assert frame.colour is None
    assert frame.infrared is None
    assert library.configuration.colour_resolution == lib.COLOUR_OFF
    made.close()
    made.close()
    assert library.alive == {}
    assert made.state is CameraState.CLOSED


def test_the_bend_of_the_lens_is_taken_out():
    frame = streaming(FakeK4a(bend=-0.2)).read(0.1)
    ((row,), (column,)) = np.nonzero(frame.depth_mm == 700)
    # the dot was seen 160 px left of and 144 px above the middle, drawn in by the lens: it belongs farther out
    x, y = (column - 319.5) / FOCAL_PX, (row - 287.5) / FOCAL_PX
    bent = 1 - 0.2 * (x * x + y * y)
    assert abs(x * bent * FOCAL_PX - (160 - 319.5)) < 1
    assert abs(y * bent * FOCAL_PX - (144 - 287.5)) < 1
    assert column < 160


@pytest.mark.parametrize("mode", list(lib.MODES))
def test_every_mode_delivers_its_size(mode):
    made = streaming(FakeK4a(), mode)
    assert made.read(0.1).depth_mm.shape == (lib.MODES[mode].height, lib.MODES[mode].width)


@pytest.mark.parametrize(
    ("mode", "request_", "sentence"),
    [
        ("narrow", StreamRequest(width=12345), "delivers 640x576 at 5, 15, 30 Hz in this mode, not 12345x576 at 30 Hz"),
        ("wide", StreamRequest(fps=30), "delivers 1024x1024 at 5, 15 Hz in this mode, not 1024x1024 at 30 Hz"),
    ],
)
def test_what_a_mode_does_not_have_is_refused_in_words(mode, request_, sentence):
    with pytest.raises(CameraError, match=sentence):
        streaming(FakeK4a(), mode, request_)


@pytest.mark.parametrize(
    ("library", "sentence"),
    [
        (FakeK4a(count=0), "No Azure Kinect 0 is connected .0 found."),
        (FakeK4a(refuses="open"), "cannot be opened: another program may have it"),
        (FakeK4a(refuses="start"), "needs USB 3 and its power supply"),
    ],
)
def test_what_the_library_refuses_is_one_sentence(library, sentence):
    with pytest.raises(CameraError, match=sentence):
        streaming(library)


def test_a_picture_that_is_cut_short_is_refused_and_given_back():
    library = FakeK4a(refuses="whole pictures")
    made = streaming(library)
    with pytest.raises(CameraError, match="smaller than 640x576"):
        made.read(0.1)
    made.close()
    assert library.alive == {}


def test_pulling_the_plug_is_a_lost_camera():
    library = FakeK4a()
    made = streaming(library)
    made.read(0.1)
    library.plugged = False
    with pytest.raises(CameraLost, match="000123412312 was unplugged"):
        made.read(0.1)
    assert made.state is CameraState.LOST
    made.close()


def test_silence_is_a_stall_and_then_a_lost_camera(monkeypatch):
    library = FakeK4a()
    made = streaming(library)
    made.read(0.1)
    library.silent = True
    assert made.read(0.0) is None
    assert made.state is CameraState.STALLED
    monkeypatch.setattr("depthface_app.cameras.azure.camera.SILENT_LOST_S", 0.0)
    with pytest.raises(CameraLost, match="has sent no picture"):
        made.read(0.0)


def test_the_missing_library_is_named_with_its_package():
    """The real thing: no library is installed where tests run."""
    with pytest.raises(CameraError, match="install the package libk4a1.4"):
        find_azure()
    with pytest.raises(CameraError, match="install the package libk4a1.4"):
        azure("", {}).open()
