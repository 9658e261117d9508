"""The bytes of a session file: its beginning, chunks, and any record read without trust in what it says.

MCAP's own reader and writer are left aside, its records are used: the reader takes a Python object per chunk (seconds
for an hour of frames) and asks for as much memory as a length in the file says, and the writer cannot go on with a
file that was finished, which a mark made later needs.

Source: MCAP file format specification, version 0 (https://mcap.dev/spec).
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    Header,
    McapRecord,
    Message,
    Metadata,
    Schema,
)
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import MCAP0_MAGIC

from depthface_app.cameras.session.layout import (
    CHANNELS,
    ENCODING,
    JSON_TOPICS,
    LIBRARY,
    PROFILE,
    RECORD_BYTES_AT_MOST,
    TOPICS,
    Messages,
)

# One entry per chunk: where and how long it is, its log time, the channel of its first message, and its frame's index.
ENTRY = np.dtype([("offset", "<u8"), ("length", "<u8"), ("time_ns", "<u8"), ("channel", "<u2"), ("frame", "<u4")])
Entries = np.ndarray[Any, np.dtype[np.void]]

_RECORD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<QQQII")  # times, size, checksum, length of the compression's name, which is empty
_MESSAGE = struct.Struct("<BQHI")
CHUNK_HEAD_BYTES = _RECORD.size + _CHUNK.size + 8


class _Writes(Protocol):
    def write(self, stream: RecordBuilder) -> None: ...


def beginning(notes: Mapping[str, str], processing: Mapping[str, str] | None) -> bytes:
    """What stands before the first chunk."""
    records: list[_Writes] = [Header(profile=PROFILE, library=LIBRARY), Metadata(metadata=dict(notes), name="session")]
    if processing is not None:
        records.append(Metadata(metadata=dict(processing), name="processing"))
    return MCAP0_MAGIC + bytes_of([*records, *declarations()])


def chunk(messages: Messages, frame: int, log_ns: int, publish_ns: int) -> bytes:
    """One chunk record with the messages, all belonging to one frame."""
    data = bytes_of(
        Message(channel_id=CHANNELS[topic], data=body, log_time=log_ns, publish_time=publish_ns, sequence=frame)
        for topic, body in messages
    )
    whole = Chunk(
        compression="",
        data=data,
        message_start_time=log_ns,
        message_end_time=log_ns,
        uncompressed_crc=zlib.crc32(data),
        uncompressed_size=len(data),
    )
    return bytes_of([whole])


def messages_of(record: bytes) -> Messages:
    """The messages of one chunk record, its checksum verified.

    Raises:
        one of DAMAGE: it is no whole chunk.
    """
    (read,) = parsed(record)
    if not isinstance(read, Chunk):
        raise ValueError("no frame begins here")
    if read.compression:
        raise ValueError(f"the chunk is packed by {read.compression!r}, which no recording of this program is")
    if zlib.crc32(read.data) != read.uncompressed_crc:
        raise ValueError("its checksum does not fit")
    return [(TOPICS[m.channel_id - 1], m.data) for m in breakup_chunk(read) if isinstance(m, Message)]


def metadata_of(record: bytes) -> tuple[str, dict[str, str]]:
    """Name and content of a metadata record. Raises one of DAMAGE if it is none."""
    (read,) = parsed(record)
    if not isinstance(read, Metadata):
        raise ValueError("no metadata")
    return read.name, dict(read.metadata)


def profile_of(record: bytes) -> str:
    """Profile of a header record. Raises one of DAMAGE if it is none."""
    (read,) = parsed(record)
    if not isinstance(read, Header):
        raise ValueError("no header")
    return read.profile


def read_at(file: IO[bytes], offset: int, length: int) -> bytes:
    """Bytes that are there. Raises ValueError before asking for memory that no file of this size could fill."""
    size = os.fstat(file.fileno()).st_size
    if not (0 <= length <= RECORD_BYTES_AT_MOST and offset >= 0 and offset + length <= size):
        raise ValueError("it reaches beyond the end of the file")
    file.seek(offset)
    return file.read(length)


def record_at(file: IO[bytes], offset: int) -> bytes:
    """The whole record that begins there. Raises ValueError if the file ends before it does."""
    _, length = _RECORD.unpack(read_at(file, offset, _RECORD.size))
    return read_at(file, offset, _RECORD.size + length)


def walk(file: IO[bytes], start: int = len(MCAP0_MAGIC)) -> Iterator[tuple[int, int, int]]:
    """Opcode, offset and whole length of every record that is there to its end."""
    size, offset = os.fstat(file.fileno()).st_size, start
    while offset + _RECORD.size <= size:
        file.seek(offset)
        opcode, length = _RECORD.unpack(file.read(_RECORD.size))
        if opcode == 0 or offset + _RECORD.size + length > size:
            return
        yield opcode, offset, _RECORD.size + length
        offset += _RECORD.size + length


def chunks_in(path: Path) -> Iterator[tuple[int, int, int, int, int]]:
    """The entry of every chunk that is there to its end, from the chunks' headers alone.

    Each takes one small read without a buffer, so that an hour of frames takes less than a second.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size, offset = os.fstat(file.fileno()).st_size, len(MCAP0_MAGIC)
        while offset + _RECORD.size <= size:
            file.seek(offset)
            head = file.read(CHUNK_HEAD_BYTES + _MESSAGE.size)
            opcode, length = _RECORD.unpack_from(head)
            if opcode == 0 or offset + _RECORD.size + length > size:
                return
            if opcode == Opcode.CHUNK:
                entry = _entry(file, head, offset, _RECORD.size + length)
                if entry is not None:
                    yield entry
            offset += _RECORD.size + length


