"""Writes an hour of recording and says how long it takes to open it and to go to any place in it.

    .venv/bin/python -m benchmarks.long_session [--minutes 60] [--folder DIR]

108,000 frames of simulated depth, 320×240, of a few distinct pictures: about 4 GB. Opening and seeking depend on the
number of frames, unpacking on their size; the same is measured on 640×480 with infrared and colour for a minute. Times
are of the reading thread (processor) and of the clock; the file has just been written, so that most of it is in memory.
Exit status 1 when opening takes a second or a seek 100 ms of processor time.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.cameras.session.ending import read_ending
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.frame import Frame

FPS = 30
SEEKS = 300
OPEN_S, SEEK_S = 1.0, 0.1


def pictures(width: int, height: int, extras: bool) -> list[Frame]:
    """A few frames of a simulated Kinect; with infrared, and noise for colour, where extras are wanted."""
    camera = SimulatedCamera.from_address({"sensor": "d435", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest(width=width, height=height))
    frames = [camera.frame(number * 7) for number in range(6)]
    camera.close()
    if not extras:
        return [replace(frame, infrared=None) for frame in frames]
    rng = np.random.default_rng(1)
    return [
        replace(f, colour=cv2.merge([f.infrared + rng.integers(0, 5, (height, width), np.uint8) for _ in range(3)]))
        for f in frames
        if f.infrared is not None
    ]


def write(path: Path, frames: list[Frame], count: int) -> None:
    """A session of that many frames at 30 Hz."""
    writer = SessionWriter(path, CameraInfo("simulated:", "Simulated"))
    for number in range(count):
        writer.add(replace(frames[number % len(frames)], number=number, captured_s=10 + number / FPS))
    writer.finish()


def measure(path: Path) -> dict[str, object]:
    """Milliseconds to open, and to show any frame, as the window does: a seek, then the frame."""
    opened_ms = _took_ms(lambda: SessionReader(path).close())
    camera = RecordingCamera(path)
    camera.holds = True
    camera.open()
    camera.start(StreamRequest())
    playback = camera.playback
    assert playback is not None
    playback.pause()
    rng = np.random.default_rng(2)

    def show(index: int) -> None:
        playback.seek(index)
        assert camera.read(10.0).number == index

    seeks = [_took_ms(lambda i=int(index): show(i)) for index in rng.integers(0, len(camera), SEEKS)]
    camera.close()
    table = {name: _spread([seek[name] for seek in seeks]) for name in ("processor", "clock")}
    return {"megabytes": round(path.stat().st_size / 1e6, 1), "open_ms": opened_ms, "seek_ms": table}


def cut_off(path: Path) -> None:
    """Take the ending away, as a killed program leaves the file."""
    with path.open("rb") as file:
        ending = read_ending(file)
    assert ending is not None
    os.truncate(path, ending.start)


def _took_ms(work: Callable[[], None]) -> dict[str, float]:
    busy_s, begun_s = time.thread_time(), time.perf_counter()
    work()
    return {"processor": 1000 * (time.thread_time() - busy_s), "clock": 1000 * (time.perf_counter() - begun_s)}


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95)), "longest": max(values)}


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="where a few GB are free")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        path, large = Path(folder) / "long.mcap", Path(folder) / "large.mcap"
        write(path, pictures(320, 240, extras=False), round(chosen.minutes * 60 * FPS))
        figures: dict[str, object] = {"frames": round(chosen.minutes * 60 * FPS), "long": measure(path)}
        cut_off(path)
        figures["cut_off_open_ms"] = _took_ms(lambda: SessionReader(path).close())
        write(large, pictures(640, 480, extras=True), 60 * FPS)
        figures["large"] = measure(large)
    print(json.dumps(figures, indent=1))
    long: dict = figures["long"]  # type: ignore[assignment]
    slow = long["open_ms"]["processor"] > 1000 * OPEN_S or long["seek_ms"]["processor"]["longest"] > 1000 * SEEK_S
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
