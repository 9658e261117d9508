"""What is wrong at this moment, as values that a window can show and take away again."""

import threading
import time
from dataclasses import dataclass
from enum import Enum

from depthface_app.core.latest import Latest


class FaultSource(Enum):
    """Which part of the pipeline a fault belongs to; each has at most one fault at a time."""

    CAMERA = "camera"
    RECOGNISER = "recogniser"
    RECORDING = "recording"
    MODEL = "model"
    GALLERY = "gallery"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong now.

    message:    what failed and what to do, in one sentence
    recovering: the program keeps trying by itself; otherwise somebody has to act
    since_s:    host monotonic clock when it began
    """

    source: FaultSource
    message: str
    recovering: bool = False
    since_s: float = 0.0


class FaultBoard:
    """The faults that stand now; any thread may raise and clear. Each change goes to `box` as the whole set.

    The whole set, so that a reader who comes late never misses that one of two faults is gone.
    """

    def __init__(self, box: Latest[tuple[Fault, ...]], standing: tuple[Fault, ...] = ()) -> None:
        self._box = box
        self._lock = threading.Lock()
        self._faults = {fault.source: fault for fault in standing}
        if standing:
            box.put(standing)

    @property
    def standing(self) -> tuple[Fault, ...]:
        """Every fault that stands now."""
        with self._lock:
            return tuple(self._faults.values())

    def raise_fault(self, source: FaultSource, message: str, *, recovering: bool = False) -> None:
        """Let this be the fault of its source; the same words again change nothing."""
        with self._lock:
            before = self._faults.get(source)
            if before and (before.message, before.recovering) == (message, recovering):
                return
            since_s = before.since_s if before else time.monotonic()
            self._faults[source] = Fault(source, message, recovering, since_s)
            self._box.put(tuple(self._faults.values()))

    def clear(self, source: FaultSource) -> None:
        """The source is well again."""
        with self._lock:
            if self._faults.pop(source, None) is not None:
                self._box.put(tuple(self._faults.values()))
