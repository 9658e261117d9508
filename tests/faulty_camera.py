"""A camera with faults on a schedule: it stalls, breaks, lies and hangs when its turn comes."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera, StreamRequest
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame

LONG_AGO_S = 30.0


class Trouble(Enum):
    """What can go wrong. Those that last do so for `Fault.lasts_s`; the others befall one frame or one call."""

    STALL = "sends nothing for a while"
    ERROR = "an error instead of a frame"
    CRASH = "an error of another kind than promised"
    LOST = "unplugged"
    ABSENT = "unplugged, and not there for a while"
    NO_START = "refuses to start once"
    DARK = "no readings for a while"
    FROZEN = "the same picture for a while"
    JUMP_BACK = "device clock and frame numbers begin again"
    JUMP_AHEAD = "device clock jumps ahead"
    OLD = "a picture that was captured long ago"
    FUTURE = "a picture that will be captured"
    HUGE = "a picture of an impossible size"
    NOT_FINITE = "depth that is no number"
    SHAPE = "colour of another size than depth"
    OTHER_SIZE = "depth that is not of the size its intrinsics say"
    HANG_READ = "a read that does not return for a while"
    HANG_OPEN = "an open that does not return for a while"
    HANG_CLOSE = "a close that does not return for a while"


HANGS = (Trouble.HANG_READ, Trouble.HANG_OPEN, Trouble.HANG_CLOSE)
IN_OPEN = (Trouble.ABSENT, Trouble.NO_START, Trouble.HANG_OPEN, Trouble.HANG_CLOSE)  # they begin with the camera lost


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: after `after` good frames, `trouble`; `lasts_s` where it lasts."""

    after: int
    trouble: Trouble
    lasts_s: float = 0.0


def schedule(
    seed: int, faults: int, longest_s: float, good_frames: tuple[int, int] = (3, 12), without: tuple[Trouble, ...] = ()
) -> list[Fault]:
    """So many faults, each kind as often as every other, in a random order and of random lengths."""
    rng = random.Random(seed)
    kinds = [trouble for trouble in Trouble if trouble not in without]
    troubles = [kinds[number % len(kinds)] for number in range(faults)]
    rng.shuffle(troubles)
    return [Fault(rng.randint(*good_frames), trouble, rng.uniform(0.3 * longest_s, longest_s)) for trouble in troubles]


@dataclass(eq=False)
class Misfortune:
    """The faults still to come; shared by the cameras that are opened one after the other."""

    faults: list[Fault]
    done: Counter = field(default_factory=Counter)
    good_frames: int = 0
    number: int = 0
    away_until_s: float = 0.0
    at_open: Fault | None = None
    hang_close_s: float = 0.0
    on_fault: Callable[[Fault], None] = lambda fault: None

    @property
    def is_over(self) -> bool:
        return self.number >= len(self.faults)

    def due(self) -> Fault | None:
        """The fault whose turn it is now; taken."""
        if self.is_over or self.good_frames < self.faults[self.number].after:
            return None
        fault = self.faults[self.number]
        self.number, self.good_frames = self.number + 1, 0
        self.done[fault.trouble] += 1
        self.on_fault(fault)
        return fault


