"""One Orbbec camera, or a recording of the vendor's. Lives in a process of its own (`settings.orbbec`)."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.orbbec.sdk import describe, plugged_in, sdk
from depthface_app.cameras.orbbec.streams import Streams, chosen
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame, Intrinsics

PRESENCE_EVERY_S = 0.5
FIRST_PICTURE_S = 8.0
SILENT_LOST_S = 3.0
ENDED_S = 0.3
MAGIC = b"#ROSBAG V2.0\n"


class OrbbecCamera:
    """The camera contract on the vendor's pipeline. Frames are polled, since callbacks need the interpreter's lock."""

    def __init__(self, serial: str = "", file: Path | None = None) -> None:
        """Name the camera by its serial number, "" for the first; or a .bag file, played instead."""
        self._serial = serial
        self._file = file
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"orbbec:{file or serial}", file.name if file else "Orbbec", serial)
        self._context: Any = None
        self._device: Any = None
        self._pipeline: Any = None
        self._align: Any = None
        self._streams: Streams | None = None
        self._captured_s = self._asked_s = 0.0
        self._has_delivered = False

    @property
    def info(self) -> CameraInfo:
        """Which camera it is, its firmware and the SDK's version."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Find the camera or file. Raises CameraError if the SDK is missing, or the camera is not there."""
        ob = sdk()
        if self._file is not None:
            self._device = _recorded(ob, self._file)
        else:
            self._context = ob.Context()
            self._device = self._find()
        self._info = describe(self._device, self._file)
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to stream. Raises CameraError if the camera has no such depth mode, or does not start."""
        if self._state is not CameraState.CONNECTED:
            raise CameraError(f"{self._name} cannot start while it is {self._state.value}; open it first.")
        ob = sdk()
        pipeline = ob.Pipeline(self._device)
        self._streams = chosen(ob, pipeline, request, self._name)
        self._align = ob.AlignFilter(ob.OBStreamType.DEPTH_STREAM) if self._streams.colour else None
        try:
            pipeline.enable_frame_sync()
            pipeline.start(self._streams.config(ob))
        except RuntimeError as error:
            raise CameraError(f"{self._name} does not start: {error}.") from error
        self._pipeline = pipeline
        self._captured_s, self._has_delivered = time.monotonic(), False
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s.

        Raises:
            CameraLost: the camera was unplugged, or has been silent for SILENT_LOST_S.
            EndOfStream: the recording is over.
        """
        if self._pipeline is None or self._streams is None:
            raise CameraError(f"{self._name} does not stream: it is {self._state.value}.")
        deadline_s = time.monotonic() + timeout_s
        while True:
            wait_ms = min(1000 * (deadline_s - time.monotonic()), 100)
            frames = self._pipeline.wait_for_frames(max(1, round(wait_ms)))
            depth = frames.get_depth_frame() if frames else None
            if depth:
                self._state, self._has_delivered = CameraState.STREAMING, True
                return self._frame(frames, depth)
            self._check()
            if time.monotonic() >= deadline_s:
                self._state = CameraState.STALLED
                return None

    def stop(self) -> None:
        """End streaming; `start` may follow, and plays a recording from its beginning."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.stop()
            self._state = CameraState.CONNECTED

    def close(self) -> None:
        """Let go of the camera."""
        self.stop()
        self._device = self._context = self._align = None
        self._state = CameraState.CLOSED

    @property
    def _name(self) -> str:
        return f"The recording {self._file}" if self._file else f"{self._info.name} {self._info.serial}".strip()

    def _find(self) -> Any:
        found = plugged_in(self._context)
        if not found:
            raise CameraError("No Orbbec camera is connected; plug one in, or choose another source.")
        if self._serial and self._serial not in found:
            raise CameraError(f"No Orbbec camera {self._serial} is connected, only {', '.join(found)}.")
        return found[self._serial or next(iter(found))]

    def _check(self) -> None:
        """Raise if no further frame can be expected."""
        silent_s = time.monotonic() - self._captured_s
        if self._file is not None:
            stopped = self._device.get_playback_status() == sdk().OBPlaybackStatus.STOPPED
            if stopped and silent_s > (ENDED_S if self._has_delivered else FIRST_PICTURE_S):
                self._state = CameraState.LOST
                raise EndOfStream(f"{self._name} has ended.")
        elif silent_s > PRESENCE_EVERY_S and not self._is_present():
            self._lose("was unplugged; plug it in again")
        elif silent_s > (SILENT_LOST_S if self._has_delivered else FIRST_PICTURE_S):
            self._lose(f"has sent no picture for {silent_s:.1f} s; check its cable and power supply")

    def _lose(self, what: str) -> None:
        self._state = CameraState.LOST
        raise CameraLost(f"{self._name} {what}.")

    def _is_present(self) -> bool:
        """Whether the SDK still lists the camera; asked anew every PRESENCE_EVERY_S."""
        if time.monotonic() - self._asked_s < PRESENCE_EVERY_S:
            return True
        self._asked_s = time.monotonic()
        return self._info.serial in plugged_in(self._context)

    def _frame(self, frames: Any, depth: Any) -> Frame:
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        profile = depth.get_stream_profile().as_video_stream_profile()
        scale_mm = depth.get_depth_scale()
        counts = _picture(depth, np.dtype(np.uint16))
        return Frame(
            depth_mm=counts if abs(scale_mm - 1) < 1e-6 else counts.astype(np.float32) * np.float32(scale_mm),
            intrinsics=_pinhole(profile.get_intrinsic()),
            captured_s=self._captured_s,
            number=depth.get_index(),
            device_timestamp_ms=depth.get_timestamp_us() / 1000,
            timestamp_domain="Orbbec device clock",
            depth_scale_mm=scale_mm,
            serial=self._info.serial,
            is_live=self._file is None,
            colour=self._colour(frames),
            infrared=self._infrared(frames),
        )

    def _colour(self, frames: Any) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB in the pixels of the depth map."""
        if self._align is None or not frames.get_color_frame():
            return None
        aligned = self._align.process(frames).as_frame_set().get_color_frame()
        if not aligned:
            return None
        return _picture(aligned, np.dtype(np.uint8), channels=3).astype(np.uint8)

    def _infrared(self, frames: Any) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
        assert self._streams is not None  # set since `start`
        if self._streams.infrared is None:
            return None
        ob = sdk()
        frame = frames.get_frame(self._streams.infrared_frame)
        if not frame:
            return None
        video = frame.as_video_frame()
        grey = np.dtype(np.uint8) if video.get_format() == ob.OBFormat.Y8 else np.dtype(np.uint16)
        return _picture(video, grey)


