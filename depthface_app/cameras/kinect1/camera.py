"""Kinect v1 (Xbox 360 and Kinect for Windows 1) on libfreenect.

libfreenect can abort the process it lives in, so that this camera runs in a process of its own (`settings.kinect1`).
There, one thread does nothing but serve the library, which loses pictures when it has to wait.

The library delivers the 11-bit disparity that the sensor counts, which is turned into millimetres here. Colour and
infrared share one stream; which of the two is delivered is chosen by the address.
"""

import ctypes as c
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.kinect1 import library as lib
from depthface_app.cameras.kinect1.geometry import HEIGHT, WIDTH, Calibration, depth_of, seen_from_depth
from depthface_app.cameras.kinect1.stream import Moment, Stream
from depthface_app.cameras.modes import asked_of, check_only_mode
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame

FPS = 30
TICKS_PER_MS = 60_000  # the device's clock; Source: OpenKinect wiki, Protocol Documentation
FIRST_PICTURE_S = 6.0
SILENT_LOST_S = 3.0


def list_plugged_in() -> tuple[CameraInfo, ...]:
    """Every Kinect v1 that is plugged in, or the dump that fakenect plays. Raises CameraError."""
    library = lib.load()
    context = _context(library)
    return tuple(_describe(library, number, serial) for number, serial in enumerate(_serials(library, context)))


