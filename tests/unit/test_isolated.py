"""A camera in its own process: whatever happens there is one sentence here, and opening again works."""

import contextlib
import functools
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.isolated import IsolatedCamera, Patience, call_isolated
from depthface_app.cameras.isolated.frames import pack
from depthface_app.core.errors import CameraError, CameraLost
from tests.fakes import fake_frame
from tests.misbehaving import Misbehaving, found, misbehave

ROOT = Path(__file__).parents[2]
INFO = CameraInfo("fake:0", "Fake camera")
IMPATIENT = Patience(stop_s=0.4, start_s=0.4, read_s=0.4, close_s=0.4)


def isolated(call: str = "", how: str = "", after: int = 0, patience: Patience = IMPATIENT) -> IsolatedCamera:
    return IsolatedCamera(functools.partial(Misbehaving, call, how, after), INFO, patience)


def streaming(camera: IsolatedCamera) -> IsolatedCamera:
    camera.open()
    camera.start(StreamRequest())
    return camera


def read_on(camera: IsolatedCamera, timeout_s: float = 0.1) -> None:
    """Read until it raises."""
    while True:
        camera.read(timeout_s)


def streaming_on(camera: IsolatedCamera) -> None:
    read_on(streaming(camera))


def children() -> list[int]:
    """Process ids of the cameras' processes that still run."""
    return [child.pid for child in multiprocessing.active_children()]


def test_what_comes_through_is_what_the_camera_made():
    camera = streaming(isolated())
    first, second = camera.read(5), camera.read(5)
    camera.close()
    expected = fake_frame(1)
    np.testing.assert_array_equal(second.depth_mm, expected.depth_mm)
    np.testing.assert_array_equal(second.colour, expected.colour)
    np.testing.assert_array_equal(second.infrared, expected.infrared)
    assert second.intrinsics == expected.intrinsics
    assert (first.number, second.number, second.serial) == (0, 1, "FAKE1")
    np.testing.assert_array_equal(first.depth_mm, fake_frame(0).depth_mm)
    assert camera.info.detail == "for tests"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("abort", "Fake camera FAKE1 is gone, because the process of its library crashed .SIGABRT.; open it again"),
        ("leave", "ended with status 3; open it again"),
        ("exit", "Fake camera failed in an unforeseen way .SystemExit: no library."),
        ("raise", "failed in an unforeseen way .RuntimeError: no such thing."),
        ("hang", "has not answered for 0.4 s, so its process was ended; open it again"),
    ],
)
def test_every_misbehaviour_is_one_sentence_and_leaves_no_process(how, sentence):
    for call in ("start", "read"):
        camera = isolated(call, how)
        with pytest.raises(CameraError, match=sentence) as caught:
            streaming_on(camera)
        assert "\n" not in str(caught.value)
        camera.close()
        assert camera.state is CameraState.CLOSED
    assert children() == []


def test_failing_to_open_leaves_nothing_behind():
    camera = isolated("open", "abort")
    with pytest.raises(CameraError, match="crashed"):
        camera.open()
    assert camera.state is CameraState.CLOSED
    assert children() == []


def test_a_crash_while_streaming_is_a_lost_camera_that_opens_again():
    camera = streaming(isolated("read", "abort", after=3))
    with pytest.raises(CameraLost, match="SIGABRT"):
        read_on(camera, 5)
    assert camera.state is CameraState.LOST
    with pytest.raises(CameraError):
        camera.read(0.1)
    streaming(camera)
    assert camera.read(5).number == 0
    camera.close()


def test_a_hang_is_a_stall_first_and_then_a_lost_camera():
    camera = streaming(isolated("read", "hang", after=2))
    assert camera.read(5) is not None
    assert camera.read(5) is not None
    begun_s = time.monotonic()
    assert camera.read(0.1) is None
    assert time.monotonic() - begun_s < 1
    assert camera.state is CameraState.STALLED
    with pytest.raises(CameraLost, match="has not answered"):
        read_on(camera)
    assert camera.state is CameraState.LOST
    assert children() == []


