"""The camera thread: opens, reads, hands on, and opens again what was lost."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera, StreamRequest
from depthface_app.core.errors import CameraError, CameraLost, EndOfStream
from depthface_app.core.frame import Frame
from depthface_app.pipeline.faults import FaultBoard, FaultSource
from depthface_app.pipeline.intake import Intake, take_in
from depthface_app.pipeline.supervision import FeedState as FeedState
from depthface_app.pipeline.supervision import Supervision as Supervision

log = logging.getLogger(__name__)

ODD_FRAME_S = 0.02  # before reading on after a frame that could not be read
READ_TIMEOUT_S = 0.2  # also how long a stop may wait for a camera that sends nothing


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
        self._intake = Intake()
        self._first_frame_s = self._last_frame_s = 0.0
        self._why = ""  # no good picture comes; "" when none comes at all
        self._asked_s: float | None = None  # since when a call into the camera has not returned
        self._refused = 0
        self._stopping = threading.Event()
        self._retry = threading.Event()

    @property
    def state(self) -> FeedState:
        """What the picture is doing now; true even while a call into an SDK hangs."""
        if self.hangs:
            return FeedState.FAILED
        with self._lock:
            late = time.monotonic() - self._last_frame_s > self._supervision.stall_after_s
            return FeedState.STALLED if self._state is FeedState.STREAMING and late else self._state

    @property
    def hangs(self) -> bool:
        """Whether a call into the camera will never return; only another feed can help."""
        with self._lock:
            asked_s = self._asked_s
        return asked_s is not None and time.monotonic() - asked_s > self._supervision.hang_after_s

    @property
    def refused(self) -> int:
        """How many frames were not good enough to be shown, since the start."""
        return self._refused

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
        """Raise the fault of a stall or a hang. Called from a thread that does not hang when the camera does."""
        if self.hangs:
            said = "does not answer: its driver has not returned from a call. Unplug it, then start again"
            self._board.raise_fault(FaultSource.CAMERA, f"{self._name} {said}.")
        elif self.state is FeedState.STALLED:
            self._board.raise_fault(FaultSource.CAMERA, f"{self._name} {self._complaint()}.", recovering=True)

    @property
    def _name(self) -> str:
        return self._info.name if self._info else "The camera"

    def _complaint(self) -> str:
        """What is wrong and what to do, as the second half of a sentence."""
        last, limit_s = self._intake.last, self._supervision.stall_after_s
        is_recorded = last is not None and not last.is_live
        advice = "nothing was recorded there" if is_recorded else "check its cable and power"
        return self._why or f"has sent nothing for over {limit_s:g} s; {advice}"

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
            try:
                self._stream()
                return
            except EndOfStream:
                self._enter(FeedState.ENDED)
                self._board.clear(FaultSource.CAMERA)
                self._await_retry(None)
                return
            except CameraError as error:
                message = str(error)
            except Exception as error:  # top of a thread: whatever an SDK raises is a reason to open it again
                log.exception("the camera failed")
                message = f"{self._name} failed in an unforeseen way ({error}); unplug it for a moment."
            self._fall(message, pause_s)
            self._await_retry(pause_s)
            if self._last_frame_s - self._first_frame_s >= self._supervision.steady_after_s:
                return  # it had come back: the next loss begins with the shortest pause again

    def _fall(self, message: str, pause_s: float | None) -> None:
        log.info("camera: %s", message)
        self._enter(FeedState.FAILED if pause_s is None else FeedState.LOST)
        self._board.raise_fault(FaultSource.CAMERA, message, recovering=pause_s is not None)

    def _await_retry(self, pause_s: float | None) -> None:
        """Wait for the pause to pass (None = for ever), for `retry`, or for `stop`."""
        self._retry.wait(pause_s)
        if not self._stopping.is_set():
            self._retry.clear()

    def _stream(self) -> None:
        """Open the camera and hand on its frames until told to stop."""
        is_return = self.state in (FeedState.LOST, FeedState.FAILED)
        self._enter(FeedState.RECOVERING if is_return else FeedState.STARTING)
        self._intake, self._why = self._intake.reopened(), ""
        self._first_frame_s = self._last_frame_s = time.monotonic()
        camera = self._make_camera()
        with self._lock:
            self._camera = camera
        try:
            with self._asking():
                camera.open()
            with self._asking():
                camera.start(self._request)
            with self._lock:
                self._info = camera.info
                self._state = FeedState.CONNECTED
            self._follow(camera)
        finally:
            with self._asking():
                camera.close()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """A call into the camera, which may never return."""
        with self._lock:
            self._asked_s = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._asked_s = None

    def _follow(self, camera: DepthCamera) -> None:
        """Hand on good frames. Raises CameraLost if none comes for too long."""
        since_s = time.monotonic()
        while not self._stopping.is_set():
            frame = self._read(camera)
            if frame is not None and self._hand_on(frame):
                since_s = time.monotonic()
            elif camera.state is CameraState.PAUSED:
                self._rest()
                since_s = time.monotonic()
            elif time.monotonic() - since_s > self._supervision.patience_s(self._intake.last):
                raise CameraLost(f"{self._name} {self._complaint()}.")

    def _read(self, camera: DepthCamera) -> Frame | None:
        """The next frame; None if none came, or if one could not be read and the camera streams on."""
        try:
            with self._asking():
                return camera.read(READ_TIMEOUT_S)
        except (CameraLost, EndOfStream):
            raise
        except Exception as error:  # top of a thread: one odd frame is no reason to give the camera up
            if camera.state not in (CameraState.STREAMING, CameraState.STALLED, CameraState.PAUSED):
                raise
            log.debug("a frame could not be read", exc_info=True)
            self._refuse(f"sends pictures that cannot be read ({str(error).rstrip('.')})")
            self._stopping.wait(ODD_FRAME_S)
            return None

    def _hand_on(self, frame: Frame) -> bool:
        """Whether the frame was good, and everyone has it."""
        now_s = time.monotonic()
        self._intake, good, why = take_in(self._intake, frame, now_s, self._supervision.stale_after_s)
        if good is None:
            self._refuse(why)
            return False
        with self._lock:
            is_first = self._state is not FeedState.STREAMING
            self._last_frame_s, self._why = now_s, ""
            self._first_frame_s = now_s if is_first else self._first_frame_s
            self._state = FeedState.STREAMING
        self._tell_darkness(now_s)
        self._deliver(good)
        return True

    def _tell_darkness(self, now_s: float) -> None:
        """Clear the camera's fault, or tell that there has been nothing to see for a while."""
        since_s = self._intake.dark_since_s
        if since_s is None:
            self._board.clear(FaultSource.CAMERA)
        elif now_s - since_s > self._supervision.stall_after_s:
            said = "delivers no depth at all; free its lenses and stand 0.4 to 1.2 m away"
            self._board.raise_fault(FaultSource.CAMERA, f"{self._name} {said}.")

    def _refuse(self, why: str) -> None:
        if why != self._why:
            log.info("camera: %s", why)
        self._why = why
        self._refused += 1

    def _rest(self) -> None:
        """A recording is held on purpose: its silence is no stall, and none is counted from before."""
        with self._lock:
            self._last_frame_s = time.monotonic()
            self._state = FeedState.PAUSED

    def _enter(self, state: FeedState) -> None:
        with self._lock:
            self._state = state
