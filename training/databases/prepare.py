"""A database turned into one file of pictures and an index, so that training reads nothing else.

pictures.bin  (N, 128, 128) uint16, see `training.databases.picture`
index.json    one entry per picture, written last: a folder without it was not finished
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from depthface_app.core.crop import SIZE_PX
from depthface_app.core.face import HeadPose
from depthface_app.core.files import whole_file
from training.databases.picture import SPHERE_MM, Picture, picture
from training.databases.scan import NoFace, Nose, Recording, crop_turned
from training.mesh import Mesh

log = logging.getLogger(__name__)

PICTURE_BYTES = 2 * SIZE_PX * SIZE_PX
PICTURES, INDEX = "pictures.bin", "index.json"

Pose = tuple[float, float]  # yaw, pitch in degrees

AS_IT_IS: tuple[Pose, ...] = ((0.0, 0.0),)
# Led3D's virtual poses for recognition (Mu et al., CVPR 2019, section 4.3).
LED3D_POSES: tuple[Pose, ...] = (
    (0, 0), (20, 0), (-20, 0), (0, 20), (0, -20), (40, 0), (-40, 0), (60, 0), (-60, 0),
)  # fmt: skip
# 149,661 training pairs are 23 × (4,007 + 2,500), so each scan is shown 23 times. Which 23 the paper does not say:
# read as Led3D's angles in all combinations, and two steeper pitches.
PAIR_POSES: tuple[Pose, ...] = (
    *((yaw, pitch) for yaw in (0, 20, -20, 40, -40, 60, -60) for pitch in (0, 20, -20)), (0, 40), (0, -40),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a picture comes from, and its scale; see `Recording` and `Picture`."""

    person: str
    session: int
    subset: str
    path: str
    frame: int
    yaw_deg: float
    pitch_deg: float
    near_mm: float
    far_mm: float
    nose_mm: Nose


