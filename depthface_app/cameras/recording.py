"""A recorded session as a camera."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.session import SessionReader
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame

LATE_AT_MOST_S = 0.1  # a reader that falls further behind plays on from where it is instead of catching up
USUAL_GAP_S = 1 / 30


class RecordingCamera:
    """Plays a session file, at the pace it was recorded or as fast as it is read; `seek` and `len` work once open."""

    def __init__(self, path: Path, *, loop: bool = False, realtime: bool = True) -> None:
        self._path = path
        self._loop = loop
        self._realtime = realtime
        self._session: SessionReader | None = None
        self._guard = threading.Lock()  # closing from elsewhere must not pull the file from under a read
        self._closing = threading.Event()
        self._request = StreamRequest()
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"recording:{path}", path.name)
        self._next = 0
        self._waiting: Frame | None = None
        self._played: Frame | None = None
        self._gap_s = USUAL_GAP_S
        self._due_s = 0.0
        self._captured_s = 0.0

    def __len__(self) -> int:
        """How many whole frames the file holds."""
        with self._guard:
            return len(self._opened())

    @property
    def info(self) -> CameraInfo:
        """The file, and which camera it was recorded from; `settings` are the file's own notes."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where playing stands."""
        return self._state

    @property
    def position(self) -> int:
        """Index of the frame that `read` returns next."""
        return self._next

    def open(self) -> None:
        """Open the file and find its frames. Raises CameraError if it holds none."""
        session = SessionReader(self._path)
        notes = session.notes
        what = f"{notes.get('name') or 'camera'} on {notes.get('created', 'an unknown day')}, {len(session)} frames"
        self._info = replace(
            self._info,
            serial=notes.get("serial", ""),
            detail=what if session.is_complete else f"{what}, cut off",
            settings=notes,
        )
        self._session = session
        self._closing.clear()
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to play. Raises CameraError if another size is asked for than was recorded."""
        first = self._frame(0).intrinsics
        if (request.width or first.width, request.height or first.height) != (first.width, first.height):
            raise CameraError(
                f"{self._path} was recorded at {first.width}x{first.height}, not at the size asked for "
                f"({request.width}x{request.height}); leave the size to the recording."
            )
        self._request = request
        self._played = None
        self._become(CameraState.STREAMING)

    def seek(self, index: int) -> None:
        """Let `read` go on with the frame of that index, 0 to len - 1. Raises CameraError if there is none."""
        if not 0 <= index < len(self):
            raise CameraError(f"{self._path} has frames 0 to {len(self) - 1}; there is no frame {index}.")
        self._next = index
        self._waiting = self._played = None

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame when it is due, or None if that is later than timeout_s.

        Raises:
            CameraError: not playing, or the frame is damaged in the file; the next read goes on behind it.
            EndOfStream: the last frame was read, and the recording does not loop.
        """
        if self._state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"The recording {self._path} is not playing; open and start it first.")
        frame = self._upcoming()
        if not self._is_due(frame, timeout_s):
            self._become(CameraState.STALLED)
            return None
        self._become(CameraState.STREAMING)
        self._waiting, self._played = None, frame
        return self._as_asked(frame)

    def stop(self) -> None:
        """Pause; after `start` it goes on from here."""
        self._become(CameraState.CONNECTED)

    def close(self) -> None:
        """Let go of the file."""
        self._closing.set()
        with self._guard:
            self._state = CameraState.CLOSED
            session, self._session = self._session, None
            if session is not None:
                session.close()

    def _become(self, state: CameraState) -> None:
        """Change state, unless it was closed meanwhile."""
        with self._guard:
            if self._session is not None:
                self._state = state

    def _opened(self) -> SessionReader:
        if self._session is None:
            raise CameraError(f"The recording {self._path} is not open.")
        return self._session

    def _frame(self, index: int) -> Frame:
        with self._guard:
            return self._opened().read(index)

    def _upcoming(self) -> Frame:
        """The frame to be shown next, unpacked once however often it is waited for."""
        if self._waiting is None:
            if self._next >= len(self):
                self._wrap()
            index, self._next = self._next, self._next + 1
            self._waiting = self._frame(index)
        return self._waiting

    def _wrap(self) -> None:
        if not self._loop:
            raise EndOfStream(f"The recording {self._path} has ended.")
        self._next = 0

    def _is_due(self, frame: Frame, timeout_s: float) -> bool:
        """Wait until the frame is due, but no longer than timeout_s and not past closing."""
        if not self._realtime:
            return True
        now_s = time.monotonic()
        due_s = now_s if self._played is None else max(self._due_s + self._gap_before(frame), now_s - LATE_AT_MOST_S)
        if self._closing.wait(max(0.0, min(due_s - now_s, timeout_s))) or due_s - now_s > timeout_s:
            return False
        self._due_s = due_s
        return True

    def _gap_before(self, frame: Frame) -> float:
        """Seconds between the frame shown last and this one; where the recording starts again, as the gap before."""
        gap_s = frame.captured_s - self._played.captured_s if self._played else 0.0
        if gap_s > 0:
            self._gap_s = gap_s
        return self._gap_s

    def _as_asked(self, frame: Frame) -> Frame:
        """Delivered now, without the pictures that were not asked for."""
        self._captured_s = max(time.monotonic(), self._captured_s + 1e-6)
        return replace(
            frame,
            captured_s=self._captured_s,
            colour=frame.colour if self._request.colour else None,
            infrared=frame.infrared if self._request.infrared else None,
        )
