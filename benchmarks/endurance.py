"""Endurance: faults, unplugging and hours of streaming through the whole window, with what is left behind counted.

python -m benchmarks.endurance faults|unplug|hangs|soak|stream [--count N] [--output FILE.json]

Linux only: what a process holds is read from /proc.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.watched import WARM_SHARE, Control, Watched, rounded, watched
from depthface_app.build import build_models
from depthface_app.cameras.base import CameraInfo, DepthCamera, StreamRequest
from depthface_app.cameras.isolated import IsolatedCamera, Patience
from depthface_app.cameras.realsense import RealSenseCamera, RealSenseSettings
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.frame import Frame
from depthface_app.pipeline.feed import Supervision
from depthface_app.pipeline.settings import Settings
from tests.fakes import FakeCamera
from tests.faulty_camera import Fault, FaultyCamera, Hanging, Misfortune, Trouble, schedule
from tests.realsense_server import DOMAIN, VirtualCamera

QUICK = Supervision(0.3, 0.9, pauses_s=(0.05, 0.1, *(0.2,) * 10), hang_after_s=5.0, steady_after_s=0.2)
LOOPBACK = ("127.0.0.1",)
TWO_HOURS = 2 * 3600 * 30
CLIP_FRAMES = 60
SOAK_FPS = 120.0
LASTING = tuple(trouble for trouble in Trouble if "while" in trouble.value)


def faults(count: int, seed: int = 1, longest_s: float = 0.8, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Inject so many faults of every kind; the picture must come back after each."""
    misfortune = Misfortune(schedule(seed, count, longest_s))
    camera = FakeCamera(fps=30)
    struck: list[tuple[Fault, float]] = []
    misfortune.on_fault = lambda fault: struck.append((fault, time.monotonic()))
    back_s: dict[str, list[float]] = {}
    with watched(lambda: FaultyCamera(camera.again(), misfortune), True, QUICK) as window:
        camera.make_frame = window.desk.scene.frame
        window.open()
        for number in range(count):
            window.wait(lambda number=number: len(struck) > number)
            fault, begun_s = struck[number]
            over_s = begun_s + (fault.lasts_s if fault.trouble in LASTING else 0.0)
            window.wait(lambda over_s=over_s: window.picture_after(over_s))
            back_s.setdefault(fault.trouble.name.lower(), []).append(window.painted_s - over_s)
            window.ledger.note()
            if number % 50 == 49:
                say(f"{number + 1} faults, {window.ledger.held[-1]}")
        figures = window.ledger.figures()
    every_s = sorted(each for several in back_s.values() for each in several)
    return {
        "faults": count,
        "kinds": len(back_s),
        "back_s": {"median": rounded(statistics.median(every_s)), "max": rounded(every_s[-1])},
        "back_max_s_by_kind": {name: rounded(max(several)) for name, several in sorted(back_s.items())},
        **figures,
    }


class Timed:
    """A camera whose calls are timed: from opening it to its first frame, the time is its SDK's."""

    def __init__(self, camera: DepthCamera, calls: list[tuple[float, float]]) -> None:
        self._camera, self._calls, self._has_delivered = camera, calls, False
        calls.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._camera, name)

    def open(self) -> None:
        """Timed."""
        self._timed(self._camera.open)

    def start(self, request: StreamRequest) -> None:
        """Timed."""
        self._timed(lambda: self._camera.start(request))

    def read(self, timeout_s: float) -> Frame | None:
        """Timed until the first frame."""
        if self._has_delivered:
            return self._camera.read(timeout_s)
        frame = self._timed(lambda: self._camera.read(timeout_s))
        self._has_delivered = frame is not None
        return frame

    def _timed(self, call: Callable[[], Any]) -> Any:
        begun_s = time.monotonic()
        try:
            return call()
        finally:
            self._calls.append((begun_s, time.monotonic()))


