"""The streams of an open Kinect v1, and the thread that serves libfreenect while they run."""

import contextlib
import ctypes as c
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.kinect1 import library as lib
from depthface_app.cameras.kinect1.geometry import HEIGHT, WIDTH
from depthface_app.core.errors import CameraError

SERVING_S = 0.1
END_WAIT_S = 2.0
MOMENTS_WAITING_AT_MOST = 6  # so that a reader that is held up for 0.2 s misses nothing


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """Raw depth, the video picture that came last before it, and when."""

    raw: NDArray[np.uint16]
    video: NDArray[np.uint8] | None
    ticks: int
    captured_s: float


class Stream:
    """Both streams of an open device, and the thread that serves the library."""

    def __init__(self, library: Any, context: c.c_void_p, device: c.c_void_p, video: int | None) -> None:
        self._library, self._context, self._device, self._video = library, context, device, video
        self._moments: queue.SimpleQueue[Moment | None] = queue.SimpleQueue()
        self._video_shape: tuple[int, ...] = ()
        self._picture: NDArray[np.uint8] | None = None
        self._ticks = 0
        self._last_s = time.monotonic()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="kinect1", daemon=True)
        # the library keeps only their addresses
        self._on_depth, self._on_video = lib.OnPicture(self._take_depth), lib.OnPicture(self._take_video)

    @property
    def silent_s(self) -> float:
        """Seconds since the last depth picture, or since the beginning."""
        return time.monotonic() - self._last_s

    @property
    def has_ended(self) -> bool:
        """Whether the library says that there will be nothing more."""
        return self._ended.is_set()

    def begin(self, name: str) -> None:
        """Start what was chosen. Raises CameraError if the library refuses."""
        library = self._library
        library.freenect_set_depth_callback(self._device, self._on_depth)
        refused = library.freenect_set_depth_mode(
            self._device, library.freenect_find_depth_mode(lib.MEDIUM, lib.DEPTH_11_BIT)
        )
        refused = refused or library.freenect_start_depth(self._device)
        if self._video is not None:
            mode = library.freenect_find_video_mode(lib.MEDIUM, self._video)
            self._video_shape = (mode.height, mode.width) if self._video != lib.VIDEO_RGB else (HEIGHT, WIDTH, 3)
            library.freenect_set_video_callback(self._device, self._on_video)
            refused = refused or library.freenect_set_video_mode(self._device, mode)
            refused = refused or library.freenect_start_video(self._device)
        if refused:
            raise CameraError(f"{name} does not start its streams; plug it in again, into another USB port if need be.")
        self._thread.start()

    def next(self, timeout_s: float) -> Moment | None:
        """The oldest moment that waits, None if none came within timeout_s or the stream has ended."""
        with contextlib.suppress(queue.Empty):
            return self._moments.get(timeout=timeout_s) if timeout_s > 0 else self._moments.get_nowait()
        return None

    def end(self) -> None:
        """Stop both streams, once nobody serves them any more."""
        self._stopping.set()
        self._thread.join(END_WAIT_S)
        if self._thread.is_alive():
            raise CameraError("The Kinect v1 library does not come back; its process has to be ended.")
        self._library.freenect_stop_depth(self._device)
        if self._video is not None:
            self._library.freenect_stop_video(self._device)

    def _serve(self) -> None:
        wait = lib.Timeval(0, int(SERVING_S * 1e6))
        while not self._stopping.is_set():
            if self._library.freenect_process_events_timeout(self._context, c.byref(wait)) < 0:
                self._ended.set()
                self._moments.put(None)  # whoever waits need not wait any longer
                return

    def _take_depth(self, _: int, picture: int, ticks: int) -> None:
        raw = np.ctypeslib.as_array(c.cast(picture, c.POINTER(c.c_uint16)), (HEIGHT, WIDTH)).copy()
        # the counter has 32 bits and starts again every 72 s
        self._ticks += (ticks - self._ticks) % 2**32
        self._last_s = max(time.monotonic(), self._last_s + 1e-6)
        if self._moments.qsize() >= MOMENTS_WAITING_AT_MOST:
            self.next(0)
        self._moments.put(Moment(raw, self._picture, self._ticks, self._last_s))

    def _take_video(self, _: int, picture: int, __: int) -> None:
        shown = np.ctypeslib.as_array(c.cast(picture, c.POINTER(c.c_uint8)), self._video_shape)
        self._picture = shown[:HEIGHT].copy()
