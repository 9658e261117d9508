"""Steering a recording that is played: from any thread, while the camera's thread reads."""

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.session import Mark
from depthface_app.core.errors import CameraError

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
EVERY_FRAME_UP_TO = 2.0  # times the recorded speed; beyond it frames are left out, as no screen would show them


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording stands at one moment.

    shown:   index of the frame that was delivered last, None before the first
    upcoming: index of the frame that comes next; `count` at the end
    changes: rises whenever somebody steers
    """

    count: int
    shown: int | None = None
    upcoming: int = 0
    is_playing: bool = True
    is_looping: bool = False
    speed: float = 1.0
    is_jump: bool = True
    changes: int = 0


class Playback:
    """Where a recording stands and how it goes on. Every method may be called from any thread.

    path:    the file, to which marks are added
    times_s: (count,) seconds of every frame since the first, never falling
    holds:   stands still on the last frame at the end, instead of ending
    """

    def __init__(
        self, path: Path, times_s: NDArray[np.float64], marks: tuple[Mark, ...], *, loop: bool, holds: bool
    ) -> None:
        self.path = path
        self.times_s = times_s
        self.holds = holds
        self._marks = marks
        self._damaged: frozenset[int] = frozenset()
        self._place = Place(len(times_s), is_looping=loop)
        self._condition = threading.Condition()

    @property
    def place(self) -> Place:
        """Where it stands now."""
        with self._condition:
            return self._place

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The recording's marks, those on the whole of it first, then by frame."""
        with self._condition:
            return self._marks

    @property
    def damaged(self) -> frozenset[int]:
        """Frames that were met and could not be read."""
        with self._condition:
            return self._damaged

    def add_mark(self, mark: Mark) -> None:
        """Show a mark that was written to the file meanwhile."""
        with self._condition:
            self._marks = tuple(sorted((*self._marks, mark), key=lambda m: (m.frame is not None, m.frame or 0)))

    def play(self) -> None:
        """Go on; from the beginning if it stands at the end."""
        with self._condition:
            at_end = self._place.upcoming >= self._place.count
            upcoming = 0 if at_end else self._place.upcoming
            self._change(is_playing=True, upcoming=upcoming, is_jump=self._place.is_jump or at_end)

    def pause(self) -> None:
        """Stand still on the frame that is shown."""
        self._steer(is_playing=False)

    def seek(self, index: int) -> None:
        """Show the frame with that index next, playing or not. Raises CameraError if there is none."""
        if not 0 <= index < self._place.count:
            raise CameraError(f"The recording has frames 0 to {self._place.count - 1}; there is no frame {index}.")
        self._steer(upcoming=index, is_jump=True)

    def step(self, frames: int) -> None:
        """Stand still, that many frames on from the one that is shown, or back; the ends are not passed."""
        with self._condition:
            shown = self._place.upcoming if self._place.is_jump else (self._place.shown or 0)
            index = min(max(shown + frames, 0), self._place.count - 1)
            self._change(is_playing=False, upcoming=index, is_jump=True)

    def go_to(self, time_s: float) -> None:
        """Show the frame nearest to that many seconds from the beginning."""
        self.seek(self.index_at(time_s))

    def index_at(self, time_s: float) -> int:
        """The frame nearest to that many seconds from the beginning."""
        after = int(np.clip(np.searchsorted(self.times_s, time_s), 0, len(self.times_s) - 1))
        before = max(after - 1, 0)
        return before if time_s - self.times_s[before] < self.times_s[after] - time_s else after

    def set_speed(self, speed: float) -> None:
        """Times the recorded speed."""
        self._steer(speed=speed)

    def set_loop(self, is_looping: bool) -> None:
        """Whether it begins again at the end."""
        self._steer(is_looping=is_looping)

    def next_place(self) -> Place:
        """For the camera's thread: the place, with `upcoming` led back to the beginning if it loops.

        At the end of a recording that holds, `is_playing` becomes False.
        """
        with self._condition:
            place = self._place
            if place.upcoming >= place.count and place.is_playing:
                if place.is_looping:
                    self._place = replace(place, upcoming=0)
                elif self.holds:
                    self._place = replace(place, is_playing=False)
            return self._place

    def passed(self, place: Place, *, is_damaged: bool = False) -> None:
        """For the camera's thread: the frame of that place was delivered, or could not be read."""
        with self._condition:
            if is_damaged:
                self._damaged |= {place.upcoming}
            else:
                self._place = replace(self._place, shown=place.upcoming)
            if place.changes == self._place.changes:
                stride = max(1, round(place.speed / EVERY_FRAME_UP_TO))
                self._place = replace(self._place, upcoming=self._after(place.upcoming, stride), is_jump=False)

    def _after(self, index: int, stride: int) -> int:
        """The frame after one; a stride that leaves frames out still ends on the last one."""
        last = self._place.count - 1
        return min(index + stride, last) if index < last else index + 1

    def wait(self, place: Place, timeout_s: float) -> bool:
        """For the camera's thread: wait until somebody steers, but no longer; whether somebody did."""
        with self._condition:
            return self._condition.wait_for(lambda: self._place.changes != place.changes, timeout_s)

    def interrupt(self) -> None:
        """Wake whoever waits: the camera is being closed."""
        self._steer()

    def _steer(self, **values: bool | float | int) -> None:
        with self._condition:
            self._change(**values)

    def _change(self, **values: bool | float | int) -> None:
        """Only with the condition held."""
        self._place = replace(self._place, changes=self._place.changes + 1, **values)  # type: ignore[arg-type]
        self._condition.notify_all()