def _recorded(ob: Any, file: Path) -> Any:
    if not file.is_file():
        raise CameraError(f"The recording {file} does not exist.")
    with file.open("rb") as content:
        if content.read(len(MAGIC)) != MAGIC:  # the SDK may read for ever in a file of another kind
            raise CameraError(f"{file} is no Orbbec recording: it does not begin as a ROS bag of version 2.0 does.")
    try:
        return ob.PlaybackDevice(str(file))
    except RuntimeError as error:
        reason = str(error).splitlines()[0] if str(error) else "it gave no reason"
        raise CameraError(f"{file} cannot be read as an Orbbec recording: {reason.rstrip('.')}.") from error


def _picture(frame: Any, kind: np.dtype[Any], channels: int = 1) -> NDArray[Any]:
    """A copy of the frame's picture, (H, W) or (H, W, channels). Raises CameraError if its data is cut short."""
    height, width = frame.get_height(), frame.get_width()
    data = np.asarray(frame.get_data()).reshape(-1).view(np.uint8)
    size = height * width * channels * kind.itemsize
    if data.size < size:
        raise CameraError(f"The Orbbec SDK delivered {data.size} bytes for a picture of {width}x{height}.")
    picture = data[:size].view(kind).copy()
    return picture.reshape(height, width) if channels == 1 else picture.reshape(height, width, channels)


def _pinhole(intrinsic: Any) -> Intrinsics:
    return Intrinsics(intrinsic.width, intrinsic.height, intrinsic.fx, intrinsic.fy, intrinsic.cx, intrinsic.cy)
