"""Inspects a long recording without a window, and says how many frames a second two cores would do.

    .venv/bin/python -m benchmarks.inspecting [--frames 10000] [--workers 2] [--folder DIR]

A simulated D435, 848×480 with infrared, 300 different frames in turn: 5 GB for 10,000. Counted is the processor time of
all processes, which another's work on the machine lengthens little, and the clock, which it lengthens as much as it
likes; the load is printed. The peer are the two networks that no inspection can do without, locator and denoiser, on
the same frames in one thread. Exit status 1 when two cores would not keep up with 30 frames a second.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from depthface_app.build import build_models
from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.crop import crop_face
from depthface_app.pipeline.settings import Settings

FPS, CORES = 30, 2
DIFFERENT = 300
PEER_FRAMES = 60


def write(path: Path, count: int) -> None:
    """A session of that many frames at 30 Hz."""
    camera = SimulatedCamera.from_address({"sensor": "d435", "seed": "3", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest())
    frames = [camera.frame(number) for number in range(min(count, DIFFERENT))]
    camera.close()
    writer = SessionWriter(path, CameraInfo("simulated:", "Simulated"))
    for number in range(count):
        writer.add(replace(frames[number % len(frames)], number=number, captured_s=10 + number / FPS))
    writer.finish()


def peer_ms(path: Path) -> float:
    """Median milliseconds of one thread that locator and denoiser need for a frame."""
    models = build_models(replace(Settings(), threads=1))
    took = []
    with SessionReader(path) as reader:
        for index in range(min(PEER_FRAMES, len(reader))):
            frame = reader.read(index)
            begun_s = time.process_time()
            for location in models.locator.locate(frame)[:1]:
                models.denoiser.denoise(crop_face(frame.depth_float(), frame.intrinsics, location.nose_mm))
            took.append(1000 * (time.process_time() - begun_s))
    return median(took)


def inspected(path: Path, workers: int) -> tuple[float, float]:
    """Seconds of processor and of the clock that the command takes for all of it."""
    before, begun_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "depthface_app", "inspect", str(path), "-o", str(path.with_suffix(""))]
    subprocess.run([*command, "--workers", str(workers), "--json"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun_s


def report(frames: int, processor_s: float, clock_s: float, peer: float) -> dict[str, float]:
    """What the figures come to."""
    each_ms = 1000 * processor_s / frames
    return {
        "frames": frames,
        "processor_ms_per_frame": round(each_ms, 1),
        "of_the_networks": round(each_ms / peer, 2),
        "fps_of_two_free_cores": round(CORES * 1000 / each_ms, 1),
        "fps_by_the_clock": round(frames / clock_s, 1),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=CORES)
    parser.add_argument("--folder", type=Path, help="where the recording is written, and deleted again")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "long.mcap"
        write(path, arguments.frames)
        peer = peer_ms(path)
        found = report(arguments.frames, *inspected(path, arguments.workers), peer)
    print(json.dumps(found | {"networks_ms": round(peer, 1), "load": [round(load, 1), round(os.getloadavg()[0], 1)]}))
    return 0 if found["fps_of_two_free_cores"] > FPS else 1


if __name__ == "__main__":
    sys.exit(main())
