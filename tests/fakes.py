"""Stand-ins that keep the camera contract, for tests of what stands behind a camera."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame, Intrinsics


def fake_frame(number: int = 0, size: tuple[int, int] = (120, 160), *, is_live: bool = True) -> Frame:
    """A (height, width) frame of a dome 700 mm away before a wall 1500 mm away; the dome drifts with the number."""
    height, width = size
    rows, columns = np.mgrid[0:height, 0:width]
    middle = width / 2 + width / 8 * np.sin(number / 10)
    inside = ((columns - middle) / (width / 8)) ** 2 + ((rows - height / 2) / (height / 4)) ** 2
    depth = np.where(inside < 1, 700 - 90 * np.sqrt(np.clip(1 - inside, 0, 1)), 1500).astype(np.uint16)
    depth[:, 0] = 0
    infrared = np.where(inside < 1, 200, 60).astype(np.uint8)
    return Frame(
        depth_mm=depth,
        intrinsics=Intrinsics(width, height, width * 0.6, width * 0.6, (width - 1) / 2, (height - 1) / 2),
        captured_s=time.monotonic(),
        number=number,
        device_timestamp_ms=1_000_000 + number * 1000 / 30,
        timestamp_domain="fake clock",
        serial="FAKE1",
        is_live=is_live,
        colour=np.repeat(infrared[..., None], 3, axis=2),
        infrared=infrared,
    )


class FakeCamera:
    """A camera that streams `make_frame(0), make_frame(1), ...` at `fps`, or as fast as it is read when `fps` is 0.

    It fails on request: `fails_to_open` and `fails_to_start` are the sentences to fail with, `ends_after` the number
    of frames of a finite source. `stall`, `resume` and `vanish` may be called from any thread while it streams;
    a vanished camera stays dead, `again` makes the one that is plugged in after it.
    """

    def __init__(
        self,
        make_frame: Callable[[int], Frame] = fake_frame,
        *,
        fps: float = 30.0,
        ends_after: int | None = None,
        fails_to_open: str = "",
        fails_to_start: str = "",
        serial: str = "FAKE1",
    ) -> None:
        self.make_frame = make_frame
        self.fps = fps
        self.ends_after = ends_after
        self.fails_to_open = fails_to_open
        self.fails_to_start = fails_to_start
        self.info = CameraInfo(f"fake:{serial}", "Fake camera", serial, "for tests")
        self.state = CameraState.CLOSED
        self.delivered = 0
        self.requests: list[StreamRequest] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._vanished = threading.Event()
        self._due_s = 0.0

    def again(self) -> "FakeCamera":
        """A new camera with the same behaviour, as one that is opened after this one."""
        return FakeCamera(
            self.make_frame,
            fps=self.fps,
            ends_after=self.ends_after,
            fails_to_open=self.fails_to_open,
            fails_to_start=self.fails_to_start,
            serial=self.info.serial,
        )

    def stall(self) -> None:
        """Deliver nothing from now on."""
        self._flowing.clear()

    def resume(self) -> None:
        """Deliver again."""
        self._flowing.set()

    def vanish(self) -> None:
        """Be unplugged: the next read raises CameraLost at once, even one that waits."""
        self._vanished.set()
        self._flowing.set()

    def open(self) -> None:
        if self.fails_to_open:
            raise CameraError(self.fails_to_open)
        self.state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        if self.state is not CameraState.CONNECTED:
            raise CameraError("The fake camera is not open.")
        if self.fails_to_start:
            raise CameraError(self.fails_to_start)
        shown = self.make_frame(0).intrinsics
        if (request.width or shown.width, request.height or shown.height) != (shown.width, shown.height):
            raise CameraError(f"The fake camera does not deliver {request.width}x{request.height}.")
        self.requests.append(request)
        self.state = CameraState.STREAMING
        self._due_s = time.monotonic()

    def read(self, timeout_s: float) -> Frame | None:
        if self.state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"The fake camera is not streaming: it is {self.state.value}.")
        if self.ends_after is not None and self.delivered >= self.ends_after:
            raise EndOfStream("The fake camera has delivered its last frame.")
        came = self._wait(timeout_s)
        if self._vanished.is_set():
            self.state = CameraState.LOST
            raise CameraLost("The fake camera FAKE1 was unplugged; plug it in again.")
        self.state = CameraState.STREAMING if came else CameraState.STALLED
        return self._next() if came else None

    def stop(self) -> None:
        if self.state in (CameraState.STREAMING, CameraState.STALLED):
            self.state = CameraState.CONNECTED

    def close(self) -> None:
        self.state = CameraState.CLOSED

    def _wait(self, timeout_s: float) -> bool:
        """Whether a frame is due within timeout_s."""
        deadline_s = time.monotonic() + timeout_s
        if not self._flowing.wait(timeout_s):
            return False
        pause_s = self._due_s - time.monotonic()
        if pause_s > 0:
            self._vanished.wait(min(pause_s, max(deadline_s - time.monotonic(), 0)))
        return time.monotonic() >= self._due_s

    def _next(self) -> Frame:
        if self.fps:
            self._due_s = max(self._due_s + 1 / self.fps, time.monotonic() - 0.1)
        frame, asked = self.make_frame(self.delivered), self.requests[-1]
        self.delivered += 1
        return replace(
            frame,
            captured_s=time.monotonic(),
            colour=frame.colour if asked.colour else None,
            infrared=frame.infrared if asked.infrared else None,
        )
