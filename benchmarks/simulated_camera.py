"""Processor time of one simulated frame at 640×480, of every sensor with one person and with four, beside a peer.

    .venv/bin/python benchmarks/simulated_camera.py [--frames N]

Time of one thread, medians. The peer is OpenCV's bilateral filter on the same frame's depth, measured by turns with the
camera, so that a busy or slow machine changes both: compare the ratios. Exit status 1 when one person takes more than
10 ms, which says something on a quiet machine only; the load is printed with the result.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.sensors import SENSORS

SIZE = StreamRequest(640, 480)
GOAL_MS = 10.0
FIRST = 40  # frames before the measurement: they draw and read the room
PEER = (5, 20.0, 3.0)  # diameter in pixels, standard deviations in mm and in pixels


@dataclass(frozen=True, slots=True)
class Cost:
    """Median milliseconds of one thread for a frame, and for the peer on that frame."""

    ms: float
    peer_ms: float

    @property
    def ratio(self) -> float:
        """How many peers a frame costs."""
        return self.ms / self.peer_ms


def cost(sensor: str, people: int, n_frames: int) -> Cost:
    """What a frame of one sensor with so many people costs."""
    camera = SimulatedCamera.from_address({"sensor": sensor, "people": str(people), "realtime": "0"})
    camera.open()
    camera.start(SIZE)
    for number in range(FIRST):
        camera.frame(number)
    frames_ms, peers_ms = [], []
    for number in range(FIRST, FIRST + n_frames):
        frames_ms.append(thread_ms(lambda number=number: camera.frame(number)))
        depth = camera.frame(number).depth_mm.astype(np.float32)
        peers_ms.append(thread_ms(lambda depth=depth: cv2.bilateralFilter(depth, *PEER)))
    camera.close()
    return Cost(median(frames_ms), median(peers_ms))


def thread_ms(work: Callable[[], object]) -> float:
    """Milliseconds that this thread computed for a piece of work."""
    before_s = time.thread_time()
    work()
    return 1000 * (time.thread_time() - before_s)


def main() -> int:
    """Measure every sensor with one person and with four; print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=60)
    n_frames = parser.parse_args().frames
    cv2.setNumThreads(1)
    missed = False
    for sensor in SENSORS:
        for people in (1, 4):
            found = cost(sensor, people, n_frames)
            missed |= people == 1 and found.ms > GOAL_MS
            line = {"sensor": sensor, "people": people, "ms": round(found.ms, 2), "peer_ms": round(found.peer_ms, 2)}
            print(json.dumps(line | {"ratio": round(found.ratio, 2), "load": round(os.getloadavg()[0], 1)}), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
