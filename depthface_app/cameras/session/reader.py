"""Reads session files, cut-off ones too."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.summary import Summary
from mcap.writer import MCAP0_MAGIC

from depthface_app.cameras.session.layout import FORMAT, PROFILE, RECORD_BYTES_AT_MOST, from_messages
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame

DAMAGE = (McapError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error)


class SessionReader:
    """Reads the whole frames of a session file in any order. Belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file and find its frames.

        Raises:
            CameraError: it is missing, is no session file, or holds no whole frame.
        """
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise CameraError(f"Cannot open the recording {path}: {(error.strerror or str(error)).lower()}.") from error
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._chunks)

    def read(self, index: int) -> Frame:
        """The frame with that index, 0 to len - 1, with the times it had when it was recorded.

        Raises:
            CameraError: the file is damaged there.
        """
        try:
            return from_messages(self._messages(self._chunks[index]))
        except DAMAGE as error:
            raise CameraError(f"Frame {index} of the recording {self.path} is damaged: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _open(self) -> None:
        try:
            header = self._record_at(len(MCAP0_MAGIC)) if self._file.read(8) == MCAP0_MAGIC else None
        except DAMAGE:
            header = None
        if getattr(header, "profile", None) != PROFILE:
            raise CameraError(f"{self.path} is not a DepthFace recording, or is cut off before its first frame.")
        summary = self._summary()
        self.is_complete = summary is not None
        self._chunks = self._indexed(summary) if summary else self._surviving()
        if not self._chunks:
            raise CameraError(f"The recording {self.path} holds no whole frame; it was cut off too early.")
        self._topics = {c.id: c.topic for c in self._breakup(self._chunks[0]) if isinstance(c, Channel)}
        self.notes = self._notes()
        if self.notes.get("format") != FORMAT:
            raise CameraError(
                f"{self.path} is a recording of format {self.notes.get('format')}, this program reads {FORMAT}; "
                "open it with the version that wrote it."
            )

    def _summary(self) -> Summary | None:
        """The index at the end of a file that was finished, None if it was cut off."""
        try:
            self._file.seek(0)
            return SeekingReader(self._file, record_size_limit=RECORD_BYTES_AT_MOST).get_summary()
        except DAMAGE:
            return None

    def _indexed(self, summary: Summary) -> list[int]:
        return [chunk.chunk_start_offset for chunk in summary.chunk_indexes]

    def _surviving(self) -> list[int]:
        """Where the whole chunks of a cut-off file start; the last ones may be holes that a power cut left."""
        chunks = [offset for opcode, offset in self._walk() if opcode == Opcode.CHUNK]
        while chunks and not self._is_sound(chunks[-1]):
            chunks.pop()
        return chunks

    def _is_sound(self, offset: int) -> bool:
        try:
            self._breakup(offset)
        except DAMAGE:
            return False
        return True

    def _walk(self) -> Iterator[tuple[int, int]]:
        """Opcode and offset of every record that is there to its end."""
        size, offset = os.fstat(self._file.fileno()).st_size, len(MCAP0_MAGIC)
        while offset + 9 <= size:
            self._file.seek(offset)
            opcode, length = struct.unpack("<BQ", self._file.read(9))
            if opcode == 0 or offset + 9 + length > size:
                return
            yield opcode, offset
            offset += 9 + length

    def _notes(self) -> dict[str, str]:
        """What the file says about the session; it stands before the first frame."""
        for opcode, offset in self._walk():
            if opcode == Opcode.METADATA:
                record = self._record_at(offset)
                return dict(record.metadata) if isinstance(record, Metadata) else {}
        return {}

    def _messages(self, offset: int) -> dict[str, bytes]:
        """Topic → data of the chunk's messages."""
        return {self._topics[r.channel_id]: r.data for r in self._breakup(offset) if isinstance(r, Message)}

    def _breakup(self, offset: int) -> list[McapRecord]:
        """The records in the chunk at `offset`, its checksum verified."""
        chunk = self._record_at(offset)
        if not isinstance(chunk, Chunk):
            raise ValueError(f"no frame begins at byte {offset}")
        return breakup_chunk(chunk, validate_crc=True)

    def _record_at(self, offset: int) -> McapRecord:
        self._file.seek(offset)
        reader = StreamReader(self._file, skip_magic=True, emit_chunks=True, record_size_limit=RECORD_BYTES_AT_MOST)
        return next(reader.records)
