"""How the pipeline is doing: rates, ages, milliseconds per stage, dropped frames."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from depthface_app.core.face import Result
from depthface_app.core.frame import Frame

WINDOW_S = 3.0  # what a rate or a median looks back on


@dataclass(frozen=True, slots=True)
class Health:
    """The figures of the last seconds; NaN where nothing happened.

    picture_fps:     frames per second from the camera
    picture_age_ms:  median age of a picture when it was shown
    identity_hz:     results per second
    identity_age_ms: median age of the frame when its result was complete
    stages_ms:       median milliseconds per stage
    dropped:         frames the recogniser skipped to stay current, since the start
    unpainted:       pictures that were replaced before anyone painted them, since the start
    refused:         frames of the camera that were broken, late or repeated, since the start
    provider:        where the networks run
    """

    picture_fps: float = float("nan")
    picture_age_ms: float = float("nan")
    identity_hz: float = float("nan")
    identity_age_ms: float = float("nan")
    stages_ms: dict[str, float] = field(default_factory=dict)
    dropped: int = 0
    unpainted: int = 0
    refused: int = 0
    provider: str = ""

    def line(self) -> str:
        """One line for the log."""
        stages = " ".join(f"{name} {value:.1f}" for name, value in self.stages_ms.items())
        return (
            f"{self.picture_fps:.1f} fps, picture {self.picture_age_ms:.0f} ms, identity {self.identity_hz:.1f} Hz "
            f"{self.identity_age_ms:.0f} ms, {stages or 'no stages'}, skipped {self.dropped}, "
            f"refused {self.refused}, {self.provider}"
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Frames that were not used, since the start; see `Health`."""

    dropped: int = 0
    unpainted: int = 0
    refused: int = 0


class Meter:
    """Collects the moments that `Health` is made of; any thread may call any method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._captured_s: deque[float] = deque(maxlen=300)
        self._shown: deque[tuple[float, float]] = deque(maxlen=300)
        self._results: deque[tuple[float, float, dict[str, float]]] = deque(maxlen=300)

    def captured(self, frame: Frame) -> None:
        """A frame came from the camera."""
        with self._lock:
            self._captured_s.append(frame.captured_s)

    def shown(self, frame: Frame, now_s: float) -> None:
        """A frame stands on the screen."""
        with self._lock:
            self._shown.append((now_s, (now_s - frame.captured_s) * 1000))

    def recognised(self, result: Result) -> None:
        """A result is complete."""
        age_ms = (result.done_s - result.frame.captured_s) * 1000
        with self._lock:
            self._results.append((result.done_s, age_ms, result.stages_ms))

    def health(self, now_s: float, counts: Counts, provider: str) -> Health:
        """The figures of the last WINDOW_S seconds."""
        since = now_s - WINDOW_S
        with self._lock:
            captured = [at for at in self._captured_s if at >= since]
            shown = [age for at, age in self._shown if at >= since]
            results = [each for each in self._results if each[0] >= since]
        return Health(
            picture_fps=_rate(captured),
            picture_age_ms=_median(shown),
            identity_hz=_rate([at for at, _, _ in results]),
            identity_age_ms=_median([age for _, age, _ in results]),
            stages_ms=_medians([stages for _, _, stages in results]),
            dropped=counts.dropped,
            unpainted=counts.unpainted,
            refused=counts.refused,
            provider=provider,
        )


def _rate(moments_s: list[float]) -> float:
    """Per second, from the spacing of the moments."""
    if len(moments_s) < 2 or moments_s[-1] <= moments_s[0]:
        return float("nan")
    return (len(moments_s) - 1) / (moments_s[-1] - moments_s[0])


def _median(values: Iterable[float]) -> float:
    listed = list(values)
    return float(np.median(listed)) if listed else float("nan")


def _medians(stages: list[dict[str, float]]) -> dict[str, float]:
    names = stages[-1] if stages else {}
    return {name: _median(each[name] for each in stages if name in each) for name in names}
