"""Writes session files."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from mcap.writer import CompressionType, Writer

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session.codec import Packer
from depthface_app.cameras.session.layout import (
    ENCODING,
    LIBRARY,
    PICTURES,
    PROFILE,
    RECORD_BYTES_AT_MOST,
    session_notes,
    to_messages,
)
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame


class SessionWriter:
    """Writes one new session file. Belongs to one thread."""

    def __init__(self, path: Path, info: CameraInfo) -> None:
        """Create the file.

        Raises:
            CameraError: it exists already, or cannot be created.
        """
        self.path = path
        self.frames = 0
        self._packer = Packer()
        self._epoch_s = time.time() - time.monotonic()
        self._file = _create(path)
        self._mcap = Writer(
            cast(IO[bytes], self._file), chunk_size=RECORD_BYTES_AT_MOST, compression=CompressionType.NONE
        )
        try:
            self._channels = self._begin(info)
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
        times = self._times_ns(frame)
        with self._whole_or_nothing():
            for topic, data in messages.items():
                self._mcap.add_message(self._channels[topic], times[0], data, times[1], sequence=self.frames)
            self._mcap.flush()  # type: ignore[no-untyped-call]
        self.frames += 1

    def finish(self) -> None:
        """Add the index and close. A file without it opens too, only more slowly.

        Raises:
            CameraError: the index could not be written; every frame is kept.
        """
        if self._file.closed:
            return
        with self._whole_or_nothing():
            self._mcap.finish()  # type: ignore[no-untyped-call]
        self._file.close()

    def _begin(self, info: CameraInfo) -> dict[str, int]:
        """Write what stands before the first frame; returns the channel of every topic."""
        with self._whole_or_nothing():
            self._mcap.start(PROFILE, LIBRARY)
            self._mcap.add_metadata("session", session_notes(info, self._epoch_s))
        schema = self._mcap.register_schema("depthface.Frame", "jsonschema", b'{"type": "object"}')
        channels = {"/frame": self._mcap.register_channel("/frame", "json", schema)}
        return channels | {f"/{name}": self._mcap.register_channel(f"/{name}", ENCODING, 0) for name in PICTURES}

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

    def flush(self) -> None:
        """Nothing waits."""

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
