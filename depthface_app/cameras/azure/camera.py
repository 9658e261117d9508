"""One Azure Kinect through the vendor's library. Lives in a process of its own (`settings.azure`).

Written from the SDK's headers and never run with it: neither the library nor a camera was at hand. The tests run it
against a stand-in.
"""

import ctypes as c
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.azure import library as lib
from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame, Intrinsics

UNTRIED = "never tried with a camera or its library"
USUAL_FPS = 30
SERIAL_BYTES = 64
FIRST_PICTURE_S = 8.0
SILENT_LOST_S = 3.0


def list_plugged_in() -> tuple[CameraInfo, ...]:
    """Every camera that is plugged in. Raises CameraError if the library cannot be loaded."""
    count = lib.load().k4a_device_get_installed_count()
    return tuple(CameraInfo(f"azure:{number}", "Azure Kinect", detail=UNTRIED) for number in range(count))


class AzureCamera:
    """Depth and infrared without the lens's distortion, and the colour registered to them."""

    def __init__(self, number: int, mode: str, library: Any = None) -> None:
        """Name the camera by its place in the list, and its depth mode.

        Args:
            number: 0 for the first.
            mode: one of library.MODES.
            library: in place of the vendor's, for tests.
        """
        self._number = number
        self._mode = lib.MODES[mode]
        self._library = library
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"azure:{number}", "Azure Kinect")
        self._device = c.c_void_p()
        self._calibration = lib.Calibration()
        self._transformation: int | None = None
        self._request = StreamRequest()
        self._frames = 0
        self._captured_s = 0.0

    @property
    def info(self) -> CameraInfo:
        """Which camera it is, and its firmware."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Find the camera. Raises CameraError if the library or the camera is missing, or it may not be opened."""
        self._library = self._library or lib.load()
        count = self._library.k4a_device_get_installed_count()
        if self._number >= count:
            raise CameraError(f"No Azure Kinect {self._number} is connected ({count} found); plug it in and power it.")
        if self._library.k4a_device_open(self._number, c.byref(self._device)) != lib.SUCCEEDED:
            raise CameraError(
                f"Azure Kinect {self._number} cannot be opened: another program may have it, or you may not use it; "
                "`depthface doctor` looks for the reason."
            )
        self._info = self._describe()
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to stream. Raises CameraError if the mode does not have that size or rate, or does not start."""
        if self._state is not CameraState.CONNECTED:
            raise CameraError(f"{self._name} cannot start while it is {self._state.value}; open it first.")
        mode, fps = self._mode, request.fps or min(USUAL_FPS, self._mode.rates[-1])
        asked = (request.width or mode.width, request.height or mode.height)
        if asked != (mode.width, mode.height) or fps not in mode.rates:
            rates = ", ".join(str(rate) for rate in mode.rates)
            raise CameraError(
                f"{self._name} delivers {mode.width}x{mode.height} at {rates} Hz in this mode, "
                f"not {asked[0]}x{asked[1]} at {fps} Hz."
            )
        colour = lib.COLOUR_720P if request.colour else lib.COLOUR_OFF
        wanted = lib.Configuration(lib.BGRA32, colour, mode.number, lib.RATES[fps], bool(colour), 0, 0, 0, False)
        known = self._library.k4a_device_get_calibration(self._device, mode.number, colour, c.byref(self._calibration))
        if known != lib.SUCCEEDED or self._library.k4a_device_start_cameras(self._device, c.byref(wanted)):
            raise CameraError(f"{self._name} does not start; it needs USB 3 and its power supply.")
        self._transformation = self._library.k4a_transformation_create(c.byref(self._calibration)) if colour else None
        self._request, self._frames, self._captured_s = request, 0, time.monotonic()
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s.

        Raises:
            CameraLost: it was unplugged, or has been silent for SILENT_LOST_S.
        """
        if self._state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"{self._name} does not stream: it is {self._state.value}.")
        capture = c.c_void_p()
        came = self._library.k4a_device_get_capture(self._device, c.byref(capture), round(1000 * timeout_s))
        if came not in (lib.SUCCEEDED, lib.TIMED_OUT):
            self._lose("was unplugged or lost its power; plug it in again")
        if came == lib.SUCCEEDED:
            try:
                frame = self._frame(capture)
            finally:
                self._library.k4a_capture_release(capture)
            if frame is not None:
                self._state = CameraState.STREAMING
                return frame
        silent_s = time.monotonic() - self._captured_s
        if silent_s > (SILENT_LOST_S if self._frames else FIRST_PICTURE_S):
            self._lose(f"has sent no picture for {silent_s:.0f} s; check its cable and power supply")
        self._state = CameraState.STALLED
        return None

    def stop(self) -> None:
        """End streaming; `start` may follow."""
        if self._state in (CameraState.STREAMING, CameraState.STALLED, CameraState.LOST):
            self._library.k4a_device_stop_cameras(self._device)
            if self._transformation is not None:
                self._library.k4a_transformation_destroy(self._transformation)
            self._transformation = None
            self._state = CameraState.CONNECTED

    def close(self) -> None:
        """Let go of the camera."""
        self.stop()
        if self._device:
            self._library.k4a_device_close(self._device)
        self._device = c.c_void_p()
        self._state = CameraState.CLOSED

    @property
    def _name(self) -> str:
        return f"Azure Kinect {self._info.serial or self._number}"

    def _lose(self, what: str) -> None:
        self._state = CameraState.LOST
        raise CameraLost(f"{self._name} {what}.")

    def _describe(self) -> CameraInfo:
        serial, size, versions = c.create_string_buffer(SERIAL_BYTES), c.c_size_t(SERIAL_BYTES), lib.Versions()
        self._library.k4a_device_get_serialnum(self._device, serial, c.byref(size))
        self._library.k4a_device_get_version(self._device, c.byref(versions))
        firmware = f"colour {versions.rgb}, depth {versions.depth}"
        settings = {"sdk": "k4a", "firmware": firmware}
        number = serial.value.decode("ascii", "replace")
        return CameraInfo(self._info.source, "Azure Kinect", number, f"firmware {firmware}, {UNTRIED}", settings)

    def _frame(self, capture: c.c_void_p) -> Frame | None:
        """The capture as a frame, None if it has no depth."""
        library = self._library
        depth = library.k4a_capture_get_depth_image(capture)
        if not depth:
            return None
        try:
            counts = self._picture(depth, np.dtype(np.uint16))
            time_us = library.k4a_image_get_device_timestamp_usec(depth)
            colour = self._colour(capture, depth) if self._request.colour else None
        finally:
            library.k4a_image_release(depth)
        self._frames += 1
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        return Frame(
            depth_mm=self._straight(counts),
            intrinsics=self._pinhole(),
            captured_s=self._captured_s,
            number=self._frames,
            device_timestamp_ms=time_us / 1000,
            timestamp_domain="Azure Kinect clock",
            serial=self._info.serial,
            colour=None if colour is None else self._straight(colour),
            infrared=self._infrared(capture) if self._request.infrared else None,
        )

    def _infrared(self, capture: c.c_void_p) -> NDArray[np.uint16] | None:
        image = self._library.k4a_capture_get_ir_image(capture)
        if not image:
            return None
        picture = self._picture(image, np.dtype(np.uint16))
        self._library.k4a_image_release(image)
        return self._straight(picture)

    def _colour(self, capture: c.c_void_p, depth: int) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB in the pixels of the depth picture, by the SDK's own transformation."""
        library, aligned = self._library, c.c_void_p()
        image = library.k4a_capture_get_color_image(capture)
        if not image:
            return None
        width, height = self._mode.width, self._mode.height
        picture = None
        if library.k4a_image_create(lib.BGRA32, width, height, 4 * width, c.byref(aligned)) == lib.SUCCEEDED:
            done = library.k4a_transformation_color_image_to_depth_camera(self._transformation, depth, image, aligned)
            if done == lib.SUCCEEDED:
                picture = np.ascontiguousarray(self._picture(aligned, np.dtype(np.uint8), 4)[..., 2::-1])
            library.k4a_image_release(aligned)
        library.k4a_image_release(image)
        return picture

    def _picture(self, image: Any, kind: np.dtype[Any], channels: int = 1) -> NDArray[Any]:
        """A copy of an image of the depth camera's size. Raises CameraError if it has another size."""
        height, width = self._mode.height, self._mode.width
        size = height * width * channels * kind.itemsize
        if self._library.k4a_image_get_size(image) < size:
            raise CameraError(f"{self._name} delivered a picture that is smaller than {width}x{height}.")
        memory = c.string_at(self._library.k4a_image_get_buffer(image), size)
        shape = (height, width) if channels == 1 else (height, width, channels)
        return np.frombuffer(memory, kind).reshape(shape).copy()

    def _pinhole(self) -> Intrinsics:
        lens = self._calibration.depth.lens
        return Intrinsics(self._mode.width, self._mode.height, lens.fx, lens.fy, lens.cx, lens.cy)

    def _straight(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The picture without the lens's distortion; the nearest pixel, because depth must not be mixed.

        Source: k4atypes.h: the Brown-Conrady model “compatible with OpenCV”, whose order of coefficients this is.
        """
        lens = self._calibration.depth.lens
        matrix = np.array([[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1]])
        bent = np.array([lens.k1, lens.k2, lens.p1, lens.p2, lens.k3, lens.k4, lens.k5, lens.k6])
        size = (self._mode.width, self._mode.height)
        across, down = cv2.initUndistortRectifyMap(matrix, bent, None, matrix, size, cv2.CV_32FC1)
        return np.asarray(cv2.remap(picture, across, down, cv2.INTER_NEAREST))
