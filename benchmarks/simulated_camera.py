"""Processor time of one simulated frame against the 33 ms that a camera at 30 frames per second has for it.

    .venv/bin/python benchmarks/simulated_camera.py [--frames N]

One core. Processor time, not wall time, so that a busy machine disturbs the figure less; it still grows when the
caches are shared. Exit status 1 when one person at 640×480 takes more than 10 ms.
"""

import argparse
import json
import sys
import time
from statistics import median

import cv2

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.sensors import SENSORS

FRAME_MS = 1000 / 30
GOAL_MS = 10.0


def frame_ms(query: dict[str, str], request: StreamRequest, n_frames: int) -> float:
    """Median processor milliseconds per frame, after the first that draw and read the room."""
    camera = SimulatedCamera.from_address(query | {"realtime": "0"})
    camera.open()
    camera.start(request)
    for number in range(40):
        camera.frame(number)
    took_ms = []
    for number in range(40, 40 + n_frames):
        before = time.process_time()
        camera.frame(number)
        took_ms.append(1000 * (time.process_time() - before))
    camera.close()
    return median(took_ms)


def main() -> int:
    """Measure every sensor with one person and with four, at 640×480 and at its own size; print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100)
    n_frames = parser.parse_args().frames
    cv2.setNumThreads(1)
    missed = False
    for name in SENSORS:
        for people, size in (("1", (640, 480)), ("4", (640, 480)), ("1", (None, None))):
            took_ms = frame_ms({"sensor": name, "people": people}, StreamRequest(*size), n_frames)
            picture = "own size" if size[0] is None else "640x480"
            missed |= people == "1" and size[0] is not None and took_ms > GOAL_MS
            line = {"sensor": name, "people": int(people), "picture": picture, "ms": round(took_ms, 2)}
            print(json.dumps(line | {"share_of_frame": round(took_ms / FRAME_MS, 3)}), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
