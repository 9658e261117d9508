"""Kills the program while it records, again and again, and looks at what is left.

    .venv/bin/python -m benchmarks.killed [--count 30] [--seed 1]

Each time `depthface record` is killed with SIGKILL at a random moment, every third time while it records results too.
What it records is a session of numbered frames played again and again, so that a missing frame shows as a gap in the
numbers. Every file must open, hold its frames without a gap, and end less than a second before the kill. Exit status 1
when one does not. Both processes read one monotonic clock, that of the machine. Linux and macOS.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.session import SessionReader, SessionWriter, verify
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.errors import CameraError

NUMBERS = 60  # frames of the session that is played
LONGEST_S = 4.0  # from the first frame to the kill
START_S = 120.0
OLDEST_MISSING_S = 1.0


@dataclass(frozen=True, slots=True)
class Remains:
    """What one kill left.

    missing_s: how long before the kill the last kept frame was captured; what came after it is missing
    gaps:      places where frame numbers do not follow each other
    problem:   why the file does not open, or is not sound
    """

    frames: int = 0
    results: int = 0
    missing_s: float = float("inf")
    gaps: int = 0
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Nothing older than a second is missing."""
        return not self.problem and not self.gaps and self.missing_s < OLDEST_MISSING_S


def write_source(path: Path) -> None:
    """The session that is played: simulated depth and infrared, and noise for colour."""
    camera = SimulatedCamera.from_address({"sensor": "kinect1", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest())
    writer = SessionWriter(path, CameraInfo("simulated:", "Simulated"))
    rng = np.random.default_rng(1)
    shown = [camera.frame(number) for number in range(4)]
    colour = rng.integers(0, 40, (*shown[0].depth_mm.shape, 3), np.uint8)
    for number in range(NUMBERS):
        writer.add(replace(shown[number % 4], number=number, captured_s=5 + number / 30, colour=colour))
    writer.finish()
    camera.close()


def kill_once(folder: Path, name: str, after_s: float, processed: bool) -> Remains:
    """Record, kill that long after the first frame, and look."""
    path = folder / f"{name}.mcap"
    arguments = ["record", "-s", f"recording:{folder / 'source.mcap'}?loop=1", "-o", str(path), "--seconds", "600"]
    arguments += ["--processed"] if processed else []
    command = [sys.executable, "-m", "depthface_app", "--data-dir", str(folder / "data"), *arguments]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_frames(path, program)
        time.sleep(after_s)
        os.kill(program.pid, signal.SIGKILL)
        killed_s = time.monotonic()
    finally:
        program.kill()
        program.wait()
    return look(path, killed_s)


def _await_frames(path: Path, program: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_S
    while not (path.is_file() and path.stat().st_size > 100_000):
        if program.poll() is not None or time.monotonic() > deadline_s:
            raise CameraError(f"The program did not begin to record to {path}; run the same command by hand.")
        time.sleep(0.02)


def look(path: Path, killed_s: float) -> Remains:
    """What is in the file of a program that was killed at that moment."""
    try:
        verdict = verify(path)
        with SessionReader(path) as reader:
            frames = [reader.read(index) for index in range(len(reader))]
            results = [reader.result(index) for index in reader.with_results]
    except CameraError as error:
        return Remains(problem=str(error))
    numbers = np.array([frame.number for frame in frames])
    gaps = int((np.diff(numbers) % NUMBERS != 1).sum())
    problem = "" if verdict.is_sound and not verdict.is_complete else "it is damaged, or pretends to be whole"
    return Remains(len(frames), len(results), killed_s - frames[-1].captured_s, gaps, problem)


def kill(count: int, seed: int, with_results: bool = True) -> list[Remains]:
    """Kill that many times."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_source(Path(folder) / "source.mcap")
        remains = []
        for number in range(count):
            processed = with_results and number % 3 == 2
            remains.append(kill_once(Path(folder), str(number), float(rng.uniform(0, LONGEST_S)), processed))
            (Path(folder) / f"{number}.mcap").unlink()
    return remains


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    remains = kill(chosen.count, chosen.seed)
    missing_s = sorted(each.missing_s for each in remains)
    summary = {
        "kills": len(remains),
        "good": sum(each.is_good for each in remains),
        "frames": sum(each.frames for each in remains),
        "results": sum(each.results for each in remains),
        "missing_s": {"median": missing_s[len(missing_s) // 2], "longest": missing_s[-1]},
        "bad": [asdict(each) for each in remains if not each.is_good],
    }
    print(json.dumps(summary, indent=1))
    return int(bool(summary["bad"]))


if __name__ == "__main__":
    sys.exit(main())
