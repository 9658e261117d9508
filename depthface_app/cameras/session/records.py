"""The bytes of a session file: chunks, the index, and the ending that other MCAP programs expect.

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
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Protocol

import numpy as np
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    Metadata,
    MetadataIndex,
    Schema,
    SummaryOffset,
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

INDEX_NAME = "depthface.index"
_INDEX: dict[str, Any] = {
    "create_time": 0,
    "log_time": 0,
    "name": INDEX_NAME,
    "media_type": "application/x-depthface-index",
}
# One entry per chunk: where and how long it is, its log time, the channel of its first message, and its frame's index.
ENTRY = np.dtype([("offset", "<u8"), ("length", "<u8"), ("time_ns", "<u8"), ("channel", "<u2"), ("frame", "<u4")])
Entries = np.ndarray[Any, np.dtype[np.void]]

KINDS = {"frames": "/frame", "results": "/result", "marks": "/mark"}

_RECORD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<QQQII")  # times, size, checksum, length of the compression's name, which is empty
_MESSAGE = struct.Struct("<BQHI")
_CHUNK_HEAD_BYTES = _RECORD.size + _CHUNK.size + 8
_FOOTER_BYTES = 9 + 20 + len(MCAP0_MAGIC)


class _Writes(Protocol):
    def write(self, stream: RecordBuilder) -> None: ...


@dataclass(frozen=True, slots=True)
class Ending:
    """What a finished file says at its end.

    entries: one per chunk, in the order of the file
    notes:   the metadata record "end"
    start:   where the ending begins
    """

    entries: Entries
    notes: dict[str, str]
    start: int


def beginning(notes: Mapping[str, str], processing: Mapping[str, str] | None) -> bytes:
    """What stands before the first chunk."""
    records: list[_Writes] = [Header(profile=PROFILE, library=LIBRARY), Metadata(metadata=dict(notes), name="session")]
    if processing is not None:
        records.append(Metadata(metadata=dict(processing), name="processing"))
    return MCAP0_MAGIC + _bytes_of([*records, *_declarations()])


def chunk(messages: Messages, frame: int, log_ns: int, publish_ns: int) -> bytes:
    """One chunk record with the messages, all belonging to one frame."""
    data = _bytes_of(
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
    return _bytes_of([whole])


def messages_of(record: bytes) -> Messages:
    """The messages of one chunk record, its checksum verified.

    Raises:
        one of DAMAGE: it is no whole chunk.
    """
    (read,) = _parsed(record)
    if not isinstance(read, Chunk):
        raise ValueError("no frame begins here")
    if read.compression:
        raise ValueError(f"the chunk is packed by {read.compression!r}, which no recording of this program is")
    if zlib.crc32(read.data) != read.uncompressed_crc:
        raise ValueError("its checksum does not fit")
    return [(TOPICS[m.channel_id - 1], m.data) for m in breakup_chunk(read) if isinstance(m, Message)]


def metadata_of(record: bytes) -> tuple[str, dict[str, str]]:
    """Name and content of a metadata record. Raises one of DAMAGE if it is none."""
    (read,) = _parsed(record)
    if not isinstance(read, Metadata):
        raise ValueError("no metadata")
    return read.name, dict(read.metadata)


def profile_of(record: bytes) -> str:
    """Profile of a header record. Raises one of DAMAGE if it is none."""
    (read,) = _parsed(record)
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


def entry_at(file: IO[bytes], offset: int, length: int) -> tuple[int, int, int, int, int]:
    """The entry of the chunk there, from its header alone. Raises one of DAMAGE if it holds no message."""
    file.seek(offset + _RECORD.size)
    time_ns, *_, name_length = _CHUNK.unpack(file.read(_CHUNK.size))
    place = offset + _RECORD.size + _CHUNK.size + name_length + 8
    while True:  # files of format 1 declare their channels inside the first chunk
        file.seek(place)
        opcode, inner, channel, frame = _MESSAGE.unpack(file.read(_MESSAGE.size))
        if opcode == Opcode.MESSAGE and channel in CHANNELS.values():
            return offset, length, time_ns, channel, frame
        place += _RECORD.size + inner
        if place >= offset + length:
            raise ValueError("the chunk holds no message")


def end_notes(entries: Entries, digest: str) -> dict[str, str]:
    """The metadata record "end"; the digest is "" when it would take reading the whole file to know it."""
    counts = {kind: int((entries["channel"] == CHANNELS[topic]).sum()) for kind, topic in KINDS.items()}
    return {kind: str(count) for kind, count in counts.items()} | {"sha256": digest}


def ending(entries: Entries, notes: Mapping[str, str], start: int) -> bytes:
    """What stands behind the last chunk, which ends at `start`: notes, index, and MCAP's summary of both."""
    end = _bytes_of([Metadata(metadata=dict(notes), name="end")])
    index = _bytes_of([Attachment(**_INDEX, data=entries.tobytes())])
    data_end = _bytes_of([DataEnd(data_section_crc=0)])
    index_place = AttachmentIndex(**_INDEX, offset=start + len(end), length=len(index), data_size=entries.nbytes)
    groups: list[tuple[Opcode, bytes]] = [
        (Opcode.SCHEMA, _bytes_of(_declarations()[:1])),
        (Opcode.CHANNEL, _bytes_of(_declarations()[1:])),
        (Opcode.CHUNK_INDEX, _chunk_indexes(entries)),
        (Opcode.ATTACHMENT_INDEX, _bytes_of([index_place])),
        (Opcode.METADATA_INDEX, _bytes_of([MetadataIndex(offset=start, length=len(end), name="end")])),
    ]
    place = summary_start = start + len(end) + len(index) + len(data_end)
    offsets = []
    for opcode, group in groups:
        offsets.append(SummaryOffset(group_opcode=opcode, group_start=place, group_length=len(group)))
        place += len(group)
    summary = b"".join(group for _, group in groups) + _bytes_of(offsets)
    checksum = zlib.crc32(struct.pack("<BQQQ", Opcode.FOOTER, 20, summary_start, place), zlib.crc32(summary))
    footer = Footer(summary_start=summary_start, summary_offset_start=place, summary_crc=checksum)
    return end + index + data_end + summary + _bytes_of([footer]) + MCAP0_MAGIC


