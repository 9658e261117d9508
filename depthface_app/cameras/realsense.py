"""Intel RealSense cameras, on USB or on the network, and their recordings, through the vendor's SDK.

Frames are polled. Waiting inside the SDK blocks for 17 s when a camera is unplugged, because it tries to reconnect by
itself; polling never does, so absence is noticed here: at once when the SDK no longer lists the camera, and after
SILENT_LOST_S without a picture when it still does (a cut cable). Stopping may block too and is left to a thread of its
own. Every SDK object but the context is dropped before a camera is opened again; the SDK refuses it otherwise.
"""

import functools
import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.letting_go import stop_elsewhere, wait_until_stopped
from depthface_app.cameras.realsense_modes import live_config
from depthface_app.cameras.realsense_pictures import infrared, millimetres, pinhole, rgb
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame

log = logging.getLogger(__name__)

POLL_S = 0.002
PRESENCE_EVERY_S = 0.25
FIRST_PICTURE_S = 6.0
SILENT_LOST_S = 1.8
NETWORK_DISCOVERY_S = 3.0
LISTING_S = 2.0
FRAMES_WAITING_AT_MOST = 6  # so that a reader that is held up for 0.2 s misses nothing
ENDED_S = 0.3
NOTED_OPTIONS = (
    "exposure", "gain", "enable_auto_exposure", "emitter_enabled", "laser_power", "depth_units", "visual_preset",
)  # fmt: skip
NOTED_INFO = ("name", "serial_number", "firmware_version", "product_line", "usb_type_descriptor", "connection_type")


@dataclass(frozen=True, slots=True)
class RealSenseSettings:
    """How the SDK is used.

    dds_domain:    0 to 232: look for networked cameras in this DDS domain; None: USB only
    dds_addresses: addresses of this computer that DDS may use; empty means all of them
    options:       SDK option name → value for the depth sensor, e.g. {"emitter_enabled": 1}; set at start
    """

    dds_domain: int | None = None
    dds_addresses: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)


def find_realsense(settings: RealSenseSettings) -> tuple[CameraInfo, ...]:
    """Every camera that is plugged in now, or answers on the network within NETWORK_DISCOVERY_S.

    Raises:
        CameraError: the SDK is not installed, or does not start.
    """
    _sdk()
    return tuple(_describe(device) for device in _discover(settings, "").values())


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
        self._stream: _Stream | None = None

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
            self._info, self._recorded_px = _describe_file(self._file)
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
        found = _discover(self._settings, self._serial)
        if not found:
            raise CameraError("No RealSense camera is connected; plug one in, or choose another source.")
        if self._serial and self._serial not in found:
            raise CameraError(f"No RealSense camera {self._serial} is connected, only {', '.join(found)}.")
        return _describe(found[self._serial or next(iter(found))])

    def _begin(self, request: StreamRequest) -> "_Stream":
        try:
            return self._go_live(request) if self._file is None else self._play(self._file, request)
        except CameraError as error:
            # whoever keeps the error must not keep the SDK's objects in its frames: they bar the next start
            traceback.clear_frames(error.__traceback__)
            raise

    def _go_live(self, request: StreamRequest) -> "_Stream":
        context = _context(self._settings.dds_domain, self._settings.dds_addresses)
        device = _discover(self._settings, self._info.serial).get(self._info.serial)
        if device is None:
            raise CameraError(f"{self._name} is not connected any more; plug it in again.")
        _set_options(device, self._settings.options, self._name)
        config = live_config(_sdk(), device, request, self._name)
        return _Stream(context, config, request, self._name, serial=self._info.serial)

    def _play(self, file: Path, request: StreamRequest) -> "_Stream":
        height, width = self._recorded_px
        if (request.width or width, request.height or height) != (width, height):
            raise CameraError(
                f"{self._name} was made at {width}x{height}, not at the size asked for "
                f"({request.width}x{request.height}); leave the size to the recording."
            )
        context, config = _context(None, ()), _file_config(file, self._loop)
        return _Stream(context, config, request, self._name, realtime=self._realtime)

    def _check(self, stream: "_Stream") -> None:
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


