"""The states of a supervised camera, and how patient the program is with it."""

from dataclasses import dataclass
from enum import Enum

from depthface_app.core.frame import Frame


class FeedState(Enum):
    """What the picture is doing, in words a person understands.

    CONNECTED: open, and the first picture is awaited; LOST: gone, and opened again after a pause; RECOVERING: being
    opened again; FAILED: somebody has to act.
    """

    IDLE = "idle"
    STARTING = "starting"
    CONNECTED = "connected"
    STREAMING = "streaming"
    STALLED = "stalled"
    PAUSED = "paused"
    LOST = "lost"
    RECOVERING = "recovering"
    FAILED = "failed"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Supervision:
    """How patient the program is with a camera. What counts is a good picture: neither broken, old nor repeated.

    stall_after_s:   without one for this long the camera counts as stalled, and the last picture is greyed
    lost_after_s:    without one for this long a live camera is given up and opened again
    first_picture_s: and for this long after it was opened
    stale_after_s:   a picture captured longer ago is neither shown nor matched
    hang_after_s:    a call into the camera that does not return for this long never will; longer than any SDK
                     blocks, and than the patience with a camera in a process of its own
    pauses_s:        waits before each try to open a lost camera again; after the last one somebody has to act. None is
                     longer than a second, so that a camera that returns is seen soon
    steady_after_s:  a camera that streamed for this long had come back: the next loss begins with the first pause
    """

    stall_after_s: float = 1.0
    lost_after_s: float = 3.0
    first_picture_s: float = 10.0
    stale_after_s: float = 2.0
    hang_after_s: float = 45.0
    pauses_s: tuple[float, ...] = (0.3, 0.5, *(1.0,) * 40)
    steady_after_s: float = 2.0

    def patience_s(self, last: Frame | None) -> float:
        """How long to wait for the next good picture; a recording may hold still for as long as it likes."""
        if last is None:
            return self.first_picture_s
        return max(self.lost_after_s, 2 * self.stall_after_s) if last.is_live else float("inf")

    def is_old(self, frame: Frame, now_s: float) -> bool:
        """Whether a picture may no longer be shown or matched as if it were the present."""
        return now_s - frame.captured_s > self.stale_after_s
