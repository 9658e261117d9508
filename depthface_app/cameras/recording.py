"""A recorded session as a camera."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.playback import Place, Playback
from depthface_app.cameras.session import SessionReader
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame

log = logging.getLogger(__name__)

LATE_AT_MOST_S = 0.1  # a reader that falls further behind plays on from where it is instead of catching up
USUAL_GAP_S = 1 / 30


class RecordingCamera:
    """Plays a session file, at the pace it was recorded or as fast as it is read.

    `seek` and `len` work once it is open; more can be steered through `playback`, from any thread.

    holds: for somebody who looks at it, set before it is opened: stand still on the last frame and pass over damaged
        ones, instead of raising at either
    """

    def __init__(
        self, path: Path, *, loop: bool = False, realtime: bool = True, frame: int = 0, paused: bool = False
    ) -> None:
        """Nothing is opened yet; `frame` is shown first, and stays if it is `paused`."""
        self.holds = False
        self._path = path
        self._loop = loop
        self._begin = (frame, paused)
        self._realtime = realtime
        self._session: SessionReader | None = None
        self._playback: Playback | None = None
        self._guard = threading.Lock()  # closing from elsewhere must not pull the file from under a read
        self._request = StreamRequest()
        self._state = CameraState.CLOSED
        self._info = CameraInfo(f"recording:{path}", path.name)
        self._unpacked: tuple[int, Frame] | None = None
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
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def playback(self) -> Playback | None:
        """What steers it, None before it was opened."""
        return self._playback

    @property
    def position(self) -> int:
        """Index of the frame that `read` returns next."""
        return self._playback.place.upcoming if self._playback else 0

    def open(self) -> None:
        """Open the file and find its frames. Raises CameraError if it holds none, or not the one to begin with."""
        session = SessionReader(self._path)
        notes = session.notes
        what = f"{notes.get('name') or 'camera'} on {notes.get('created', 'an unknown day')}, {len(session)} frames"
        self._info = replace(
            self._info,
            serial=notes.get("serial", ""),
            detail=what if session.is_complete else f"{what}, cut off",
            settings=notes,
        )
        playback = Playback(self._path, session.times_s, session.marks(), loop=self._loop, holds=self.holds)
        try:
            _begin_at(playback, *self._begin)
        except CameraError:
            session.close()
            raise
        self._playback, self._session = playback, session
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Begin to play. Raises CameraError if it is not open, or another size is asked for than was recorded."""
        self._steered()
        if request.width is not None or request.height is not None:
            self._check_size(request)
        self._request = request
        self._played = None  # so that the first frame is due at once
        self._become(CameraState.STREAMING)

    def _check_size(self, request: StreamRequest) -> None:
        first = self._frame(0).intrinsics
        if (request.width or first.width, request.height or first.height) != (first.width, first.height):
            raise CameraError(
                f"{self._path} was recorded at {first.width}x{first.height}, not at the size asked for "
                f"({request.width}x{request.height}); leave the size to the recording."
            )

    def seek(self, index: int) -> None:
        """Let `read` go on with the frame of that index, 0 to len - 1. Raises CameraError if there is none."""
        self._steered().seek(index)

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame when it is due, or None if that is later than timeout_s, or if it is paused.

        Raises:
            CameraError: not playing, or the frame is damaged in the file; the next read goes on behind it.
            EndOfStream: the last frame was read, and the recording neither loops nor holds.
        """
        if self._state not in (CameraState.STREAMING, CameraState.STALLED, CameraState.PAUSED):
            raise CameraError(f"The recording {self._path} is not playing; open and start it first.")
        playback, deadline_s = self._steered(), time.monotonic() + timeout_s
        while self._session is not None:
            place = playback.next_place()
            if not (place.is_playing or place.is_jump):
                self._become(CameraState.PAUSED)
                if not playback.wait(place, deadline_s - time.monotonic()):
                    return None
                continue
            frame = self._upcoming(playback, place)
            if frame is None:
                continue
            due_s = self._due_at(frame, place)
            if playback.wait(place, min(due_s, deadline_s) - time.monotonic()):
                continue
            if due_s > time.monotonic():
                self._become(CameraState.STALLED)
                return None
            return self._deliver(playback, place, frame, due_s)
        return None

    def stop(self) -> None:
        """Pause; after `start` it goes on from here."""
        self._become(CameraState.CONNECTED)

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._state = CameraState.CLOSED
            session, self._session = self._session, None
            if session is not None:
                session.close()
        if self._playback is not None:
            self._playback.interrupt()

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

    def _steered(self) -> Playback:
        if self._playback is None:
            raise CameraError(f"The recording {self._path} is not open.")
        return self._playback

    def _upcoming(self, playback: Playback, place: Place) -> Frame | None:
        """The frame to be shown next, unpacked once however often it is waited for; None if it is passed over."""
        if place.upcoming >= place.count:
            raise EndOfStream(f"The recording {self._path} has ended.")
        if self._unpacked is not None and self._unpacked[0] == place.upcoming:
            return self._unpacked[1]
        try:
            frame = self._frame(place.upcoming)
        except CameraError as error:
            if self._session is None:
                return None
            playback.passed(place, is_damaged=True)
            if not self.holds:
                raise
            log.warning("%s", error)
            return None
        self._unpacked = place.upcoming, frame
        return frame

    def _due_at(self, frame: Frame, place: Place) -> float:
        """When the frame is to be shown; at once after a jump, and if nobody asked for the recorded pace."""
        now_s = time.monotonic()
        if not self._realtime or self._played is None or place.is_jump:
            return now_s
        return max(self._due_s + self._gap_before(frame) / place.speed, now_s - LATE_AT_MOST_S)

    def _deliver(self, playback: Playback, place: Place, frame: Frame, due_s: float) -> Frame:
        self._become(CameraState.STREAMING)
        self._due_s, self._played, self._unpacked = due_s, frame, None
        playback.passed(place)
        return self._as_asked(frame)

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


def _begin_at(playback: Playback, frame: int, is_paused: bool) -> None:
    if frame:
        playback.seek(frame)
    if is_paused:
        playback.pause()
