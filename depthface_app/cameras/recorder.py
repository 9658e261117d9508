"""Writes a stream of frames to a session file without holding up the camera."""

import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session import SessionWriter
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame

log = logging.getLogger(__name__)

FRAMES_WAITING_AT_MOST = 45  # 1.5 s at 30 fps, about 80 MB of 640×480 depth, colour and infrared
CLOSE_S = 30.0


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """How a recording goes.

    frames:     written, and safe from now on
    dropped:    given but not written, because the disk did not keep up
    duration_s: between the first and the last written frame
    problem:    why nothing more is written, "" while all is well
    """

    path: Path
    frames: int = 0
    dropped: int = 0
    size_bytes: int = 0
    duration_s: float = 0.0
    problem: str = ""


class Recorder:
    """Takes frames on any thread and writes them on one of its own. Starts at once, and closes once."""

    def __init__(self, path: Path, info: CameraInfo) -> None:
        """Create the file. Raises CameraError if it exists already or cannot be created."""
        self._writer = SessionWriter(path, info)
        self._progress = RecordingProgress(path, size_bytes=self._writer.size_bytes)
        self._condition = threading.Condition()
        self._waiting: deque[Frame] = deque()
        self._ending = False
        self._first_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> RecordingProgress:
        """How it goes; from any thread."""
        with self._condition:
            return self._progress

    def put(self, frame: Frame) -> bool:
        """Have the frame written. Never waits: False, and counted, if there is no room or the recording is over."""
        with self._condition:
            if self._progress.problem or self._ending or len(self._waiting) >= FRAMES_WAITING_AT_MOST:
                self._progress = replace(self._progress, dropped=self._progress.dropped + 1)
                return False
            self._waiting.append(frame)
            self._condition.notify_all()
            return True

    def close(self) -> RecordingProgress:
        """Write what waits, and close the file.

        Raises:
            CameraError: writing failed at some time; `progress` says how many frames are kept.
        """
        with self._condition:
            self._ending = True
            self._condition.notify_all()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            raise CameraError(f"{self.progress.path} is still being written after {CLOSE_S:.0f} s; the disk hangs.")
        if self.progress.problem:
            raise CameraError(self.progress.problem)
        return self.progress

    def _run(self) -> None:
        """The thread: write until told to end, or until writing fails."""
        try:
            while (frame := self._take()) is not None:
                self._write(frame)
            self._finish()
        except CameraError as error:
            self._fail(str(error))
        except Exception as error:  # top of a thread: a frame that cannot be packed must not go unseen
            log.exception("recording failed")
            self._fail(f"Recording to {self.progress.path} failed: {error}. What was recorded until then is kept.")
            with suppress(CameraError):
                self._writer.finish()
        if self.progress.dropped:
            log.warning("%d frames were not written to %s", self.progress.dropped, self.progress.path)

    def _take(self) -> Frame | None:
        """The frame that has waited longest; None once all are written and the recording is to end."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._ending)
            return self._waiting.popleft() if self._waiting else None

    def _write(self, frame: Frame) -> None:
        self._writer.add(frame)
        self._first_s = frame.captured_s if self._first_s is None else self._first_s
        with self._condition:
            self._progress = replace(
                self._progress,
                frames=self._writer.frames,
                size_bytes=self._writer.size_bytes,
                duration_s=frame.captured_s - self._first_s,
            )

    def _finish(self) -> None:
        self._writer.finish()
        with self._condition:
            self._progress = replace(self._progress, size_bytes=self._progress.path.stat().st_size)

    def _fail(self, problem: str) -> None:
        with self._condition:
            lost = self._progress.dropped + len(self._waiting) + 1
            self._waiting.clear()
            self._progress = replace(self._progress, dropped=lost, problem=problem)
