"""Records 640×480 depth, infrared and colour at 30 frames per second, and says what it costs and what it drops.

    .venv/bin/python benchmarks/recording.py [--seconds N]

The pictures are those of the simulated D435, its infrared picture with noise of its own in three channels for colour;
they are made before the clock starts. Exit status 1 when a frame is dropped or one core is busy for over 40 %.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.recorder import Recorder
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.frame import Frame

FPS = 30
GOAL_SHARE = 0.4


def pictures(count: int) -> list[Frame]:
    """Frames as a camera delivers them, with sensor noise in all three pictures."""
    camera = SimulatedCamera.from_address({"sensor": "d435", "people": "2", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest(width=640, height=480))
    rng = np.random.default_rng(1)
    return [_with_colour(camera.frame(number), rng) for number in range(count)]


def _with_colour(frame: Frame, rng: np.random.Generator) -> Frame:
    depth, grey = frame.depth_mm, frame.infrared
    assert grey is not None
    colour = np.clip(grey[..., None] + rng.normal(0, 2, (*grey.shape, 3)), 0, 255).astype(np.uint8)
    return replace(frame, depth_mm=np.rint(depth).astype(np.uint16), colour=colour)


def record(path: Path, frames: list[Frame], seconds: float) -> dict[str, float]:
    """Record at the pace of a camera; what it took."""
    recorder = Recorder(path, SimulatedCamera().info)
    begun_s, busy_s, longest_s = time.monotonic(), time.process_time(), 0.0
    for number in range(int(seconds * FPS)):
        before_s = time.perf_counter()
        recorder.put(frames[number % len(frames)].at(time.monotonic()))
        longest_s = max(longest_s, time.perf_counter() - before_s)
        time.sleep(max(0.0, begun_s + (number + 1) / FPS - time.monotonic()))
    done = recorder.close()
    return {
        "frames": done.frames,
        "dropped": done.dropped,
        "share_of_one_core": (time.process_time() - busy_s) / (time.monotonic() - begun_s),
        "longest_put_ms": 1000 * longest_s,
        "megabytes_per_second": done.size_bytes / 1e6 / seconds,
    }


def play(path: Path) -> dict[str, float]:
    """Play it again as fast as it goes."""
    camera = RecordingCamera(path, realtime=False)
    begun_s = time.perf_counter()
    camera.open()
    opened_s = time.perf_counter() - begun_s
    camera.start(StreamRequest())
    count, busy_s = min(len(camera), 100), time.process_time()
    for _ in range(count):
        camera.read(1.0)
    read_ms = 1000 * (time.process_time() - busy_s) / count
    camera.close()
    return {"open_ms": 1000 * opened_s, "read_ms": read_ms}


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.mcap"
        figures = record(path, pictures(FPS), seconds) | play(path)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    return int(figures["dropped"] > 0 or figures["share_of_one_core"] > GOAL_SHARE)


if __name__ == "__main__":
    sys.exit(main())
