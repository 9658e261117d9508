"""MultiSFace: recordings of a pmd Pico Flexx, 16 sequences of each of 31 people (Pini et al., Sensors 21(3), 2021).

**The file format is not published.** Assumed: `<person>/<sequence>/` with 16-bit single-channel PNG depth maps in mm,
224 × 171, 0 = no reading, named `*depth*.png`. Pictures of a sequence resemble each other, so every EVERY-th is
taken. What a sequence shows is not said: all count as neutral. The sensor's nominal 62° × 45° field of view (pmd data
sheet) stands for the intrinsics. The upper body is in the picture; the tip of the nose is found.
"""

from itertools import groupby
from math import radians, tan
from pathlib import Path

from depthface_app.core.frame import Intrinsics
from training.databases.depth_pictures import depth_scan, read_depth_picture
from training.databases.scan import Recording, Scan, existing, found

WIDTH, HEIGHT = 224, 171
HFOV_DEG = 62.0
EVERY = 9  # as for Lock3DFace


def recordings(folder: Path) -> list[Recording]:
    """Every EVERY-th depth map of every sequence."""
    files = found(existing(folder).glob("*/*/*depth*.png"), folder, "<person>/<sequence>/ with *depth*.png files")
    out = []
    for _, sequence in groupby(files, key=lambda path: path.parent):
        for path in list(sequence)[::EVERY]:
            out.append(Recording("MultiSFace", path.relative_to(folder).parts[0], 1, "NU", path, load))
    return out


def intrinsics() -> Intrinsics:
    """Nominal pinhole of a Pico Flexx."""
    focal = WIDTH / 2 / tan(radians(HFOV_DEG) / 2)
    return Intrinsics(WIDTH, HEIGHT, focal, focal, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)


def load(recording: Recording) -> Scan:
    """One depth map."""
    return depth_scan(read_depth_picture(recording.path, (WIDTH, HEIGHT)), intrinsics(), recording.path)