def _entry(file: IO[bytes], head: bytes, offset: int, length: int) -> tuple[int, int, int, int, int] | None:
    """The entry of the chunk that begins with `head`, None if it holds no message."""
    if length < CHUNK_HEAD_BYTES + _MESSAGE.size:
        return None
    time_ns = _CHUNK.unpack_from(head, _RECORD.size)[0]
    place = CHUNK_HEAD_BYTES
    opcode, inner, channel, frame = _MESSAGE.unpack_from(head, place)
    while opcode != Opcode.MESSAGE:  # files of format 1 declare their channels inside the first chunk
        place += _RECORD.size + inner
        if place + _MESSAGE.size > length:
            return None
        file.seek(offset + place)
        opcode, inner, channel, frame = _MESSAGE.unpack(file.read(_MESSAGE.size))
    return (offset, length, time_ns, channel, frame) if channel in CHANNELS.values() else None


def chained(digest: bytes, record: bytes) -> bytes:
    """The digest of everything up to and with this record. A chain, so that a later mark need not read the file."""
    return hashlib.sha256(digest + record).digest()


def declarations() -> list[_Writes]:
    """The schema of the JSON messages, then every channel."""
    schema = Schema(id=1, data=b'{"type": "object"}', encoding="jsonschema", name="depthface.Json")
    return [schema, *(_channel(topic, number) for topic, number in CHANNELS.items())]


def _channel(topic: str, number: int) -> Channel:
    is_json = topic in JSON_TOPICS
    return Channel(
        id=number,
        topic=topic,
        message_encoding="json" if is_json else ENCODING,
        metadata={},
        schema_id=1 if is_json else 0,
    )


def bytes_of(records: Iterable[_Writes]) -> bytes:
    """The records, one behind the other."""
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return bytes(builder.end())  # type: ignore[no-untyped-call]


def parsed(data: bytes) -> list[McapRecord]:
    """Every record in these bytes; lengths beyond their end give what is there and then an error."""
    size = len(data)
    reader = StreamReader(BytesIO(data), skip_magic=True, emit_chunks=True, record_size_limit=RECORD_BYTES_AT_MOST)
    records, place = [], 0
    stream = iter(reader.records)
    while place < size:
        place += _RECORD.size + _RECORD.unpack_from(data, place)[1]
        if place > size:
            raise ValueError("a record reaches beyond its end")
        records.append(next(stream))
    return records
