"""How fast this machine is: the engine itself, watched by readers that paint as the window does."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from depthface_app.cameras.base import DepthCamera, StreamRequest
from depthface_app.core.colour import depth_table
from depthface_app.core.errors import CameraError
from depthface_app.core.face import Result
from depthface_app.core.frame import Frame
from depthface_app.core.match import unit
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.stages import Models, recognise

WARM_UP_S = 2.0
PATIENCE_S = 30.0
PEOPLE = 100  # in the gallery that is matched against
NEAR_MM, FAR_MM = 300, 2000


@dataclass(slots=True)
class Readings:
    """What was seen in one run; each list is filled by one thread.

    pictures: (when it was painted, its age in ms)
    results:  (when it was complete, age of its frame in ms, milliseconds per stage)
    """

    pictures: list[tuple[float, float]] = field(default_factory=list)
    results: list[tuple[float, float, dict[str, float]]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Medians and high percentiles, as `depthface bench --json` promises them."""
        names = self.results[-1][2] if self.results else {}
        return {
            "stages_ms": {name: _spread([stages[name] for _, _, stages in self.results], 95) for name in names},
            "picture_fps": _rate([at for at, _ in self.pictures]),
            "picture_age_ms": _spread([age for _, age in self.pictures], 99),
            "identity_hz": _rate([at for at, _, _ in self.results]),
            "identity_age_ms": _spread([age for _, age, _ in self.results], 95),
            "frames": len(self.pictures),
        }


def measure(
    make_camera: Callable[[], DepthCamera], models: Models, seconds: float, warm_up_s: float = WARM_UP_S
) -> Readings:
    """Run the engine for some seconds after a warm-up.

    Raises:
        CameraError: if the source sends no pictures.
    """
    engine = Engine(make_camera, models, crowd(make_camera, models))
    readings, stop = Readings(), threading.Event()
    readers = [
        threading.Thread(target=_paint, args=(engine, readings, stop), daemon=True),
        threading.Thread(target=_collect, args=(engine, readings, stop), daemon=True),
    ]
    engine.start()
    try:
        _await_stream(engine)
        time.sleep(warm_up_s)
        for reader in readers:
            reader.start()
        time.sleep(seconds)
    finally:
        stop.set()
        engine.stop()
    for reader in readers:
        reader.join(PATIENCE_S)
    return readings


def crowd(make_camera: Callable[[], DepthCamera], models: Models) -> Gallery:
    """A gallery of strangers with embeddings as long as this recogniser makes them."""
    model = models.recogniser.card.identity
    face = next((face for face in _first_result(make_camera, models).faces if face.embedding is not None), None)
    if face is None or face.embedding is None:
        return Gallery.empty(model)
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(PEOPLE, len(face.embedding)))
    return Gallery.of(model, [(f"person {index}", unit(row)[None]) for index, row in enumerate(rows)])


def _first_result(make_camera: Callable[[], DepthCamera], models: Models) -> Result:
    camera = make_camera()
    try:
        camera.open()
        camera.start(StreamRequest())
        frame = camera.read(PATIENCE_S)
    finally:
        camera.close()
    if frame is None:
        raise CameraError(f"{camera.info.name} sent no picture within {PATIENCE_S:.0f} s; nothing can be measured.")
    return recognise(frame, models, Gallery.empty(models.recogniser.card.identity))[0]


def _await_stream(engine: Engine) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while engine.state is not FeedState.STREAMING:
        if time.monotonic() > until_s or engine.state in (FeedState.FAILED, FeedState.ENDED):
            why = "; ".join(fault.message for fault in engine.standing_faults) or "the source sent no pictures"
            raise CameraError(f"Nothing can be measured: {why}")
        time.sleep(0.02)


def _paint(engine: Engine, readings: Readings, stop: threading.Event) -> None:
    """The painting thread: colours every picture as the window's live view does."""
    table = depth_table(NEAR_MM, FAR_MM)
    while not stop.is_set():
        frame: Frame | None = engine.pictures.take(0.1)
        if frame is not None:
            table[frame.depth_mm.astype(np.uint16)]
            now_s = time.monotonic()
            readings.pictures.append((now_s, (now_s - frame.captured_s) * 1000))


def _collect(engine: Engine, readings: Readings, stop: threading.Event) -> None:
    """The thread that takes the results."""
    while not stop.is_set():
        result = engine.results.take(0.1)
        if result is not None:
            age_ms = (result.done_s - result.frame.captured_s) * 1000
            readings.results.append((result.done_s, age_ms, result.stages_ms))


def _rate(moments_s: list[float]) -> float:
    if len(moments_s) < 2:
        return float("nan")
    return (len(moments_s) - 1) / (moments_s[-1] - moments_s[0])


def _spread(values: list[float], high: int) -> dict[str, float]:
    if not values:
        return {"median": float("nan"), f"p{high}": float("nan")}
    median, top = np.percentile(values, (50, high))
    return {"median": float(median), f"p{high}": float(top)}