class FaultyCamera:
    """Keeps the camera contract as badly as real ones do. Wraps a camera that keeps it well."""

    def __init__(self, inner: DepthCamera, misfortune: Misfortune) -> None:
        self._inner, self._misfortune = inner, misfortune
        self._lost = False
        self._lasting: tuple[Trouble, float] | None = None
        self._before: Frame | None = None
        self._clock_ms, self._number = 0.0, 0
        self._released = threading.Event()

    @property
    def info(self) -> CameraInfo:
        return self._inner.info

    @property
    def state(self) -> CameraState:
        return CameraState.LOST if self._lost else self._inner.state

    def open(self) -> None:
        fault, self._misfortune.at_open = self._misfortune.at_open, None
        if fault is not None and fault.trouble is Trouble.HANG_OPEN:
            self._hang(fault.lasts_s)
        if time.monotonic() < self._misfortune.away_until_s:
            raise CameraError("The faulty camera is not plugged in; plug it in.")
        self._inner.open()
        if fault is not None and fault.trouble is Trouble.NO_START:
            raise CameraError("The faulty camera does not start; unplug it for a moment.")

    def start(self, request: StreamRequest) -> None:
        self._inner.start(request)

    def read(self, timeout_s: float) -> Frame | None:
        if self._lost:
            raise CameraError("The faulty camera is lost.")
        if self._lasting is not None and time.monotonic() > self._lasting[1]:
            self._lasting = None
        if self._lasting is None and (fault := self._misfortune.due()) is not None:
            return self._befall(fault, timeout_s)
        return self._disturbed(timeout_s)

    def stop(self) -> None:
        self._inner.stop()

    def close(self) -> None:
        hang_s, self._misfortune.hang_close_s = self._misfortune.hang_close_s, 0.0
        if hang_s:
            self._hang(hang_s)
        self._released.set()
        self._inner.close()

    def _hang(self, lasts_s: float) -> None:
        """As an SDK does: nothing but time or the end of the process ends it."""
        self._released.wait(lasts_s)

    def _befall(self, fault: Fault, timeout_s: float) -> Frame | None:
        trouble, lasts_s = fault.trouble, fault.lasts_s
        if trouble in (Trouble.STALL, Trouble.DARK, Trouble.FROZEN):
            self._lasting = (trouble, time.monotonic() + lasts_s)
            return self._disturbed(timeout_s)
        if trouble is Trouble.ERROR:
            raise CameraError("The faulty camera reports an error.")
        if trouble is Trouble.CRASH:
            raise ValueError("odd packet")
        if trouble is Trouble.LOST or trouble in IN_OPEN:
            self._lose(fault)
        if trouble is Trouble.HANG_READ:
            self._hang(lasts_s)
        frame = self._frame(timeout_s)
        return None if frame is None else self._spoiled(frame, trouble)

    def _lose(self, fault: Fault) -> None:
        self._lost = True
        if fault.trouble is Trouble.ABSENT:
            self._misfortune.away_until_s = time.monotonic() + fault.lasts_s
        elif fault.trouble is Trouble.HANG_CLOSE:
            self._misfortune.hang_close_s = fault.lasts_s
        elif fault.trouble is not Trouble.LOST:
            self._misfortune.at_open = fault
        raise CameraLost("The faulty camera was unplugged; plug it in again.")

    def _disturbed(self, timeout_s: float) -> Frame | None:
        """The next frame under a fault that lasts, or a good one."""
        trouble = self._lasting[0] if self._lasting else None
        if trouble is Trouble.STALL:
            self._released.wait(min(timeout_s, 0.02))
            return None
        frame = self._frame(timeout_s)
        if frame is None:
            return None
        if trouble is Trouble.DARK:
            return replace(frame, depth_mm=np.zeros_like(frame.depth_mm))
        if trouble is Trouble.FROZEN and self._before is not None:
            return replace(frame, depth_mm=self._before.depth_mm.copy())
        self._misfortune.good_frames += 1
        self._before = frame
        return frame

    def _frame(self, timeout_s: float) -> Frame | None:
        frame = self._inner.read(timeout_s)
        if frame is None:
            return None
        return replace(
            frame, number=frame.number + self._number, device_timestamp_ms=frame.device_timestamp_ms + self._clock_ms
        )

    def _spoiled(self, frame: Frame, trouble: Trouble) -> Frame:
        if trouble is Trouble.JUMP_BACK:
            self._clock_ms -= 1e5 + frame.device_timestamp_ms
            self._number -= frame.number
            return self._frame(0.5) or frame
        if trouble is Trouble.JUMP_AHEAD:
            self._clock_ms += 5e4
            return frame
        if trouble is Trouble.OLD:
            return frame.at(frame.captured_s - LONG_AGO_S)
        if trouble is Trouble.FUTURE:
            return frame.at(frame.captured_s + LONG_AGO_S)
        if trouble is Trouble.HUGE:
            pinhole = replace(frame.intrinsics, width=9000, height=6)
            return Frame(np.ones((6, 9000), np.uint16), pinhole, frame.captured_s)
        if trouble is Trouble.NOT_FINITE:
            depth = frame.depth_mm.astype(np.float32)
            depth[::7, ::5], depth[::5, ::7] = np.nan, np.inf
            return replace(frame, depth_mm=depth, colour=None, infrared=None)
        if trouble is Trouble.SHAPE:
            return replace(frame, colour=np.zeros((7, 9, 3), np.uint8))
        if trouble is Trouble.OTHER_SIZE:
            return Frame(frame.depth_mm[1:], frame.intrinsics, frame.captured_s)
        return frame


@dataclass(frozen=True)
class Hanging:
    """Makes cameras that hang for ever in one method, reads after some frames, "" in none; for a process of its own."""

    where: str
    after: int = 5

    def __call__(self) -> DepthCamera:
        from tests.fakes import FakeCamera

        camera = FakeCamera(fps=60)
        if not self.where:
            return camera
        method = getattr(camera, self.where)

        def hanging(*arguments):
            if self.where != "read" or camera.delivered >= self.after:
                threading.Event().wait()
            return method(*arguments)

        setattr(camera, self.where, hanging)
        return camera
