"""Dumps of a Kinect v1 as libfreenect's recorder writes them, made from simulated frames, and fakenect to play them.

Source of the format: libfreenect, fakenect/record.c and fakenect.c: INDEX.txt names the files in order, a letter for
the stream, the host's time in seconds and the device's clock in each name.
"""

import os
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.kinect1.geometry import NO_READING, Calibration
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.frame import Frame

TICKS_PER_S = 60_000_000
FIRST_TICK = 1_000_000
MISSING = (
    "fakenect is not installed: as root, apt-get install libfreenect0.5 libfreenect-bin (depthface.py test does it)"
)


def fakenect_folder() -> Path | None:
    """Where the stand-in for libfreenect lies; it has the library's own file name."""
    libraries = (folder / "fakenect" for root in ("/usr/lib", "/usr/local/lib") for folder in _folders(Path(root)))
    return next((folder for folder in libraries if (folder / "libfreenect.so.0.5").exists()), None)


def _folders(root: Path) -> Iterator[Path]:
    yield root
    yield from root.glob("*-linux-gnu*")


def plug_in(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a camera's process find the dump where it looks for a Kinect v1. Fails, not skips, without fakenect."""
    if not sys.platform.startswith("linux"):
        pytest.skip("fakenect replaces libfreenect on Linux only")
    folder = fakenect_folder()
    if folder is None:
        pytest.fail(MISSING)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{folder}{os.pathsep}{os.environ.get('LD_LIBRARY_PATH', '')}")
    monkeypatch.setenv("FAKENECT_PATH", str(dump))
    monkeypatch.setenv("FAKENECT_LOOP", "0")  # newer versions go round for ever


def raw_of(depth_mm: np.ndarray, calibration: Calibration | None = None) -> np.ndarray:
    """(H, W) uint16 disparity that a Kinect v1 counts at depths in mm; 0 mm counts as no reading."""
    known = calibration or Calibration()
    with np.errstate(divide="ignore"):
        aside_cm = known.emitter_cm - 10 * known.reference_cm * known.emitter_cm / depth_mm.astype(np.float64)
    raw = np.rint(4 * (aside_cm / known.pixel_cm + 0.375) + 4 * known.shift)
    return np.where(depth_mm > 0, np.clip(raw, 0, NO_READING), NO_READING).astype("<u2")


def write_dump(folder: Path, frames: Iterable[Frame], fps: float = 30, first_tick: int = FIRST_TICK) -> Path:
    """Write frames of 640 × 480 as a dump that is played at `fps`."""
    folder.mkdir(parents=True)
    names = []
    for number, frame in enumerate(frames):
        time_s = 1_700_000_000 + number / fps
        tick = (first_tick + number * TICKS_PER_S // 30) % 2**32
        grey = frame.infrared if frame.infrared is not None else np.zeros(frame.depth_mm.shape, np.uint8)
        level = struct.pack("<hhhbxi", 0, 819, 0, 20, 0)  # upright, tilted by 10 degrees
        parts = (
            ("a", "dump", level),
            ("r", "ppm", b"P6 640 480 255\n" + np.repeat(grey[..., None], 3, 2).tobytes()),
            ("d", "pgm", b"P5 640 480 65535\n" + raw_of(frame.depth_mm).tobytes()),
        )
        for letter, suffix, content in parts:
            name = f"{letter}-{time_s:.6f}-{tick}.{suffix}"
            (folder / name).write_bytes(content)
            names.append(name)
    (folder / "INDEX.txt").write_text("\n".join(names) + "\n")
    return folder


def simulated_frames(count: int, query: str = "people=1&seed=5") -> list[Frame]:
    """Frames of simulated people before a simulated Kinect v1."""
    parameters = dict(part.split("=") for part in query.split("&"))
    camera = SimulatedCamera.from_address({"sensor": "kinect1", "realtime": "0", **parameters})
    camera.open()
    camera.start(StreamRequest())
    frames = [camera.read(0) for _ in range(count)]
    camera.close()
    return [frame for frame in frames if frame is not None]