def unplug(cycles: int, seed: int = 1, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Unplug and replug the virtual networked RealSense camera under the window."""
    domain, rng = DOMAIN + 7, random.Random(seed)
    settings = RealSenseSettings(domain, LOOPBACK)
    plug = VirtualCamera(domain)
    shown_s, back_s, sdk_s = [], [], []
    calls: list[tuple[float, float]] = []
    try:
        with watched(lambda: Timed(RealSenseCamera(settings=settings), calls), False, Supervision()) as window:
            plug.up()
            window.open()
            for cycle in range(cycles):
                steady_s = time.monotonic() + Supervision().steady_after_s
                window.wait(lambda until_s=steady_s: window.picture_after(until_s))
                window.ledger.note()
                plug.down()
                shown_s.append(window.wait(lambda: window.desk.window.stage.banner.isVisible()))
                away_s = time.monotonic() + rng.uniform(0.2, 3.0)
                window.wait(lambda until_s=away_s: time.monotonic() > until_s)
                plug.up()
                up_s = time.monotonic()
                window.wait(lambda since_s=up_s: window.picture_after(since_s))
                back_s.append(window.painted_s - up_s)
                sdk_s.append(sum(max(0.0, end_s - max(begun_s, up_s)) for begun_s, end_s in calls))
                if cycle % 10 == 9:
                    took = f"back after {back_s[-1]:.2f} s, of these {sdk_s[-1]:.2f} s the SDK's"
                    say(f"{cycle + 1} cycles, {took}, {window.ledger.held[-1]}")
            figures = window.ledger.figures()
    finally:
        plug.close()
    return {
        "cycles": cycles,
        "banner_after_s": _spread(shown_s),
        "back_after_s": _spread(back_s),
        "sdk_itself_s": _spread(sdk_s),
        "back_beside_sdk_s": _spread([whole - own for whole, own in zip(back_s, sdk_s, strict=True)]),
        **figures,
    }


def hangs(count: int, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Cameras in processes of their own that hang for ever in read or start: the process is replaced."""
    patience = Patience(open_s=90.0, start_s=2.0, read_s=1.0, stop_s=1.0, close_s=0.5)
    supervision = replace(QUICK, lost_after_s=20.0, hang_after_s=120.0)
    plan = [("read", "start")[number % 2] for number in range(count)]
    made: list[str] = []

    def make() -> DepthCamera:
        where = plan[len(made)] if len(made) < len(plan) else ""
        made.append(where)
        return IsolatedCamera(Hanging(where), CameraInfo("hanging:", "Hanging camera"), patience)

    with watched(make, True, supervision) as window:
        window.open()
        for number in range(1, count + 1):
            window.wait(lambda number=number: len(made) > number, limit_s=120.0)
            window.ledger.note()
            say(f"{number} of {count} hung, {window.ledger.held[-1]}")
        last_s = time.monotonic()
        window.wait(lambda: window.picture_after(last_s), limit_s=120.0)
        figures = window.ledger.figures()
    return {"hangs": count, "processes": len(made), **figures}


def soak(
    frames: int, minutes: float = float("inf"), networks: bool = True, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Stream so many frames of simulated people at SOAK_FPS through the shipped networks, or stand-ins, and the window.

    A clip goes round in memory, so that neither rendering nor decoding stands between the pipeline and its load. It
    ends after `minutes` all the same, and says how far it came.
    """
    clip = simulated_clip(CLIP_FRAMES)
    ages: list[tuple[float, float]] = []

    def frame(number: int) -> Frame:
        return replace(clip[number % len(clip)], number=number, device_timestamp_ms=1000 * number / SOAK_FPS)

    def make() -> DepthCamera:
        camera = FakeCamera(frame, fps=SOAK_FPS)
        made.append(camera)
        return camera

    made: list[FakeCamera] = []
    with watched(make, True, Supervision()) as window:
        window.real_models = build_models(Settings(threads=1)) if networks else None
        results = _counted(window)
        window.open()
        begun_s = said_s = time.monotonic()
        while sum(camera.delivered for camera in made) < frames and time.monotonic() - begun_s < minutes * 60:
            until_s = time.monotonic() + 2.0
            window.wait(lambda until_s=until_s: time.monotonic() > until_s)
            window.ledger.note()
            if window.desk.bridge.engine is not None:
                health = window.desk.bridge.engine.health()
                ages.append((health.picture_age_ms, health.identity_age_ms))
            if time.monotonic() - said_s > 60:
                said_s = time.monotonic()
                say(f"{made[-1].delivered} frames, {window.ledger.held[-1]}, ages {ages[-1]}")
        lasted_s = time.monotonic() - begun_s
        figures = window.ledger.figures()
    delivered = sum(camera.delivered for camera in made)
    return {
        "frames": delivered,
        "lasted_s": round(lasted_s),
        "as_hours_at_30_fps": round(delivered / 30 / 3600, 2),
        "painted": window.frames,
        "results": len(results),
        "opened": len(made),
        "picture_age_ms": _first_last([age for age, _ in ages]),
        "identity_age_ms": _first_last([age for _, age in ages]),
        **figures,
    }


def _counted(window: Watched) -> list[None]:
    """Grows by one with every result that the window shows."""
    results: list[None] = []
    window.desk.presenter.result_shown.connect(lambda: results.append(None))
    return results


def simulated_clip(count: int) -> list[Frame]:
    """Frames of two simulated people."""
    camera = SimulatedCamera.from_address({"sensor": "kinect1", "people": "2", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest())
    clip = [replace(camera.frame(number), truth_mm=None) for number in range(count)]
    camera.close()
    return clip


def _first_last(values: list[float]) -> list[float]:
    """Medians of the first and the last tenth after the warm-up."""
    known = [value for value in values[int(len(values) * WARM_SHARE) :] if value == value]
    part = max(1, len(known) // 10)
    return [rounded(statistics.median(known[:part])), rounded(statistics.median(known[-part:]))]


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": rounded(statistics.median(values)), "max": rounded(max(values))}


RUNS: dict[str, tuple[Callable[..., dict[str, Any]], int]] = {
    "faults": (faults, 1000),
    "unplug": (unplug, 200),
    "hangs": (hangs, 12),
    "soak": (soak, TWO_HOURS),
    "stream": (partial(soak, networks=False), TWO_HOURS),
}


def main() -> None:
    """Run one of them, print its figures and merge them into a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", choices=list(RUNS))
    parser.add_argument("--count", type=int)
    parser.add_argument("--minutes", type=float, help="end soak or stream after so long")
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    function, usual = RUNS[chosen.run]
    control, begun_s = Control(), time.monotonic()
    limit = {"minutes": chosen.minutes} if chosen.minutes else {}
    figures = function(chosen.count or usual, **limit, say=partial(print, flush=True))
    figures["gap_of_another_process_s"] = control.gaps_s()
    figures = {**figures, "took_s": round(time.monotonic() - begun_s), "nice": os.nice(0)}
    print(json.dumps(figures, indent=2))
    if chosen.output:
        kept = json.loads(chosen.output.read_text()) if chosen.output.is_file() else {}
        chosen.output.write_text(json.dumps({**kept, chosen.run: figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