def test_a_camera_that_says_it_is_gone_is_lost():
    camera = streaming(isolated("read", "lost", after=1))
    camera.read(5)
    with pytest.raises(CameraLost, match="was unplugged"):
        camera.read(5)
    camera.close()


@pytest.mark.parametrize("how", ["hang", "abort"])
def test_closing_never_raises_and_never_hangs(how):
    camera = streaming(isolated("close", how))
    begun_s = time.monotonic()
    camera.close()
    assert time.monotonic() - begun_s < 3
    assert camera.state is CameraState.CLOSED
    assert children() == []


def test_a_stop_that_hangs_ends_the_process():
    camera = streaming(isolated("stop", "hang"))
    with pytest.raises(CameraError, match="has not answered"):
        camera.stop()
    assert camera.state is CameraState.LOST
    camera.close()


def test_closing_from_another_thread_ends_a_read_that_hangs():
    camera = streaming(isolated("read", "hang", patience=Patience(close_s=0.2)))
    said: list[str] = []

    def read() -> None:
        with pytest.raises(CameraError) as caught:
            camera.read(60)
        said.append(str(caught.value))

    reader = threading.Thread(target=read)
    reader.start()
    while camera._asked is None:
        time.sleep(0.01)
    camera.close()
    reader.join(5)
    assert not reader.is_alive()
    assert said == ["Fake camera FAKE1 was closed."]
    assert camera.state is CameraState.CLOSED


def test_what_an_sdk_prints_stays_off_the_standard_output(capfd):
    camera = streaming(isolated("read", "print"))
    camera.read(5)
    camera.close()
    assert capfd.readouterr().out == ""


def test_a_process_that_is_killed_from_outside_is_named():
    camera = streaming(isolated())
    camera.read(5)
    (child,) = children()
    os.kill(child, 9)
    with pytest.raises(CameraLost, match="SIGKILL"):
        read_on(camera)


def test_a_frame_larger_than_the_room_is_refused_in_words():
    frame = fake_frame()
    room = memoryview(bytearray(frame.depth_mm.nbytes))
    with pytest.raises(CameraError, match="larger than the 38400 bytes"):
        pack(frame, room)


def test_opening_and_closing_leaves_no_handle_no_thread_and_no_process():
    def held() -> tuple[int, int]:
        gc.collect()  # what tests before have left, which would go at any moment
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    camera = streaming(isolated())
    camera.close()
    before = held()
    for how in ("", "abort", "", "hang"):
        camera = streaming(isolated("read", how))
        with contextlib.suppress(CameraLost):
            for _ in range(8):
                camera.read(0.1)
        camera.close()
    assert held() == before
    assert children() == []


def test_a_system_without_room_for_another_process_is_one_sentence(monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess._Popen", refuse)
    with pytest.raises(CameraError, match="No process could be started for the camera .*temporarily unavailable"):
        isolated().open()
    with pytest.raises(CameraError, match="The probe cannot be used: its process could not be started"):
        call_isolated(found, "The probe", 5)


@pytest.mark.parametrize("how", ["", "hang"])
def test_a_program_that_is_killed_takes_its_cameras_process_along(how):
    program = f"""
import functools, multiprocessing, os, sys
from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.isolated import IsolatedCamera
from tests.misbehaving import Misbehaving
camera = IsolatedCamera(functools.partial(Misbehaving, "read", {how!r}), CameraInfo("fake:", "Fake"))
camera.open()
camera.start(StreamRequest())
camera.read(0.3)
print(multiprocessing.active_children()[0].pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline_s = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process: int) -> bool:
    """Whether it lives; one that ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_probe_is_called_elsewhere():
    assert call_isolated(found, "The probe", 20) == (CameraInfo("fake:1", "Fake", "1"),)
    for how, sentence in (
        ("abort", "The probe cannot be used: its process crashed .SIGABRT."),
        ("exit", "The probe failed in an unforeseen way"),
        ("lost", "was unplugged"),
    ):
        with pytest.raises(CameraError, match=sentence):
            call_isolated(functools.partial(misbehave, how), "The probe", 20)
    with pytest.raises(CameraError, match="The probe has not answered for 1 s"):
        call_isolated(functools.partial(misbehave, "hang"), "The probe", 1)
    assert children() == []
