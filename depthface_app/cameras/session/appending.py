"""Goes on with a file that was closed: a mark that somebody makes while looking at it."""

import os
from pathlib import Path

import numpy as np

from depthface_app.cameras.session.ending import end_notes, ending
from depthface_app.cameras.session.layout import CHANNELS
from depthface_app.cameras.session.locking import lock
from depthface_app.cameras.session.marks import WHOLE, Mark, to_messages
from depthface_app.cameras.session.reader import SessionReader
from depthface_app.cameras.session.records import ENTRY, chained, chunk
from depthface_app.core.errors import CameraError


def append_mark(path: Path, mark: Mark) -> None:
    """Add a mark at the end of a recording. Frames and results stay where they are; a cut-off file is finished by it.

    Raises:
        CameraError: it is no recording, it has no such frame, or it cannot be written; then it is as it was.
    """
    try:
        with path.open("r+b") as file:
            if not lock(file.fileno()):
                raise CameraError(f"{path} is being written at this moment; mark it where it is recorded, or later.")
            with SessionReader(path) as reader:
                addition, start = _addition(reader, mark)
            _exchange_end(file.fileno(), addition, start)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CameraError(f"The mark cannot be written to {path}: {reason}; the recording is as it was.") from error


def _addition(reader: SessionReader, mark: Mark) -> tuple[bytes, int]:
    """What stands at the end of the file from now on, and where it begins."""
    if mark.frame is not None and not 0 <= mark.frame < len(reader):
        raise CameraError(f"{reader.path} has frames 0 to {len(reader) - 1}; there is no frame {mark.frame}.")
    entries = reader.entries
    start = int(entries["offset"][-1]) + int(entries["length"][-1])
    time_ns = int(entries["time_ns"][-1])
    record = chunk(to_messages(mark), WHOLE if mark.frame is None else mark.frame, time_ns, time_ns)
    place = (start, len(record), time_ns, CHANNELS["/mark"], WHOLE if mark.frame is None else mark.frame)
    longer = np.concatenate([entries, np.array([place], ENTRY)])
    digest = chained(bytes.fromhex(reader.digest), record).hex() if reader.digest else ""
    return record + ending(longer, end_notes(longer, digest), start + len(record)), start


def _exchange_end(file: int, addition: bytes, start: int) -> None:
    """Put other bytes in place of those behind `start`; if that fails, put them back, which needs no more room."""
    os.lseek(file, start, os.SEEK_SET)
    before = _read_all(file)
    try:
        _write_all(file, addition, start)
    except OSError:
        _write_all(file, before, start)
        raise


def _read_all(file: int) -> bytes:
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write_all(file: int, data: bytes, start: int) -> None:
    os.lseek(file, start, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.ftruncate(file, start + len(data))
