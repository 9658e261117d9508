"""Whether a recording is still what was recorded."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from depthface_app.cameras.session.layout import CHANNELS, DAMAGE, TOPICS
from depthface_app.cameras.session.reader import SessionReader
from depthface_app.cameras.session.records import chained, messages_of, read_at


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading every byte of a recording has shown.

    damaged_frames, damaged_results: indices of the frames whose pictures, or whose result, cannot be trusted
    damaged_marks: how many marks cannot be read
    digest:        SHA-256 over everything in the file, as it is now
    stated_digest: as it was when the file was finished, "" if it never was
    """

    path: Path
    frames: int
    results: int
    marks: int
    is_complete: bool
    damaged_frames: tuple[int, ...]
    damaged_results: tuple[int, ...]
    damaged_marks: int
    digest: str
    stated_digest: str

    @property
    def is_sound(self) -> bool:
        """Nothing is damaged; a cut-off file may be sound as far as it goes."""
        is_whole = not (self.damaged_frames or self.damaged_results or self.damaged_marks)
        return is_whole and self.stated_digest in ("", self.digest)


def verify(path: Path, moved: Callable[[int, int], None] = lambda done, total: None) -> Verdict:
    """Read the whole file and check every chunk's checksum and the digest over all.

    Args:
        moved: told how many chunks of how many are done.

    Raises:
        CameraError: it is missing or no recording.
    """
    with SessionReader(path) as reader:
        return _verdict(path, reader, moved)


def _verdict(path: Path, reader: SessionReader, moved: Callable[[int, int], None]) -> Verdict:
    damaged: dict[str, list[int]] = {topic: [] for topic in TOPICS}
    frames = marks = 0
    with path.open("rb") as file:
        digest = hashlib.sha256(_bytes_at(file, 0, int(reader.entries["offset"][0]))).digest()
        for done, (offset, length, _, channel, frame) in enumerate(reader.entries.tolist(), start=1):
            record = _bytes_at(file, offset, length)
            digest = chained(digest, record)
            if not _is_sound(record, channel):
                damaged[TOPICS[channel - 1]].append(frames if channel == CHANNELS["/frame"] else frame)
            frames += channel == CHANNELS["/frame"]
            marks += channel == CHANNELS["/mark"]
            moved(done, len(reader.entries))
    return Verdict(
        path,
        len(reader),
        len(reader.with_results),
        marks,
        reader.is_complete,
        tuple(damaged["/frame"]),
        tuple(damaged["/result"]),
        len(damaged["/mark"]),
        digest.hex(),
        reader.digest,
    )


def _bytes_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """What stands there, nothing if the file ends before or the disk cannot read it."""
    try:
        return read_at(file, offset, length)
    except (OSError, ValueError):
        return b""


def _is_sound(record: bytes, channel: int) -> bool:
    """Whether the chunk is whole and holds what the index says."""
    try:
        messages = messages_of(record)
    except DAMAGE:
        return False
    return bool(messages) and CHANNELS[messages[0][0]] == channel
