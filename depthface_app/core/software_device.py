"""A depth stream of our own pictures for the RealSense SDK, whose blocks take nothing but its own frames.

The SDK is handed in, so that the program and the evaluation run the vendor's code in the same way and only they import
it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT_MM = 0.5  # the spatial block compares neighbours within at most 50 units, so finer ones would leave noise alone
_WAIT_MS = 2000
_FRAME_MS = 1000 / 30


class SoftwareDevice:
    """Square pictures in, the SDK's frames out. Belongs to one thread."""

    def __init__(self, rs: Any, side_px: int) -> None:
        """Make the device and its depth stream.

        Args:
            rs: the module pyrealsense2.
        """
        self._rs, self._side_px, self._number = rs, side_px, 0
        self._device, self._queue = rs.software_device(), rs.frame_queue(1)
        self._sensor = self._device.add_sensor("Depth")
        stream = rs.video_stream()
        stream.type, stream.fmt, stream.bpp = rs.stream.depth, rs.format.z16, 2
        stream.index, stream.uid, stream.width, stream.height, stream.fps = 0, 0, side_px, side_px, 30
        pinhole = rs.intrinsics()
        pinhole.width, pinhole.height, pinhole.fx, pinhole.fy = side_px, side_px, 400, 400
        pinhole.ppx, pinhole.ppy = side_px / 2, side_px / 2
        stream.intrinsics = pinhole
        self._profile = self._sensor.add_video_stream(stream)
        self._sensor.add_read_only_option(rs.option.depth_units, UNIT_MM / 1000)
        self._sensor.open(self._profile)
        self._sensor.start(self._queue)

    def frame(self, depth_mm: NDArray[np.float32]) -> Any:
        """(side_px, side_px) float32 mm, NaN = no reading, as the next frame of the stream, in steps of UNIT_MM."""
        rs = self._rs
        self._number += 1
        frame = rs.software_video_frame()
        frame.pixels = np.round(np.nan_to_num(depth_mm) / UNIT_MM).astype(np.uint16)
        frame.stride, frame.bpp, frame.timestamp = self._side_px * 2, 2, self._number * _FRAME_MS
        frame.frame_number, frame.depth_units = self._number, UNIT_MM / 1000
        frame.domain, frame.profile = rs.timestamp_domain.system_time, self._profile.as_video_stream_profile()
        self._sensor.on_video_frame(frame)
        return self._queue.wait_for_frame(_WAIT_MS)


def depth_of(frame: Any) -> NDArray[np.float32]:
    """(side_px, side_px) float32 mm of a frame that went through blocks, NaN = no reading."""
    depth = np.asarray(frame.get_data()).astype(np.float32) * np.float32(UNIT_MM)
    return np.where(depth > 0, depth, np.float32(np.nan))
