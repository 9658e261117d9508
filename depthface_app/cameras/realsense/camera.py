"""Intel RealSense cameras, on USB or on the network, and their recordings, through the vendor's SDK.

Frames are polled. Waiting inside the SDK blocks for 17 s when a camera is unplugged, because it tries to reconnect by
itself; polling never does, so absence is noticed here: at once when the SDK no longer lists the camera, and after
SILENT_LOST_S without a picture when it still does (a cut cable). Stopping may block too and is left to a thread of its
own. Every SDK object but the context is dropped before a camera is opened again; the SDK refuses it otherwise.
"""

import time
import traceback
from dataclasses import replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.letting_go import stop_elsewhere, wait_until_stopped
from depthface_app.cameras.realsense.controls import set_up
from depthface_app.cameras.realsense.describing import describe, describe_file, file_config
from depthface_app.cameras.realsense.modes import live_config
from depthface_app.cameras.realsense.sdk import discover, sdk, shared_context
from depthface_app.cameras.realsense.settings import RealSenseSettings
from depthface_app.cameras.realsense.stream import PRESENCE_EVERY_S, Stream
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame

POLL_S = 0.002
FIRST_PICTURE_S = 6.0
SILENT_LOST_S = 1.8
ENDED_S = 0.3


def find_realsense(settings: RealSenseSettings) -> tuple[CameraInfo, ...]:
    """Every camera that is plugged in now, or answers on the network within NETWORK_DISCOVERY_S.

    Raises:
        CameraError: the SDK is not installed, or does not start.
    """
    sdk()
    return tuple(describe(device) for device in discover(settings, "").values())


class RealSenseCamera:
    """One RealSense camera, or a recording made with one. Lives on the camera thread."""

    def __init__(
        self,
        serial: str = "",
        *,
        file: Path | None = None,
        loop: bool = False,
        realtime: bool = True,
        settings: RealSenseSettings | None = None,
    ) -> None:
        """Name the camera by its serial number, or "" for the first; or a .bag or .db3 file, played instead."""
        self._settings = settings or RealSenseSettings()
        self._serial = serial
        self._file = file
        self._loop = loop
        self._realtime = realtime
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"realsense:{file or serial}", file.name if file else "RealSense", serial)
        self._recorded_px = (0, 0)
        self._stream: Stream | None = None

    @property
    def info(self) -> CameraInfo:
        """Which camera it is; `settings` has the SDK's version and, once started, the sensor's controls."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Find the camera or file. Raises CameraError if it is not there, is not readable, or has no depth."""
        if self._file is None:
            self._info = self._find()
        else:
            self._info, self._recorded_px = describe_file(self._file)
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to stream. Raises CameraError if the camera cannot deliver what was asked for."""
        if self._state is not CameraState.CONNECTED:
            raise CameraError(f"{self._name} cannot start while it is {self._state.value}; open it first.")
        wait_until_stopped(self._key, self._name)
        self._stream = self._begin(request)
        self._info = replace(self._info, settings=self._info.settings | self._stream.controls())
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s.

        Raises:
            CameraLost: the camera was unplugged, or has been silent for SILENT_LOST_S.
            EndOfStream: the recording is over and does not loop.
        """
        stream = self._stream
        if stream is None or self._state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"{self._name} does not stream: it is {self._state.value}.")
        deadline_s = time.monotonic() + timeout_s
        while (frame := stream.poll()) is None:
            self._check(stream)
            if time.monotonic() >= deadline_s:
                self._become(CameraState.STALLED)
                return None
            time.sleep(POLL_S)
        self._become(CameraState.STREAMING)
        return frame

    def stop(self) -> None:
        """End streaming; `start` may follow, and plays a recording from its beginning."""
        self._release()
        self._become(CameraState.CONNECTED)

    def close(self) -> None:
        """Let go of the camera; takes no longer than STOP_WAIT_S."""
        self._state = CameraState.CLOSED
        self._release()

    @property
    def _name(self) -> str:
        return f"The recording {self._file}" if self._file else f"{self._info.name} {self._info.serial}".strip()

    @property
    def _key(self) -> str:
        """What can be used only once at a time."""
        return str(self._file) if self._file else self._info.serial

    def _become(self, state: CameraState) -> None:
        if self._state not in (CameraState.CLOSED, CameraState.LOST):
            self._state = state

    def _find(self) -> CameraInfo:
        found = discover(self._settings, self._serial)
        if not found:
            raise CameraError("No RealSense camera is connected; plug one in, or choose another source.")
        if self._serial and self._serial not in found:
            raise CameraError(f"No RealSense camera {self._serial} is connected, only {', '.join(found)}.")
        return describe(found[self._serial or next(iter(found))])

    def _begin(self, request: StreamRequest) -> Stream:
        try:
            return self._go_live(request) if self._file is None else self._play(self._file, request)
        except CameraError as error:
            # whoever keeps the error must not keep the SDK's objects in its frames: they bar the next start
            traceback.clear_frames(error.__traceback__)
            raise

    def _go_live(self, request: StreamRequest) -> Stream:
        context = shared_context(self._settings.dds_domain, self._settings.dds_addresses)
        device = discover(self._settings, self._info.serial).get(self._info.serial)
        if device is None:
            raise CameraError(f"{self._name} is not connected any more; plug it in again.")
        set_up(device, self._settings, self._name)
        config = live_config(sdk(), device, self._completed(request), self._name)
        return Stream(context, config, request, self._name, self._settings.filters, serial=self._info.serial)

    def _play(self, file: Path, request: StreamRequest) -> Stream:
        height, width = self._recorded_px
        if (request.width or width, request.height or height) != (width, height):
            raise CameraError(
                f"{self._name} was made at {width}x{height}, not at the size asked for "
                f"({request.width}x{request.height}); leave the size to the recording."
            )
        context, config = shared_context(None, ()), file_config(file, self._loop)
        return Stream(context, config, request, self._name, self._settings.filters, realtime=self._realtime)

    def _completed(self, request: StreamRequest) -> StreamRequest:
        """What the caller leaves open is filled in from the settings."""
        mine = self._settings
        return replace(
            request,
            width=request.width or mine.width,
            height=request.height or mine.height,
            fps=request.fps or mine.fps,
        )

    def _check(self, stream: Stream) -> None:
        """Raise if no further frame can be expected."""
        silent_s, begun = stream.silent_s, stream.has_delivered
        if self._file is not None:
            if not self._loop and silent_s > (ENDED_S if begun else FIRST_PICTURE_S) and stream.has_ended():
                raise EndOfStream(f"{self._name} has ended.")
        elif silent_s > PRESENCE_EVERY_S and not stream.is_present():
            self._lose("was unplugged; plug it in again")
        elif silent_s > (SILENT_LOST_S if begun else FIRST_PICTURE_S):
            self._lose(f"has sent no picture for {silent_s:.1f} s; check its cable")

    def _lose(self, what: str) -> None:
        self._become(CameraState.LOST)
        raise CameraLost(f"{self._name} {what}.")

    def _release(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stop_elsewhere(self._key, stream.stop)
