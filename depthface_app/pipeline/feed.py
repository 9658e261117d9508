"""The camera thread: opens, reads, hands on, and opens again what was lost."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera, StreamRequest
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame
from depthface_app.pipeline.faults import FaultBoard, FaultSource

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 0.2  # also how long a stop may wait for a camera that sends nothing


class FeedState(Enum):
    """What the picture is doing, in words a person understands."""

    IDLE = "idle"
    STARTING = "starting"
    STREAMING = "streaming"
    STALLED = "stalled"
    PAUSED = "paused"
    RECOVERING = "recovering"
    FAILED = "failed"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Supervision:
    """How patient the program is with a camera.

    stall_after_s: without a frame for this long the camera counts as stalled
    pauses_s:      waits before each try to open a lost camera again; after the last one somebody has to act
    """

    stall_after_s: float = 1.0
    pauses_s: tuple[float, ...] = (0.3, 0.5, 1, 1, 2, 2, 3, 3, 5, 5, 5, 5)


class CameraFeed:
    """`run` lives on the camera thread; everything else may be called from any thread."""

    def __init__(
        self,
        make_camera: Callable[[], DepthCamera],
        request: StreamRequest,
        supervision: Supervision,
        deliver: Callable[[Frame], None],
        board: FaultBoard,
    ) -> None:
        """Keep the parts.

        Args:
            make_camera: a new camera, not opened; called again after one was lost.
            deliver: takes every frame on the camera thread and must not wait.
        """
        self._make_camera = make_camera
        self._request = request
        self._supervision = supervision
        self._deliver = deliver
        self._board = board
        self._lock = threading.Lock()
        self._state = FeedState.IDLE
        self._camera: DepthCamera | None = None
        self._info: CameraInfo | None = None
        self._last_frame_s = 0.0
        self._stopping = threading.Event()
        self._retry = threading.Event()

    @property
    def state(self) -> FeedState:
        """What the picture is doing now; true even while a call into an SDK hangs."""
        with self._lock:
            late = time.monotonic() - self._last_frame_s > self._supervision.stall_after_s
            return FeedState.STALLED if self._state is FeedState.STREAMING and late else self._state

    @property
    def info(self) -> CameraInfo | None:
        """The camera that is or was last open."""
        with self._lock:
            return self._info

    @property
    def camera(self) -> DepthCamera | None:
        """The camera that was opened last, to be asked for what it alone can do; it may be closed."""
        with self._lock:
            return self._camera

    def retry(self) -> None:
        """Open the camera again at once: after giving up, during a pause, or after the end of a recording."""
        self._retry.set()

    def stop(self) -> None:
        """Ask the thread to end; it does so within READ_TIMEOUT_S unless the camera hangs."""
        self._stopping.set()
        self._retry.set()

    def close_camera(self) -> None:
        """Close a camera that hangs, from outside, which its contract allows."""
        with self._lock:
            camera = self._camera
        if camera is not None:
            camera.close()

    def watch(self) -> None:
        """Raise the fault of a stall. Called from a thread that does not hang when the camera does."""
        if self.state is FeedState.STALLED:
            name = self._info.name if self._info else "The camera"
            self._board.raise_fault(
                FaultSource.CAMERA,
                f"{name} has sent nothing for over {self._supervision.stall_after_s:g} s; check its cable and power.",
                recovering=True,
            )

    def run(self) -> None:
        """The camera thread."""
        try:
            while not self._stopping.is_set():
                self._live_once()
        except Exception as error:  # top of a thread: nobody else would tell the person at the screen
            log.exception("the camera thread failed")
            message = f"The camera stopped for an unforeseen reason ({error}); choose the source again."
            self._enter(FeedState.FAILED)
            self._board.raise_fault(FaultSource.CAMERA, message)
        else:
            self._enter(FeedState.STOPPED)

    def _live_once(self) -> None:
        """From opening to the end, or through all tries to get a lost camera back."""
        for pause_s in (*self._supervision.pauses_s, None):
            if self._stopping.is_set():
                return
            before_s = self._last_frame_s
            try:
                self._stream()
                return
            except EndOfStream:
                self._enter(FeedState.ENDED)
                self._await_retry(None)
                return
            except CameraError as error:
                self._fall(str(error), pause_s)
                self._await_retry(pause_s)
            if self._last_frame_s > before_s:
                return  # it had come back: the next loss begins with the shortest pause again

    def _fall(self, message: str, pause_s: float | None) -> None:
        log.info("camera: %s", message)
        self._enter(FeedState.FAILED if pause_s is None else FeedState.RECOVERING)
        self._board.raise_fault(FaultSource.CAMERA, message, recovering=pause_s is not None)

    def _await_retry(self, pause_s: float | None) -> None:
        """Wait for the pause to pass (None = for ever), for `retry`, or for `stop`."""
        self._retry.wait(pause_s)
        if not self._stopping.is_set():
            self._retry.clear()

    def _stream(self) -> None:
        """Open the camera and hand on its frames until told to stop."""
        if self.state is not FeedState.RECOVERING:
            self._enter(FeedState.STARTING)
        camera = self._make_camera()
        with self._lock:
            self._camera = camera
        try:
            camera.open()
            camera.start(self._request)
            with self._lock:
                self._info = camera.info
            while not self._stopping.is_set():
                frame = camera.read(READ_TIMEOUT_S)
                if frame is not None:
                    self._hand_on(frame)
                elif camera.state is CameraState.PAUSED:
                    self._rest()
        finally:
            camera.close()

    def _hand_on(self, frame: Frame) -> None:
        with self._lock:
            self._last_frame_s = time.monotonic()
            self._state = FeedState.STREAMING
        self._board.clear(FaultSource.CAMERA)
        self._deliver(frame)

    def _rest(self) -> None:
        """A recording is held on purpose: its silence is no stall, and none is counted from before."""
        with self._lock:
            self._last_frame_s = time.monotonic()
            self._state = FeedState.PAUSED

    def _enter(self, state: FeedState) -> None:
        with self._lock:
            self._state = state
