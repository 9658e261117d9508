"""Writes session files."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session import marks, results
from depthface_app.cameras.session.codec import Packer
from depthface_app.cameras.session.ending import end_notes, ending
from depthface_app.cameras.session.layout import CHANNELS, Messages, session_notes, to_messages
from depthface_app.cameras.session.locking import lock
from depthface_app.cameras.session.marks import WHOLE, Mark
from depthface_app.cameras.session.records import ENTRY, beginning, chained, chunk
from depthface_app.cameras.session.results import StoredResult
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame


class SessionWriter:
    """Writes one new session file. Belongs to one thread."""

    def __init__(self, path: Path, info: CameraInfo, processing: Mapping[str, str] | None = None) -> None:
        """Create the file.

        Args:
            processing: which networks and settings the results come from; None for a file without results.

        Raises:
            CameraError: it exists already, or cannot be created.
        """
        self.path = path
        self.frames = 0
        self._packer = Packer()
        self._epoch_s = time.time() - time.monotonic()
        self._log_ns = 0
        self._entries: list[tuple[int, int, int, int, int]] = []
        start = beginning(session_notes(info, self._epoch_s), processing)
        self._digest = hashlib.sha256(start).digest()
        self._file = _create(path)
        try:
            with self._whole_or_nothing():
                self._file.write(start)
        except CameraError:
            path.unlink()
            raise

    @property
    def size_bytes(self) -> int:
        """How long the file is by now."""
        return self._file.tell()

    def add(self, frame: Frame) -> None:
        """Append one frame; afterwards it is in the file whatever happens to this program.

        Raises:
            CameraError: it could not be written (disk full, medium gone). The file then ends with the frame before
                and is closed.
        """
        messages = to_messages(frame, self._packer)
        self._log_ns, device_ns = self._times_ns(frame)
        self._append(messages, self.frames, device_ns)
        self.frames += 1

    def add_result(self, result: StoredResult) -> None:
        """Append what was made of a frame that was added before. Raises CameraError as `add` does."""
        self._append(results.to_messages(result, self._packer), result.frame, self._log_ns)

    def add_mark(self, mark: Mark) -> None:
        """Append a mark. Raises CameraError as `add` does."""
        self._append(marks.to_messages(mark), WHOLE if mark.frame is None else mark.frame, self._log_ns)

    def finish(self) -> None:
        """Add the index and close. A file without it opens too, only more slowly.

        Raises:
            CameraError: the index could not be written; every frame is kept.
        """
        if self._file.closed:
            return
        entries = np.array(self._entries, ENTRY)
        with self._whole_or_nothing():
            self._file.write(ending(entries, end_notes(entries, self._digest.hex()), self._file.tell()))
        self._file.close()

    def abandon(self) -> None:
        """Close the file and delete it: what it was to hold turned out to be nothing."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _append(self, messages: Messages, frame: int, publish_ns: int) -> None:
        record = chunk(messages, frame, self._log_ns, publish_ns)
        offset = self._file.tell()
        with self._whole_or_nothing():
            self._file.write(record)
        self._digest = chained(self._digest, record)
        self._entries.append((offset, len(record), self._log_ns, CHANNELS[messages[0][0]], frame))

    def _times_ns(self, frame: Frame) -> tuple[int, int]:
        """Log time (host) and publish time (device) for other MCAP programs; the exact values are in the header."""
        host = round((frame.captured_s + self._epoch_s) * 1e9)
        device = round(frame.device_timestamp_ms * 1e6)
        return host, device if 0 < device < 1 << 63 else host

    @contextmanager
    def _whole_or_nothing(self) -> Iterator[None]:
        """Cut off what was written in part, so that the file ends with a whole frame."""
        start = self._file.tell()
        try:
            yield
        except OSError as error:
            self._file.cut(start)
            raise CameraError(
                f"Recording to {self.path} stopped after {self.frames} frames: {_reason(error)}. "
                "What was recorded until then is kept; free some space or record elsewhere."
            ) from error


class _WholeWrites:
    """A new file without a buffer, so that a failing write fails in its own call and leaves nothing pending."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        lock(self._file.fileno())

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of it; a disk that is nearly full takes a part first and fails at the rest."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(data)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def cut(self, size: int) -> None:
        """Forget everything after `size` bytes, and close."""
        try:
            self._file.truncate(size)
        finally:
            self._file.close()


def _create(path: Path) -> _WholeWrites:
    try:
        return _WholeWrites(path)
    except FileExistsError as error:
        raise CameraError(f"{path} exists already and is not overwritten; choose another name.") from error
    except OSError as error:
        raise CameraError(f"Cannot create the recording {path}: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