class _Stream:
    """A running pipeline. Holds every SDK object of its camera, so that `stop` can drop them all."""

    def __init__(
        self, context: Any, config: Any, request: StreamRequest, name: str, *, serial: str = "", realtime: bool = True
    ) -> None:
        """Start it; `serial` is that of a live camera and "" for a recording. Raises CameraError."""
        rs = _sdk()
        self._rs, self._context, self._request = rs, context, request
        self._serial = serial
        self._pipeline: Any = rs.pipeline(context)
        self._waiting: Any = rs.frame_queue(FRAMES_WAITING_AT_MOST) if serial else None
        self._profile: Any = _started(self._pipeline, config, self._waiting, realtime, name)
        self._align: Any = rs.align(rs.stream.depth)
        self._shown: tuple[int, float] | None = None
        self._captured_s = self._asked_s = time.monotonic()
        self._present = True

    @property
    def has_delivered(self) -> bool:
        """Whether any frame has come yet."""
        return self._shown is not None

    @property
    def silent_s(self) -> float:
        """Seconds since the last frame, or since the start."""
        return time.monotonic() - self._captured_s

    def controls(self) -> dict[str, str]:
        """How the depth sensor is set, as text."""
        sensor = self._profile.get_device().first_depth_sensor()
        options = {name: getattr(self._rs.option, name) for name in NOTED_OPTIONS}
        return {name: f"{sensor.get_option(option):g}" for name, option in options.items() if sensor.supports(option)}

    def poll(self) -> Frame | None:
        """The next frame that was not delivered yet. Never waits."""
        frames = self._poll_frames()
        depth = frames.get_depth_frame() if frames else None
        if not depth:
            return None
        mark = (depth.get_frame_number(), depth.get_timestamp())
        if mark == self._shown:  # the SDK pairs one depth picture with two colour pictures
            return None
        self._shown = mark
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        return self._frame(frames, depth)

    def has_ended(self) -> bool:
        """Whether playback has stopped."""
        return self._profile.get_device().as_playback().current_status() == self._rs.playback_status.stopped

    def is_present(self) -> bool:
        """Whether the SDK still lists the camera; asked anew every PRESENCE_EVERY_S."""
        if time.monotonic() - self._asked_s >= PRESENCE_EVERY_S:
            self._asked_s = time.monotonic()
            try:
                self._present = self._serial in _plugged_in(self._context)
            except RuntimeError as error:  # some device comes or goes at this moment; ask again
                log.info("while listing cameras: %s", error)
        return self._present

    def stop(self) -> None:
        """Stop and drop every SDK object; may block for seconds if the camera is gone."""
        try:
            self._pipeline.stop()
        except RuntimeError as error:
            log.info("while stopping: %s", error)
        self._pipeline = self._waiting = self._profile = self._align = self._context = None

    def _poll_frames(self) -> Any:
        """The next frameset or None. The pipeline itself keeps only one, but holds up a recording that is not paced."""
        if self._waiting is None:
            frames = self._pipeline.poll_for_frames()
            return frames if frames.size() else None
        frame = self._waiting.poll_for_frame()
        return frame.as_frameset() if frame else None

    def _frame(self, frames: Any, depth: Any) -> Frame:
        counts, scale_mm = np.asarray(depth.get_data()), depth.get_units() * 1000
        return Frame(
            depth_mm=millimetres(counts, scale_mm),
            intrinsics=pinhole(depth.get_profile().as_video_stream_profile().get_intrinsics()),
            captured_s=self._captured_s,
            number=depth.get_frame_number(),
            device_timestamp_ms=depth.get_timestamp(),
            timestamp_domain=depth.get_frame_timestamp_domain().name,
            depth_scale_mm=scale_mm,
            serial=self._serial or _info(self._profile.get_device(), "serial_number"),
            is_live=bool(self._serial),
            colour=self._colour(frames) if self._request.colour else None,
            infrared=infrared(frames.get_infrared_frame()) if self._request.infrared else None,
        )

    def _colour(self, frames: Any) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB in the pixels of the depth map."""
        if not frames.get_color_frame():
            return None
        colour = self._align.process(frames).get_color_frame()
        return rgb(np.asarray(colour.get_data()), colour.get_profile().format().name)


def _sdk() -> Any:
    """The SDK, imported when it is first needed. Raises CameraError if it cannot be."""
    try:
        import pyrealsense2
    except ImportError as error:
        raise CameraError(
            f"The RealSense SDK cannot be loaded ({error}); install pyrealsense2 and, on Linux, libusb-1.0."
        ) from error
    return pyrealsense2


@functools.cache
def _context(dds_domain: int | None, dds_addresses: tuple[str, ...]) -> Any:
    """The SDK's world, kept for good: making a second one for the same network domain does not work properly."""
    dds: dict[str, Any] = {"enabled": False}
    if dds_domain is not None:
        # 0 s: `_discover` does the waiting, and stops when it has found what it looks for
        dds = {"enabled": True, "domain": dds_domain, "participant": "depthface"}
        dds |= {"query-devices-min": 0, "query-devices-max": 0}
        dds |= {"udp": {"whitelist": list(dds_addresses)}} if dds_addresses else {}
    try:
        return _sdk().context({"dds": dds})
    except RuntimeError as error:
        raise CameraError(f"The RealSense SDK does not start: {error}.") from error


