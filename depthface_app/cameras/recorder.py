"""Writes a stream of frames, and what is made of them, to a session file without holding up the camera."""

import logging
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session import Mark, SessionWriter
from depthface_app.cameras.session.results import Pseudonym, stored
from depthface_app.core.errors import CameraError
from depthface_app.core.face import Result
from depthface_app.core.frame import Frame

log = logging.getLogger(__name__)

FRAMES_WAITING_AT_MOST = 28  # under 1 s at 30 fps: a program that is killed loses nothing older; about 50 MB
CLOSE_S = 30.0

_Item = Frame | Result | tuple[str, float]  # a frame, what was made of one, or a note and its moment


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """How a recording goes.

    frames:     written, and safe from now on
    dropped:    given but not written, because the disk did not keep up
    results:    written beside their frames
    duration_s: between the first and the last written frame
    problem:    why nothing more is written, "" while all is well
    """

    path: Path
    frames: int = 0
    dropped: int = 0
    results: int = 0
    size_bytes: int = 0
    duration_s: float = 0.0
    problem: str = ""


class Recorder:
    """Takes frames on any thread and writes them on one of its own. Starts at once, and closes once."""

    def __init__(
        self,
        path: Path,
        info: CameraInfo,
        processing: Mapping[str, str] | None = None,
        pseudonym: Pseudonym | None = None,
    ) -> None:
        """Create the file.

        Args:
            processing: which networks and settings the results come from; None if none will be given.
            pseudonym: what stands for a person's name in the file; needed for results.

        Raises:
            CameraError: it exists already or cannot be created.
        """
        self._writer = SessionWriter(path, info, processing)
        self._pseudonym = pseudonym
        self._captured_s = array("d")  # of every written frame, rising
        self._progress = RecordingProgress(path, size_bytes=self._writer.size_bytes)
        self._condition = threading.Condition()
        self._waiting: deque[_Item] = deque()
        self._frames_waiting = 0
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
            if self._progress.problem or self._ending or self._frames_waiting >= FRAMES_WAITING_AT_MOST:
                self._progress = replace(self._progress, dropped=self._progress.dropped + 1)
                return False
            self._frames_waiting += 1
            self._add(frame)
            return True

    def put_result(self, result: Result) -> None:
        """Have what was made of a frame written beside it, if that frame was written; never waits."""
        with self._condition:
            if self._pseudonym is not None and len(self._waiting) < 2 * FRAMES_WAITING_AT_MOST:
                self._add(result)

    def mark(self, text: str, at_s: float) -> None:
        """Write a note at the frame that was captured last before that moment, by the host's monotonic clock."""
        with self._condition:
            self._add((text, at_s))

    def _add(self, item: _Item) -> None:
        """Only with the condition held."""
        if not (self._progress.problem or self._ending):
            self._waiting.append(item)
            self._condition.notify_all()

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
            while (item := self._take()) is not None:
                self._write(item)
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

    def _take(self) -> _Item | None:
        """What has waited longest; None once all is written and the recording is to end."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._ending)
            return self._waiting.popleft() if self._waiting else None

    def _write(self, item: _Item) -> None:
        if isinstance(item, Frame):
            self._write_frame(item)
        elif isinstance(item, Result):
            self._write_result(item)
        else:
            text, at_s = item
            self._writer.add_mark(Mark(text, max(bisect_right(self._captured_s, at_s) - 1, 0)))

    def _write_result(self, result: Result) -> None:
        captured_s = result.frame.captured_s
        place = bisect_left(self._captured_s, captured_s)
        if self._captured_s[place : place + 1].tolist() != [captured_s] or self._pseudonym is None:
            return  # its frame came before the recording began, or found no room
        self._writer.add_result(stored(result, place, self._pseudonym))
        with self._condition:
            self._progress = replace(
                self._progress, results=self._progress.results + 1, size_bytes=self._writer.size_bytes
            )

    def _write_frame(self, frame: Frame) -> None:
        self._writer.add(frame)
        self._captured_s.append(frame.captured_s)
        self._first_s = frame.captured_s if self._first_s is None else self._first_s
        with self._condition:
            self._frames_waiting -= 1
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
            lost = self._progress.dropped + self._frames_waiting
            self._waiting.clear()
            self._frames_waiting = 0
            self._progress = replace(self._progress, dropped=lost, problem=problem)
