"""One Kinect v2 through the Python binding `freenect2` of libfreenect2. Lives in a process of its own.

Written from the binding's documentation and never run with it: neither the library nor a camera was at hand. The tests
run it against a stand-in.

Source: freenect2 0.2.3, Device, Frame and Registration.
"""

import queue
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.modes import asked_of, check_only_mode
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame, Intrinsics

WIDTH, HEIGHT, FPS = 512, 424, 30
TICKS_PER_MS = 8  # the device counts eighths of a millisecond; Source: libfreenect2, Frame::timestamp (0.125 ms)
FRAMES_WAITING_AT_MOST = 6
FIRST_PICTURE_S = 8.0
SILENT_LOST_S = 3.0
UNTRIED = "never tried with a camera or its library"
MISSING = (
    "The Kinect v2 library is not installed; build libfreenect2 from its sources (no package brings it), "
    "then run `pip install freenect2==0.2.3`."
)


def list_plugged_in() -> tuple[CameraInfo, ...]:
    """The first camera, if there is one. Raises CameraError if the library cannot be loaded."""
    binding = _binding()
    try:
        binding.Device().close()
    except binding.NoDeviceError:
        return ()
    return (_INFO,)


class Kinect2Camera:
    """Depth without the lens's distortion, and the colour registered to it."""

    def __init__(self) -> None:
        self._state = CameraState.CLOSED
        self._info = _INFO
        self._device: Any = None
        self._pinhole: Intrinsics | None = None
        self._frames: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()  # depth, the newest colour
        self._colour: Any = None
        self._with_colour = True
        self._captured_s = 0.0
        self._has_delivered = False

    @property
    def info(self) -> CameraInfo:
        """Which camera it is."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Find the camera. Raises CameraError if the library or the camera is missing."""
        binding = _binding()
        try:
            self._device = binding.Device()
        except binding.NoDeviceError as error:
            raise CameraError(
                "No Kinect v2 is connected; plug it into a USB 3 port, with its power supply, or choose another source."
            ) from error
        lens = self._device.ir_camera_params
        # the pictures come mirrored and are turned back, and so is the principal point
        self._pinhole = Intrinsics(WIDTH, HEIGHT, lens.fx, lens.fy, WIDTH - 1 - lens.cx, lens.cy)
        self._info = replace(_INFO, settings={"sdk": "libfreenect2 through freenect2"})
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to stream 512 × 424 at 30 Hz. Raises CameraError if anything else is asked for."""
        if self._state is not CameraState.CONNECTED:
            raise CameraError(f"{self._info.name} cannot start while it is {self._state.value}; open it first.")
        check_only_mode(self._info.name, asked_of(request), (WIDTH, HEIGHT, FPS))
        self._with_colour = request.colour
        self._captured_s, self._has_delivered = time.monotonic(), False
        self._device.start(frame_listener=self._take)
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s. Raises CameraLost after SILENT_LOST_S of silence."""
        if self._state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"{self._info.name} does not stream: it is {self._state.value}.")
        try:
            depth, colour = self._frames.get(timeout=timeout_s) if timeout_s > 0 else self._frames.get_nowait()
        except queue.Empty:
            self._check()
            self._state = CameraState.STALLED
            return None
        self._state, self._has_delivered = CameraState.STREAMING, True
        return self._frame(depth, colour)

    def stop(self) -> None:
        """End streaming; `start` may follow."""
        if self._state in (CameraState.STREAMING, CameraState.STALLED, CameraState.LOST):
            self._device.stop()
            self._state = CameraState.CONNECTED

    def close(self) -> None:
        """Let go of the camera."""
        self.stop()
        if self._device is not None:
            self._device.close()
        self._device = None
        self._state = CameraState.CLOSED

    def _take(self, kind: Any, frame: Any) -> None:
        """Called by the library on a thread of its own."""
        if kind.name == "Color":
            self._colour = frame
        elif kind.name == "Depth" and self._colour is not None:  # undistorting needs a colour picture
            if self._frames.qsize() >= FRAMES_WAITING_AT_MOST:
                self._frames.get_nowait()
            self._frames.put((frame, self._colour))

    def _check(self) -> None:
        silent_s = time.monotonic() - self._captured_s
        if silent_s > (SILENT_LOST_S if self._has_delivered else FIRST_PICTURE_S):
            self._state = CameraState.LOST
            raise CameraLost(
                f"{self._info.name} has sent no picture for {silent_s:.0f} s; "
                "check its cable, its power supply, and that it is in a USB 3 port."
            )

    def _frame(self, depth: Any, colour: Any) -> Frame:
        assert self._pinhole is not None  # set since `open`
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        undistorted, registered = self._device.registration.apply(colour, depth)
        depth_mm = np.nan_to_num(_turned(undistorted), nan=0.0, posinf=0.0, neginf=0.0)
        return Frame(
            depth_mm=np.maximum(depth_mm, 0).astype(np.float32),
            intrinsics=self._pinhole,
            captured_s=self._captured_s,
            number=depth.sequence,
            device_timestamp_ms=depth.timestamp / TICKS_PER_MS,
            timestamp_domain="Kinect v2 clock",
            serial=self._info.serial,
            colour=_rgb(registered) if self._with_colour else None,
        )


_INFO = CameraInfo("kinect2:", "Kinect v2", "0", UNTRIED)  # the binding tells no serial numbers


def _binding() -> Any:
    """The binding. Raises CameraError if it, or the library below it, is missing."""
    try:
        import freenect2
    except ModuleNotFoundError as error:
        raise CameraError(MISSING) from error
    except ImportError as error:
        raise CameraError(f"The Kinect v2 library cannot be loaded ({error}).") from error
    return freenect2


def _turned(frame: Any) -> NDArray[Any]:
    """A copy that is no mirror image. Source: iai_kinect2, kinect2_bridge.cpp, which turns every picture."""
    return np.ascontiguousarray(np.asarray(frame.to_array())[:, ::-1])


def _rgb(frame: Any) -> NDArray[np.uint8]:
    picture = _turned(frame)[..., :3]
    return np.ascontiguousarray(picture[..., ::-1] if frame.format.name == "BGRX" else picture)