def _plugged_in(context: Any) -> dict[str, Any]:
    """Serial number → device, for everything that the SDK lists now; RuntimeError if one goes while it is asked."""
    return {_info(device, "serial_number"): device for device in context.query_devices()}


def _discover(settings: RealSenseSettings, serial: str) -> dict[str, Any]:
    """What is plugged in; on a network, once `serial` is among it or NETWORK_DISCOVERY_S have passed."""
    context = _context(settings.dds_domain, settings.dds_addresses)
    deadline_s = time.monotonic() + (0.0 if settings.dds_domain is None else NETWORK_DISCOVERY_S)
    while True:
        try:
            found = _plugged_in(context)
            if serial in found or (found and not serial) or time.monotonic() >= deadline_s:
                return found
        except RuntimeError as error:
            if time.monotonic() >= deadline_s + LISTING_S:
                raise CameraError(f"The RealSense SDK cannot list its cameras: {error}.") from error
        time.sleep(0.02)


def _info(device: Any, name: str) -> str:
    info = getattr(_sdk().camera_info, name)
    return str(device.get_info(info)) if device.supports(info) else ""


def _describe(device: Any) -> CameraInfo:
    facts = {name: text for name in NOTED_INFO if (text := _info(device, name))}
    firmware, usb, serial = (
        facts.get(name, "") for name in ("firmware_version", "usb_type_descriptor", "serial_number")
    )
    parts = (f"firmware {firmware}" if firmware else "", f"USB {usb}" if usb else facts.get("connection_type", ""))
    return CameraInfo(
        source=f"realsense:{serial}",
        name=facts.get("name", "RealSense"),
        serial=serial,
        detail=", ".join(part for part in parts if part),
        settings=facts | {"sdk": f"pyrealsense2 {_sdk().__version__}"},
    )


def _describe_file(file: Path) -> tuple[CameraInfo, tuple[int, int]]:
    """What a recording was made with, and (height, width) of its depth.

    Raises:
        CameraError: it is missing, no recording, or has no depth.
    """
    if not file.is_file():
        raise CameraError(f"The recording {file} does not exist.")
    rs = _sdk()
    try:
        profile = _file_config(file, False).resolve(rs.pipeline_wrapper(rs.pipeline(_context(None, ()))))
    except RuntimeError as error:
        reason = str(error).rpartition("Reason: ")[2].rstrip(" []\n.")
        raise CameraError(f"{file} cannot be read as a RealSense recording: {reason}.") from error
    depths = [stream for stream in profile.get_streams() if stream.stream_type() == rs.stream.depth]
    if not depths:
        raise CameraError(f"The RealSense recording {file} has no depth stream.")
    made_with, mode = _describe(profile.get_device()), depths[0].as_video_stream_profile()
    info = replace(made_with, source=f"realsense:{file}", name=file.name, detail=f"recorded with {made_with.name}")
    return info, (mode.height(), mode.width())


def _file_config(file: Path, loop: bool) -> Any:
    config = _sdk().config()
    config.enable_device_from_file(str(file), repeat_playback=loop)
    return config


def _set_options(device: Any, options: Mapping[str, float], name: str) -> None:
    """Set the depth sensor's options. Raises CameraError if it lacks one or refuses a value."""
    rs = _sdk()
    sensor = device.first_depth_sensor()
    for option, value in options.items():
        known = rs.option.__members__.get(option)
        if known is None or not sensor.supports(known):
            raise CameraError(f"{name} has no option {option}.")
        try:
            sensor.set_option(known, value)
        except RuntimeError as error:
            raise CameraError(f"{name} refuses {option} = {value}: {error}.") from error


def _started(pipeline: Any, config: Any, waiting: Any, realtime: bool, name: str) -> Any:
    """The profile of the running pipeline; `waiting` is None for a recording. Raises CameraError."""
    try:
        if waiting is not None:
            return pipeline.start(config, waiting)
        playback = config.resolve(_sdk().pipeline_wrapper(pipeline)).get_device().as_playback()
        playback.set_real_time(realtime)
        playback.pause()  # or it plays as soon as its first sensor runs, and the others miss their first picture
        profile = pipeline.start(config)
        playback.resume()
        return profile
    except RuntimeError as error:
        raise CameraError(f"{name} does not start: {error}.") from error