class Pictures:
    """Prepared pictures of a database, read from disk as they are asked for."""

    def __init__(self, folder: Path) -> None:
        """Open them.

        Raises:
            FileNotFoundError: if the folder was not finished.
            ValueError: if a file is damaged, or the two do not belong together.
        """
        self.folder = folder
        try:
            index = json.loads((folder / INDEX).read_text())
            self.mark: str = index["fingerprint"]
            self.left_out: int = index["left_out"]
            self.entries = [Entry(**{**entry, "nose_mm": tuple(entry["nose_mm"])}) for entry in index["entries"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{folder / INDEX} is damaged ({error}): delete {folder}") from error
        shape = (len(self.entries), SIZE_PX, SIZE_PX)
        if (folder / PICTURES).stat().st_size != len(self.entries) * PICTURE_BYTES:
            raise ValueError(
                f"{folder / PICTURES} does not hold the {len(self.entries)} pictures of its index: delete {folder}"
            )
        self._counts = np.memmap(folder / PICTURES, np.uint16, "r", shape=shape)

    def __reduce__(self) -> tuple[type["Pictures"], tuple[Path]]:
        """Data sets travel to worker processes: the name of the folder goes, not gigabytes of pictures."""
        return Pictures, (self.folder,)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> Picture:
        entry = self.entries[n]
        return Picture(np.array(self._counts[n]), entry.near_mm, entry.far_mm, entry.nose_mm)


def fingerprint(recordings: Sequence[Recording], poses: dict[str, tuple[Pose, ...]]) -> str:
    """Says whether a prepared folder was made from these recordings in these poses."""
    lines = [f"{r.path} {r.frame} {r.person} {r.subset} {r.session} {poses[r.subset]}" for r in recordings]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _around(mesh: Mesh, nose_mm: Nose) -> Mesh:
    """The part of a surface that a crop can show, so that turning does not carry the whole scene."""
    inside = np.linalg.norm(mesh.vertices_mm - np.asarray(nose_mm, np.float32), axis=1) <= SPHERE_MM
    kept = mesh.triangles[inside[mesh.triangles].all(1)]
    used, corners = np.unique(kept, return_inverse=True)
    return Mesh(mesh.vertices_mm[used], corners.reshape(-1, 3).astype(np.int32))


def pictures_of(recording: Recording, poses: tuple[Pose, ...]) -> list[tuple[Entry, NDArray[np.uint16]]]:
    """A recording in all poses; none if there is no face in it.

    Raises:
        DatabaseError: if the file is broken.
        OSError: if it cannot be read.
    """
    cv2.setNumThreads(1)
    out = []
    try:
        scan = recording.load()
        mesh = _around(scan.mesh(), scan.nose_mm) if len(poses) > 1 else None
        for yaw, pitch in poses:
            turned = mesh is not None and (yaw, pitch) != (0, 0)
            crop = crop_turned(mesh, scan.nose_mm, HeadPose(yaw, pitch, 0)) if turned and mesh else scan.crop()
            shown = picture(crop)
            entry = Entry(
                recording.person, recording.session, recording.subset, str(recording.path), recording.frame,
                yaw, pitch, shown.near_mm, shown.far_mm, shown.nose_mm,
            )  # fmt: skip
            out.append((entry, shown.counts))
    except NoFace as error:
        log.info("left out: %s", error)
        return []
    return out


def _made(
    recordings: Sequence[Recording], poses: dict[str, tuple[Pose, ...]], workers: int
) -> Iterator[list[tuple[Entry, NDArray[np.uint16]]]]:
    """Pictures of each recording, in their order."""
    if workers < 2:
        yield from (pictures_of(recording, poses[recording.subset]) for recording in recordings)
        return
    with ProcessPoolExecutor(workers) as pool:
        waiting = iter(recordings)
        while block := list(islice(waiting, 16 * workers)):  # in blocks, so that results do not pile up in memory
            yield from pool.map(partial(_one, poses), block)


def _one(poses: dict[str, tuple[Pose, ...]], recording: Recording) -> list[tuple[Entry, NDArray[np.uint16]]]:
    return pictures_of(recording, poses[recording.subset])


def require_room(folder: Path, size: int) -> None:
    """Refuse at once what would fill the disk in an hour.

    Raises:
        OSError: if `size` bytes do not fit.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(f"the disk of {folder} has {free / 1e9:.1f} GB free; the pictures need {size / 1e9:.1f} GB")


def prepared(
    recordings: Sequence[Recording], poses: dict[str, tuple[Pose, ...]], folder: Path, workers: int = 1
) -> Pictures:
    """The pictures of these recordings: made now, or those that an earlier call with the same ones has left.

    Args:
        poses: which virtual poses each subset is shown in.
        folder: a folder of its own for them.

    Raises:
        DatabaseError: if a file is broken.
        OSError: if the disk is full or a file cannot be read.
    """
    mark = fingerprint(recordings, poses)
    if (folder / INDEX).exists() and (there := Pictures(folder)).mark == mark:
        return there
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder, PICTURE_BYTES * sum(len(poses[r.subset]) for r in recordings))
    bar = tqdm(_made(recordings, poses, workers), folder.name, total=len(recordings), unit="recording", mininterval=10)
    return stored(bar, folder, mark)


def stored(made: Iterable[list[tuple[Entry, NDArray[np.uint16]]]], folder: Path, mark: str) -> Pictures:
    """Write pictures and their index; the index stands for all of them being there.

    Raises:
        OSError: if the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)
    entries, left_out = [], 0
    with whole_file(folder / PICTURES) as part, part.open("wb") as file:
        for of_one in made:
            left_out += not of_one
            for entry, counts in of_one:
                file.write(np.ascontiguousarray(counts, "<u2").tobytes())
                entries.append(entry)
    if not entries:
        raise NoFace(f"no face was found in any recording of {folder.name}")
    with whole_file(folder / INDEX) as part:
        lines = {"fingerprint": mark, "left_out": left_out, "entries": [asdict(entry) for entry in entries]}
        part.write_text(json.dumps(lines))
    return Pictures(folder)