class Kinect1Camera:
    """One Kinect v1, or a dump of one when fakenect stands in for the library. Lives in a process of its own."""

    def __init__(self, target: str, tilt_deg: float | None, infrared: bool) -> None:
        """Name it by its place in the list or its serial number, "" for the first.

        Args:
            target: which one.
            tilt_deg: angle of the motor against the horizon, or None to leave it as it is.
            infrared: infrared instead of colour.
        """
        self._target = target
        self._tilt_deg = tilt_deg
        self._infrared = infrared
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"kinect1:{target}", "Kinect v1", target)
        self._library: Any = None
        self._context, self._device = c.c_void_p(), c.c_void_p()
        self._place = 0
        self._calibration = Calibration()
        self._table_mm = self._calibration.millimetres()
        self._stream: Stream | None = None
        self._number = 0

    @property
    def info(self) -> CameraInfo:
        """Which camera it is; `settings` has the calibration that was used and, where it was asked for, the tilt."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Find the camera. Raises CameraError if the library or the camera is missing, or it may not be opened."""
        self._library = lib.load()
        self._context = _context(self._library)
        self._info = self._find()
        if self._tilt_deg is not None:
            self._library.freenect_select_subdevices(self._context, lib.MOTOR | lib.CAMERA)
        self._open_device()
        self._calibration = lib.calibration_of(self._library, self._device)
        self._table_mm = self._calibration.millimetres()
        self._tilt()
        self._info = replace(self._info, settings=self._info.settings | _told(self._calibration))
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to stream 640 × 480 at 30 Hz. Raises CameraError if anything else is asked for."""
        if self._state is not CameraState.CONNECTED:
            raise CameraError(f"{self._name} cannot start while it is {self._state.value}; open it first.")
        check_only_mode(self._name, asked_of(request), (WIDTH, HEIGHT, FPS))
        video = lib.VIDEO_INFRARED_8 if self._infrared else lib.VIDEO_RGB
        wanted_video = request.infrared if self._infrared else request.colour
        self._stream = Stream(self._library, self._context, self._device, video if wanted_video else None)
        self._stream.begin(self._name)
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s.

        Raises:
            CameraLost: it was unplugged, or has been silent for SILENT_LOST_S.
            EndOfStream: the dump is over.
        """
        stream = self._stream
        if stream is None:
            raise CameraError(f"{self._name} does not stream: it is {self._state.value}.")
        moment = stream.next(timeout_s)
        if moment is not None:
            self._state = CameraState.STREAMING
            return self._frame(moment)
        self._check(stream)
        self._state = CameraState.STALLED
        return None

    def stop(self) -> None:
        """End streaming; `start` may follow."""
        if self._stream is not None:
            self._stream.end()
            self._stream = None
            self._state = CameraState.CONNECTED

    def close(self) -> None:
        """Let go of the camera."""
        try:
            self.stop()
        except CameraError:  # the library is still busy with it; the end of the process frees it
            self._device = self._context = c.c_void_p()
        if self._device:
            self._library.freenect_close_device(self._device)
            self._device = c.c_void_p()
        if self._context:
            self._library.freenect_shutdown(self._context)
            self._context = c.c_void_p()
        self._state = CameraState.CLOSED

    @property
    def _name(self) -> str:
        return f"{self._info.name} {self._info.serial}".strip()

    def _find(self) -> CameraInfo:
        found = _serials(self._library, self._context)
        if not found:
            raise CameraError("No Kinect v1 is connected; plug it in, with its power supply, or choose another source.")
        number = found.index(self._target) if self._target in found else _number(self._target)
        if number is None or number >= len(found):
            raise CameraError(f"No Kinect v1 {self._target} is connected, only {', '.join(found)}.")
        self._place = number
        return _describe(self._library, number, found[number])

    def _open_device(self) -> None:
        # by its place in the list, because the serial numbers of Kinects for Windows are all zeros
        if self._library.freenect_open_device(self._context, c.byref(self._device), self._place) < 0:
            with_motor = " and its motor" if self._tilt_deg is not None else ""
            raise CameraError(
                f"{self._name}{with_motor} cannot be opened: another program may have it, or you may not use it; "
                "`depthface doctor` looks for the reason."
            )

    def _tilt(self) -> None:
        """Turn the motor if asked to, and note the angle it says it has."""
        if self._tilt_deg is None:
            return
        if self._library.freenect_set_tilt_degs(self._device, self._tilt_deg) < 0:
            raise CameraError(f"{self._name} does not tilt; leave tilt out of the address, or check its power supply.")
        self._library.freenect_update_tilt_state(self._device)
        state = self._library.freenect_get_tilt_state(self._device)
        degrees = self._library.freenect_get_tilt_degs(state)
        told = {"tilt_asked_deg": f"{self._tilt_deg:g}", "tilt_deg": f"{degrees:g}"}
        self._info = replace(self._info, settings=self._info.settings | told)

    def _check(self, stream: Stream) -> None:
        """Raise if no further frame can be expected."""
        if stream.has_ended:
            self._state = CameraState.LOST
            if lib.reports_itself(self._library):
                raise CameraLost(f"{self._name} was unplugged or lost its power; plug it in again.")
            raise EndOfStream(f"The dump of {self._name} has ended.")
        if stream.silent_s > (SILENT_LOST_S if self._number else FIRST_PICTURE_S):
            self._state = CameraState.LOST
            raise CameraLost(
                f"{self._name} has sent no picture for {stream.silent_s:.0f} s; check its cable and power supply."
            )

    def _frame(self, moment: Moment) -> Frame:
        self._number += 1
        depth_mm = depth_of(moment.raw, self._table_mm)
        colour = None
        if moment.video is not None and not self._infrared:
            colour = self._aligned(moment.video, depth_mm)
        return Frame(
            depth_mm=depth_mm,
            intrinsics=self._calibration.intrinsics(),
            captured_s=moment.captured_s,
            number=self._number,
            device_timestamp_ms=moment.ticks / TICKS_PER_MS,
            timestamp_domain="Kinect v1 clock",
            serial=self._info.serial,
            is_live=lib.reports_itself(self._library),
            colour=colour,
            infrared=moment.video if self._infrared else None,
        )

    def _aligned(self, video: NDArray[np.uint8], depth_mm: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Colour in the pixels of depth: by the library with the device's own calibration, where it can."""
        if not hasattr(self._library, "freenect_map_rgb_to_depth"):
            return seen_from_depth(video, depth_mm, self._calibration)
        whole_mm, aligned = np.rint(depth_mm).astype(np.uint16), np.zeros_like(video)
        self._library.freenect_map_rgb_to_depth(
            self._device, whole_mm.ctypes.data, video.ctypes.data, aligned.ctypes.data
        )
        return aligned


def _context(library: Any) -> c.c_void_p:
    context = c.c_void_p()
    if library.freenect_init(c.byref(context), None) < 0:
        raise CameraError("The Kinect v1 library libfreenect does not start; USB may not be accessible here.")
    library.freenect_set_log_level(context, lib.ERRORS_ONLY)
    library.freenect_select_subdevices(context, lib.CAMERA)
    return context


def _serials(library: Any, context: c.c_void_p) -> tuple[str, ...]:
    if lib.reports_itself(library):
        return lib.serials(library, context)
    return tuple(str(number) for number in range(max(0, library.freenect_num_devices(context))))


def _number(target: str) -> int | None:
    """Position in the list that an address gives; no serial number is as short."""
    if not target:
        return 0
    return int(target) if target.isdecimal() and len(target) < 3 else None


def _describe(library: Any, number: int, serial: str) -> CameraInfo:
    real = lib.reports_itself(library)
    name, what = ("Kinect v1", "") if real else ("Kinect v1 dump", "replayed by fakenect, not a camera")
    settings = {"sdk": "libfreenect" if real else "fakenect"}
    return CameraInfo(f"kinect1:{serial or number}", name, serial or str(number), what, settings)


def _told(calibration: Calibration) -> dict[str, str]:
    whose = "usual" if calibration == Calibration() else "the device's own"
    return {"calibration": whose, "focal_px": f"{calibration.intrinsics().fx:.1f}"}
