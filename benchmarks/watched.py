"""The whole window off-screen on any camera, with its heartbeat and what the process holds. Linux: it reads /proc."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from depthface_app.cameras.base import DepthCamera
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.feed import FeedState, Supervision
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Models
from depthface_app.ui.app import make_application
from tests.ui.states import ADA, Desk, Scene

BEAT_MS = 20
LIMIT_S = 60.0
WARM_SHARE = 0.1
HEARTBEAT = """
import sys, threading, time
done, gaps, before_s = threading.Event(), [], time.monotonic()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
while not done.wait(0.02):
    until_s = time.thread_time() + 0.005
    while time.thread_time() < until_s:
        pass
    now_s = time.monotonic()
    gaps.append(now_s - before_s - 0.025)
    before_s = now_s
gaps.sort()
print(gaps[int(0.99 * (len(gaps) - 1))], gaps[-1])
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds."""

    threads: int
    files: int
    memory_mb: float

    @staticmethod
    def now() -> "Held":
        """Read it; memory is the resident set. Without collecting garbage, which would hold the window up."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        files = len(os.listdir("/proc/self/fd"))
        return Held(len(os.listdir("/proc/self/task")), files, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


@dataclass(eq=False)
class Ledger:
    """Readings of `Held` at quiet moments, and the longest pauses of the window."""

    held: list[Held] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)

    def note(self) -> None:
        """Read once."""
        self.held.append(Held.now())

    def figures(self) -> dict[str, Any]:
        """First readings after the warm-up against the last ones, each the median of a tenth."""
        warm = self.held[int(len(self.held) * WARM_SHARE) :] or self.held
        part = max(1, len(warm) // 10)
        first, last = warm[:part], warm[-part:]

        def median(held: list[Held], name: str) -> float:
            return statistics.median(getattr(each, name) for each in held)

        memory = median(first, "memory_mb"), median(last, "memory_mb")
        gaps_s = sorted(self.gaps_s) or [0.0]
        return {
            "threads": [median(first, "threads"), median(last, "threads")],
            "files": [median(first, "files"), median(last, "files")],
            "memory_mb": [round(each, 1) for each in memory],
            "memory_growth_percent": round(100 * (memory[1] / memory[0] - 1), 2),
            "window_gap_s": {"p99": rounded(gaps_s[int(0.99 * (len(gaps_s) - 1))]), "max": rounded(gaps_s[-1])},
        }


class Watched:
    """The whole window off-screen on any camera, driven as a person would, its heartbeat taken every BEAT_MS."""

    def __init__(self, folder: Path, make_camera: Callable[[], DepthCamera], models: bool, supervision: Supervision):
        self.ledger = Ledger()
        self.painted_s = 0.0
        self.frames = 0
        self._supervision, self._with_models = supervision, models
        self._make_camera = make_camera
        self.desk = Desk(folder, Scene(ADA))
        self.desk.commands._parts = replace(self.desk.parts, make_engine=self._make_engine)
        self.real_models: Models | None = None
        self.desk.window.stage.live.painted.connect(self._painted)
        self._beat_s = time.monotonic()
        self._timer = QTimer(self.desk.window, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def open(self) -> None:
        """Show the window and start."""
        self.desk.window.resize(1280, 800)
        self.desk.window.show()
        self._beat_s = time.monotonic()
        self._timer.start()
        self.desk.commands.start()

    def close(self) -> None:
        """End everything."""
        self._timer.stop()
        self.desk.close()
        QApplication.processEvents()

    def wait(self, condition: Callable[[], bool], limit_s: float = LIMIT_S, act: bool = True) -> float:
        """Seconds until the condition holds; meanwhile the banner's button is pressed when the camera was given up."""
        begun_s = time.monotonic()
        while not condition():
            if time.monotonic() - begun_s > limit_s:
                raise TimeoutError(f"waited {limit_s:.0f} s in vain; {self.desk.presenter.situation}")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
            if act and self.desk.presenter.situation.state is FeedState.FAILED:
                self.desk.window.ways["replay"].trigger()
        return time.monotonic() - begun_s

    def picture_after(self, moment_s: float) -> bool:
        """Whether a picture that was captured after that moment stands on the screen."""
        frame = self.desk.window.stage.live.frame
        return frame is not None and frame.captured_s > moment_s and self.painted_s > moment_s

    def _make_engine(self, settings: Settings, wake: Wake) -> Engine:
        models = self.real_models or (self.desk.scene.models() if self._with_models else None)
        gallery = Gallery.empty(models.recogniser.card.identity) if models else None
        return Engine(self._make_camera, models, gallery, wake=wake, supervision=self._supervision)

    def _painted(self) -> None:
        self.painted_s = time.monotonic()
        self.frames += 1

    def _beat(self) -> None:
        now_s = time.monotonic()
        self.ledger.gaps_s.append(max(0.0, now_s - self._beat_s - BEAT_MS / 1000))
        self._beat_s = now_s


class Control:
    """A process of the same priority that computes 5 ms and waits 20 ms: for how long the machine holds it up."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HEARTBEAT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def gaps_s(self) -> dict[str, float]:
        """End it; its 99th percentile and longest gap."""
        said, _ = self._process.communicate()
        p99, longest = (float(word) for word in said.split())
        return {"p99": rounded(p99), "max": rounded(longest)}


@contextmanager
def watched(make_camera: Callable[[], DepthCamera], models: bool, supervision: Supervision) -> Iterator[Watched]:
    """A window that is closed in the end."""
    make_application("dark")
    with tempfile.TemporaryDirectory() as folder:
        window = Watched(Path(folder), make_camera, models, supervision)
        try:
            yield window
        finally:
            window.close()


def rounded(value: float) -> float:
    """Milliseconds are enough."""
    return round(value, 3)
