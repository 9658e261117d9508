"""Damaged dumps and recordings: what a full disk, a bad copy or a stranger makes of one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.isolated import IsolatedCamera, Patience
from depthface_app.cameras.kinect1 import kinect1
from depthface_app.core.errors import CameraError, EndOfStream

PATIENCE = Patience(open_s=12, start_s=5, read_s=1, stop_s=2, close_s=1)
READS = 40

Mutation = Callable[[Path, np.random.Generator], None]


def damaged(dump: Path, folder: Path, seed: int) -> tuple[Path, str]:
    """A copy of the dump with one to three kinds of damage, the same for the same seed, and what was done to it."""
    rng = np.random.default_rng(seed)
    copy = shutil.copytree(dump, folder / f"dump-{seed}")
    chosen = rng.choice(len(MUTATIONS), rng.integers(1, 4), replace=False)
    names = list(MUTATIONS)
    for index in chosen:
        MUTATIONS[names[index]](copy, rng)
    return copy, "+".join(names[index] for index in chosen)


def outcome(camera: IsolatedCamera | None = None) -> tuple[str, int]:
    """Open, start and read a camera, the Kinect v1 that is plugged in by default: (how it ended, frames that came).

    Only a CameraError may end it; anything else is raised.
    """
    camera = camera or kinect1("", {})
    hurried = IsolatedCamera(camera._make, camera.info, PATIENCE)
    frames = 0
    try:
        hurried.open()
        hurried.start(StreamRequest())
        for _ in range(READS):
            frame = hurried.read(0.1)
            if frame is not None:
                frames += 1
                assert np.isfinite(frame.depth_mm).all()
                assert (frame.depth_mm >= 0).all()
    except EndOfStream:
        return "end", frames
    except CameraError as error:
        sentence = str(error)
        assert "\n" not in sentence, sentence
        assert sentence.endswith("."), sentence
        return sentence, frames
    finally:
        hurried.close()
    return "still running", frames


def damaged_file(whole: Path, folder: Path, seed: int) -> tuple[Path, str]:
    """A copy of a recording that is cut off, or has some bytes turned, overwritten or taken out; the same per seed."""
    rng = np.random.default_rng(seed)
    content = np.frombuffer(whole.read_bytes(), np.uint8).copy()
    how = ("cut", "flip", "zero", "take out")[rng.integers(4)]
    start, end = sorted(rng.integers(0, content.size, 2))
    end = min(end, start + 4096)
    if how == "cut":
        content = content[:start]
    elif how == "flip":
        # most of a recording is pictures; half of the damage goes to what lies around them
        places = rng.integers(content.size, size=20)
        if rng.integers(2):
            places = np.concatenate((rng.integers(8192, size=20), content.size - 1 - rng.integers(4096, size=20)))
        content[places] ^= rng.integers(1, 256, places.size).astype(np.uint8)
    elif how == "zero":
        content[start:end] = 0
    else:
        content = np.delete(content, slice(start, end))
    copy = folder / f"{seed}{whole.suffix}"
    copy.write_bytes(content.tobytes())
    return copy, how


def _some(dump: Path, rng: np.random.Generator, kind: str = "*-*.*") -> Path:
    files = [path for path in sorted(dump.glob(kind)) if path.is_file()]
    return files[rng.integers(len(files))]


def _index(dump: Path) -> bytes:
    """What stands in the index, nothing if other damage took it away."""
    path = dump / "INDEX.txt"
    return path.read_bytes() if path.exists() else b""


def _cut(dump: Path, rng: np.random.Generator) -> None:
    path = _some(dump, rng)
    content = path.read_bytes()
    path.write_bytes(content[: rng.integers(len(content) + 1)])


def _empty(dump: Path, rng: np.random.Generator) -> None:
    _some(dump, rng).write_bytes(b"")


def _flip(dump: Path, rng: np.random.Generator) -> None:
    path = _some(dump, rng)
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    if content.size:
        content[rng.integers(content.size, size=max(1, content.size // 100))] ^= np.uint8(rng.integers(1, 256))
    path.write_bytes(content.tobytes())


def _other_header(dump: Path, rng: np.random.Generator) -> None:
    path = _some(dump, rng, "[dr]-*")
    body = path.read_bytes().partition(b"\n")[2]
    headers = (b"P5 64000 480 65535", b"P5\n640 480\n65535", b"", b"\xff" * 40, b"P6 640 480 255")
    path.write_bytes(headers[rng.integers(len(headers))] + b"\n" + body)


def _missing(dump: Path, rng: np.random.Generator) -> None:
    _some(dump, rng).unlink()


def _directory(dump: Path, rng: np.random.Generator) -> None:
    path = _some(dump, rng)
    path.unlink()
    path.mkdir()


def _index_cut(dump: Path, rng: np.random.Generator) -> None:
    content = _index(dump)
    (dump / "INDEX.txt").write_bytes(content[: rng.integers(len(content) + 1)])


def _index_shuffled(dump: Path, rng: np.random.Generator) -> None:
    lines = _index(dump).split(b"\n")
    (dump / "INDEX.txt").write_bytes(b"\n".join(lines[k] for k in rng.permutation(len(lines))) + b"\n")


def _index_noise(dump: Path, rng: np.random.Generator) -> None:
    (dump / "INDEX.txt").write_bytes(rng.bytes(int(rng.integers(1, 2000))))


def _index_missing(dump: Path, rng: np.random.Generator) -> None:
    (dump / "INDEX.txt").unlink(missing_ok=True)


def _renamed(dump: Path, rng: np.random.Generator) -> None:
    """The host's time and the device's clock in one name: absurd, negative, or no numbers."""
    path = _some(dump, rng)
    stamps = ("nan-0", "1e300-4294967295", "-5-99999999999", "x-y", "1700000099.0-1", "1600000000.0-12")
    name = f"{path.name[0]}-{stamps[rng.integers(len(stamps))]}{path.suffix}"
    path.rename(dump / name)
    (dump / "INDEX.txt").write_bytes(_index(dump).replace(path.name.encode(), name.encode()))


MUTATIONS: dict[str, Mutation] = {
    function.__name__.strip("_"): function
    for function in (
        _cut, _empty, _flip, _other_header, _missing, _directory, _index_cut, _index_shuffled, _index_noise,
        _index_missing, _renamed,
    )
}  # fmt: skip
