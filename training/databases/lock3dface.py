"""Lock3DFace: videos of a Kinect v2, 5,671 of 509 people.

Layout: `session1` and `session2`, holding anywhere below them `<person>_Kinect_<NU|FE|PS|OC>_<k>DEPTH.RAW`, or
folders `<person>_Kinect_<NU|FE|PS|OC>_<k>DEPTH` with the same pictures as `01.png`, `02.png`, ...; beside them or
anywhere below, `<person>_Kinect_<...>_<k>INFRARED.txt` with the labelled points. The names are the database's own
(Zhang et al., ICB 2016; public code by users of the database shows them). **Assumed**: which visit a video belongs to
is not in its name, so whoever holds the database puts the videos of the second visit into `session2`; they are the
subset TM.

Format: `.RAW` is the pictures one after the other, 424 rows of 512 little-endian uint16 in mm, 0 = no reading. The
labels are five lines `x:277 y:228` in pixels of the infrared (that is the depth) picture: the eyes, the tip of the
nose, the corners of the mouth; `x:0 y:0` where hidden. They belong to the first picture and are used for the whole
video, as Led3D's public preprocessing does; depth at the tip is the median of the 10 × 10 pixels around it, after the
same source. The factory intrinsics are not published with it: the nominal field of view of a Kinect v2 stands for
them.
"""

import re
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.sensors import SENSORS
from training.databases.depth_pictures import depth_scan, read_depth_picture
from training.databases.scan import (
    DatabaseError,
    DepthScan,
    Recording,
    Scan,
    Subset,
    existing,
    found,
    reading,
)

NAME = re.compile(r"^(\d+)_Kinect_(NU|FE|PS|OC)_(\d+)DEPTH(\.RAW)?$", re.IGNORECASE)
WIDTH, HEIGHT = 512, 424
PICTURE_BYTES = 2 * WIDTH * HEIGHT
EVERY = 9  # one picture in nine: numbers 1, 10, 19 ... are what Led3D's public samples of gallery and probes show
NOSE_LINE = 2
AROUND_PX = 5
LABEL = re.compile(r"x:(\d+)\s+y:(\d+)")


def recordings(folder: Path) -> list[Recording]:
    """Every EVERY-th picture of every video; those of `session2` are TM whatever they show."""
    out: list[Recording] = []
    for session in (1, 2):
        videos = [path for path in existing(folder / f"session{session}").rglob("*DEPTH*") if NAME.match(path.name)]
        what = "<person>_Kinect_<NU|FE|PS|OC>_<k>DEPTH.RAW files"
        labels = {path.name.upper(): path for path in (folder / f"session{session}").rglob("*INFRARED.txt")}
        for path in found(videos, folder / f"session{session}", what) if session == 1 else sorted(videos):
            out += _pictures(path, session, labels)
    return out


def _pictures(path: Path, session: int, labels: dict[str, Path]) -> list[Recording]:
    name = NAME.match(path.name)
    if name is None:
        return []
    subset: Subset = "TM" if session == 2 else name[2].upper()  # type: ignore[assignment]
    label = labels.get(re.sub(r"DEPTH(\.RAW)?$", "INFRARED.TXT", path.name.upper()))
    reader = partial(load, label=label)
    if path.is_dir():
        pictures = found(path.glob("*.png"), path, "pictures 01.png, 02.png, ...")
        return [Recording("Lock3DFace", name[1], session, subset, p, reader, 0) for p in pictures[::EVERY]]
    count, rest = divmod(path.stat().st_size, PICTURE_BYTES)
    if rest or not count:
        raise DatabaseError(
            f"{path} is truncated: its size is not a whole number of {WIDTH} × {HEIGHT} 16-bit pictures"
        )
    return [Recording("Lock3DFace", name[1], session, subset, path, reader, k) for k in range(0, count, EVERY)]


def read_raw(path: Path, frame: int) -> NDArray[np.float32]:
    """(424, 512) float32 mm of one picture of a video, NaN = no reading.

    Raises:
        DatabaseError: if the file ends before it.
    """
    with path.open("rb") as file:
        file.seek(frame * PICTURE_BYTES)
        data = file.read(PICTURE_BYTES)
    if len(data) < PICTURE_BYTES:
        raise DatabaseError(f"{path} is truncated: it ends before picture {frame + 1}")
    counts = np.frombuffer(data, "<u2").reshape(HEIGHT, WIDTH)
    return np.where(counts > 0, counts, np.nan).astype(np.float32)


def read_labels(path: Path) -> list[tuple[int, int]]:
    """Five points (x, y) in pixels; (0, 0) where hidden.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    with reading(path, "label"):
        points = [(int(x), int(y)) for x, y in LABEL.findall(path.read_text(encoding="latin-1"))]
        if len(points) != 5:
            raise DatabaseError(f"{path} is truncated or not a label file: {len(points)} of 5 points")
    return points


def load(recording: Recording, label: Path | None = None) -> Scan:
    """The picture with the tip of the nose as labelled; found where the label is missing, hidden or has no reading."""
    path = recording.path
    single = path.suffix.lower() == ".png"
    depth = read_depth_picture(path, (WIDTH, HEIGHT)) if single else read_raw(path, recording.frame)
    pinhole = SENSORS["kinect2"].intrinsics()
    x, y = read_labels(label)[NOSE_LINE] if label is not None else (0, 0)
    around = depth[max(y - AROUND_PX, 0) : y + AROUND_PX, max(x - AROUND_PX, 0) : x + AROUND_PX]
    if (x, y) == (0, 0) or np.isnan(around).all():
        return depth_scan(depth, pinhole, path)
    z = float(np.nanmedian(around))
    return DepthScan(depth, pinhole, ((x - pinhole.cx) / pinhole.fx * z, (y - pinhole.cy) / pinhole.fy * z, z))
