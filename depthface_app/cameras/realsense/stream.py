"""A running pipeline of the RealSense SDK, polled."""

import logging
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.realsense.filters import PostProcessing
from depthface_app.cameras.realsense.pictures import infrared, millimetres, pinhole, rgb
from depthface_app.cameras.realsense.sdk import info_of, plugged_in, sdk
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame

log = logging.getLogger(__name__)

PRESENCE_EVERY_S = 0.25
FRAMES_WAITING_AT_MOST = 6  # so that a reader that is held up for 0.2 s misses nothing
NOTED_OPTIONS = (
    "exposure", "gain", "enable_auto_exposure", "emitter_enabled", "laser_power", "depth_units", "visual_preset",
)  # fmt: skip


class Stream:
    """A running pipeline. Holds every SDK object of its camera, so that `stop` can drop them all."""

    def __init__(
        self,
        context: Any,
        config: Any,
        request: StreamRequest,
        name: str,
        filters: tuple[str, ...] = (),
        *,
        serial: str = "",
        realtime: bool = True,
    ) -> None:
        """Start it; `serial` is that of a live camera and "" for a recording. Raises CameraError."""
        rs = sdk()
        self._rs, self._context, self._request = rs, context, request
        self._serial, self._filters = serial, filters
        self._pipeline: Any = rs.pipeline(context)
        self._waiting: Any = rs.frame_queue(FRAMES_WAITING_AT_MOST) if serial else None
        self._profile: Any = _started(self._pipeline, config, self._waiting, realtime, name)
        self._align: Any = rs.align(rs.stream.depth)
        self._processing = PostProcessing(filters, self._sensor().supports(rs.option.stereo_baseline))
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
        sensor = self._sensor()
        options = {name: getattr(self._rs.option, name) for name in NOTED_OPTIONS}
        found = {name: _setting(sensor, option) for name, option in options.items() if sensor.supports(option)}
        return found | ({"filters": ",".join(self._filters)} if self._filters else {})

    def poll(self) -> Frame | None:
        """The next frame that was not delivered yet. Never waits."""
        frames = self._poll_frames()
        depth = frames.get_depth_frame() if frames else None
        if not depth:
            return None
        mark = (depth.get_frame_number(), depth.get_timestamp())
        if mark == self._shown:  # the SDK pairs one depth picture with two colour pictures
            return None
        if self._shown is not None and mark[1] < self._shown[1]:  # a recording begins again, a camera's clock was reset
            self._processing.reset()
        self._shown = mark
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        processed = self._processing.process(frames)
        return self._frame(processed, processed.get_depth_frame())

    def has_ended(self) -> bool:
        """Whether playback has stopped."""
        return self._profile.get_device().as_playback().current_status() == self._rs.playback_status.stopped

    def is_present(self) -> bool:
        """Whether the SDK still lists the camera; asked anew every PRESENCE_EVERY_S."""
        if time.monotonic() - self._asked_s >= PRESENCE_EVERY_S:
            self._asked_s = time.monotonic()
            try:
                self._present = self._serial in plugged_in(self._context)
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
        self._processing.reset()  # its blocks hold the last frames

    def _sensor(self) -> Any:
        return self._profile.get_device().first_depth_sensor()

    def _poll_frames(self) -> Any:
        """The next frameset or None. The pipeline itself keeps only one, but holds up a recording that is not paced."""
        if self._waiting is None:
            frames = self._pipeline.poll_for_frames()
            return frames if frames.size() else None
        frame = self._waiting.poll_for_frame()
        return frame.as_frameset() if frame else None

    def _frame(self, frames: Any, depth: Any) -> Frame:
        counts, scale_mm = np.asarray(depth.get_data()), depth.get_units() * 1000
        dark = infrared(frames.get_infrared_frame(), counts.shape) if self._request.infrared else None
        return Frame(
            depth_mm=millimetres(counts, scale_mm),
            intrinsics=pinhole(depth.get_profile().as_video_stream_profile().get_intrinsics()),
            captured_s=self._captured_s,
            number=depth.get_frame_number(),
            device_timestamp_ms=depth.get_timestamp(),
            timestamp_domain=depth.get_frame_timestamp_domain().name,
            depth_scale_mm=scale_mm,
            serial=self._serial or info_of(self._profile.get_device(), "serial_number"),
            is_live=bool(self._serial),
            colour=self._colour(frames) if self._request.colour else None,
            infrared=dark,
        )

    def _colour(self, frames: Any) -> NDArray[np.uint8] | None:
        """(H, W, 3) uint8 RGB in the pixels of the depth map."""
        if not frames.get_color_frame():
            return None
        colour = self._align.process(frames).get_color_frame()
        return rgb(np.asarray(colour.get_data()), colour.get_profile().format().name)


def _setting(sensor: Any, option: Any) -> str:
    """An option's value, by its name where it has one ("High Density")."""
    value = sensor.get_option(option)
    return sensor.get_option_value_description(option, value) or f"{value:g}"


def _started(pipeline: Any, config: Any, waiting: Any, realtime: bool, name: str) -> Any:
    """The profile of the running pipeline; `waiting` is None for a recording. Raises CameraError."""
    try:
        if waiting is not None:
            return pipeline.start(config, waiting)
        playback = config.resolve(sdk().pipeline_wrapper(pipeline)).get_device().as_playback()
        playback.set_real_time(realtime)
        playback.pause()  # or it plays as soon as its first sensor runs, and the others miss their first picture
        profile = pipeline.start(config)
        playback.resume()
        return profile
    except RuntimeError as error:
        raise CameraError(f"{name} does not start: {error}.") from error