def is_finished(file: IO[bytes]) -> bool:
    """Whether the file ends as a whole MCAP file does."""
    size = os.fstat(file.fileno()).st_size
    tail = read_at(file, size - _FOOTER_BYTES, _FOOTER_BYTES) if size > _FOOTER_BYTES else b""
    return tail[:1] == bytes([Opcode.FOOTER]) and tail.endswith(MCAP0_MAGIC)


def read_ending(file: IO[bytes]) -> Ending | None:
    """The ending of a finished file, None if it was written without our index. Raises one of DAMAGE if it is none."""
    size = os.fstat(file.fileno()).st_size
    tail = read_at(file, size - _FOOTER_BYTES, _FOOTER_BYTES)
    offsets_start = struct.unpack_from("<Q", tail, 17)[0]
    groups = _parsed(read_at(file, offsets_start, size - _FOOTER_BYTES - offsets_start))
    for group in groups:
        if isinstance(group, SummaryOffset) and group.group_opcode == Opcode.ATTACHMENT_INDEX and group.group_length:
            (place,) = _parsed(read_at(file, group.group_start, group.group_length))
            return _ending_at(file, place)
    return None


def _ending_at(file: IO[bytes], place: McapRecord) -> Ending | None:
    if not isinstance(place, AttachmentIndex) or place.name != INDEX_NAME:
        return None
    record = record_at(file, place.offset)
    (index,) = _parsed(record)
    if not isinstance(index, Attachment) or zlib.crc32(record[9:-4]) != int.from_bytes(record[-4:], "little"):
        raise ValueError("the index is damaged")
    entries = np.frombuffer(index.data, ENTRY)
    start = int(entries["offset"][-1]) + int(entries["length"][-1])
    name, notes = metadata_of(record_at(file, start))
    if name != "end" or not np.isin(entries["channel"], list(CHANNELS.values())).all():
        raise ValueError("the index does not fit the file")
    return Ending(entries, notes, start)


def chained(digest: bytes, record: bytes) -> bytes:
    """The digest of everything up to and with this record. A chain, so that a later mark need not read the file."""
    return hashlib.sha256(digest + record).digest()


def _chunk_indexes(entries: Entries) -> bytes:
    """MCAP's own index, without indexes of messages: a chunk is one frame."""
    return _bytes_of(
        ChunkIndex(
            chunk_start_offset=offset,
            chunk_length=length,
            compression="",
            compressed_size=length - _CHUNK_HEAD_BYTES,
            uncompressed_size=length - _CHUNK_HEAD_BYTES,
            message_start_time=time_ns,
            message_end_time=time_ns,
            message_index_length=0,
            message_index_offsets={},
        )
        for offset, length, time_ns, _, _ in entries.tolist()
    )


def _declarations() -> list[_Writes]:
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


def _bytes_of(records: Iterable[_Writes]) -> bytes:
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return bytes(builder.end())  # type: ignore[no-untyped-call]


def _parsed(data: bytes) -> list[McapRecord]:
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
