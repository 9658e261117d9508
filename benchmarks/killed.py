"""Kills the program while it records, again and again, and looks at what is left.

    .venv/bin/python -m benchmarks.killed [--count 30] [--seed 1]

Each time `depthface record` is killed with SIGKILL at a random moment, every third time while it records results too.
What it records is a session of numbered frames played again and again; the program runs behind a few lines that note
every frame in a file of their own as soon as the camera delivers it. Every recording must open, hold its frames without
a gap, and miss none that was captured over a second before the kill. Exit status 1 when one does not. Both processes
read one monotonic clock, that of the machine. Linux and macOS.
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


# The program, with every frame that its camera delivers noted before anything else is done with it.
NOTING = """
import os, sys
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cli import main
log, read = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND), RecordingCamera.read
def noting(camera, timeout_s):
    frame = read(camera, timeout_s)
    if frame is not None:
        os.write(log, f"{frame.captured_s!r}\\n".encode())
    return frame
RecordingCamera.read = noting
sys.exit(main(sys.argv[2:]))
"""


@dataclass(frozen=True, slots=True)
class Remains:
    """What one kill left.

    captured:  frames that the camera had delivered; `frames` of them are in the file
    missing_s: how long before the kill the oldest of the others was captured, 0 if none is missing
    gaps:      places where frame numbers do not follow each other
    problem:   why the file does not open, or is not sound
    """

    captured: int = 0
    frames: int = 0
    results: int = 0
    missing_s: float = 0.0
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
    path, log = folder / f"{name}.mcap", folder / f"{name}.log"
    arguments = ["record", "-s", f"recording:{folder / 'source.mcap'}?loop=1", "-o", str(path), "--seconds", "600"]
    arguments += ["--processed"] if processed else []
    command = [sys.executable, "-c", NOTING, str(log), "--data-dir", str(folder / "data"), *arguments]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_frames(path, program)
        time.sleep(after_s)
        os.kill(program.pid, signal.SIGKILL)
        killed_s = time.monotonic()
    finally:
        program.kill()
        program.wait()
    return look(path, log, killed_s)


def _await_frames(path: Path, program: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_S
    while not (path.is_file() and path.stat().st_size > 100_000):
        if program.poll() is not None or time.monotonic() > deadline_s:
            raise CameraError(f"The program did not begin to record to {path}; run the same command by hand.")
        time.sleep(0.02)


def look(path: Path, log: Path, killed_s: float) -> Remains:
    """What is in the file of a program that was killed at that moment, beside what its camera had delivered."""
    try:
        verdict = verify(path)
        with SessionReader(path) as reader:
            frames = [reader.read(index) for index in range(len(reader))]
            results = [reader.result(index) for index in reader.with_results]
    except CameraError as error:
        return Remains(problem=str(error))
    numbers = np.array([frame.number for frame in frames])
    gaps = int((np.diff(numbers) % NUMBERS != 1).sum())
    captured_s = [float(line) for line in log.read_text().splitlines()]
    missing_s = set(captured_s) - {frame.captured_s for frame in frames}
    problem = "" if verdict.is_sound and not verdict.is_complete else "it is damaged, or pretends to be whole"
    oldest_s = killed_s - min(missing_s) if missing_s else 0.0
    return Remains(len(captured_s), len(frames), len(results), oldest_s, gaps, problem)


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
        "captured": sum(each.captured for each in remains),
        "frames": sum(each.frames for each in remains),
        "results": sum(each.results for each in remains),
        "missing_s": {"median": missing_s[len(missing_s) // 2], "longest": missing_s[-1]},
        "bad": [asdict(each) for each in remains if not each.is_good],
    }
    print(json.dumps(summary, indent=1))
    return int(bool(summary["bad"]))


if __name__ == "__main__":
    sys.exit(main())
