"""The end of a session file: notes with a digest, the index, and the summary that other MCAP programs expect.

Source: MCAP file format specification, version 0 (https://mcap.dev/spec).
"""

import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    ChunkIndex,
    DataEnd,
    Footer,
    McapRecord,
    Metadata,
    MetadataIndex,
    SummaryOffset,
)
from mcap.writer import MCAP0_MAGIC

from depthface_app.cameras.session.layout import CHANNELS
from depthface_app.cameras.session.records import (
    CHUNK_HEAD_BYTES,
    ENTRY,
    Entries,
    bytes_of,
    declarations,
    metadata_of,
    parsed,
    read_at,
    record_at,
)

INDEX_NAME = "depthface.index"
_INDEX: dict[str, Any] = {
    "create_time": 0,
    "log_time": 0,
    "name": INDEX_NAME,
    "media_type": "application/x-depthface-index",
}
KINDS = {"frames": "/frame", "results": "/result", "marks": "/mark"}
_FOOTER_BYTES = 9 + 20 + len(MCAP0_MAGIC)


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


def end_notes(entries: Entries, digest: str) -> dict[str, str]:
    """The metadata record "end"; the digest is "" when it would take reading the whole file to know it."""
    counts = {kind: int((entries["channel"] == CHANNELS[topic]).sum()) for kind, topic in KINDS.items()}
    return {kind: str(count) for kind, count in counts.items()} | {"sha256": digest}


def ending(entries: Entries, notes: Mapping[str, str], start: int) -> bytes:
    """What stands behind the last chunk, which ends at `start`: notes, index, and MCAP's summary of both."""
    end = bytes_of([Metadata(metadata=dict(notes), name="end")])
    index = bytes_of([Attachment(**_INDEX, data=entries.tobytes())])
    data_end = bytes_of([DataEnd(data_section_crc=0)])
    index_place = AttachmentIndex(**_INDEX, offset=start + len(end), length=len(index), data_size=entries.nbytes)
    groups: list[tuple[Opcode, bytes]] = [
        (Opcode.SCHEMA, bytes_of(declarations()[:1])),
        (Opcode.CHANNEL, bytes_of(declarations()[1:])),
        (Opcode.CHUNK_INDEX, _chunk_indexes(entries)),
        (Opcode.ATTACHMENT_INDEX, bytes_of([index_place])),
        (Opcode.METADATA_INDEX, bytes_of([MetadataIndex(offset=start, length=len(end), name="end")])),
    ]
    place = summary_start = start + len(end) + len(index) + len(data_end)
    offsets = []
    for opcode, group in groups:
        offsets.append(SummaryOffset(group_opcode=opcode, group_start=place, group_length=len(group)))
        place += len(group)
    summary = b"".join(group for _, group in groups) + bytes_of(offsets)
    checksum = zlib.crc32(struct.pack("<BQQQ", Opcode.FOOTER, 20, summary_start, place), zlib.crc32(summary))
    footer = Footer(summary_start=summary_start, summary_offset_start=place, summary_crc=checksum)
    return end + index + data_end + summary + bytes_of([footer]) + MCAP0_MAGIC


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
    groups = parsed(read_at(file, offsets_start, size - _FOOTER_BYTES - offsets_start))
    for group in groups:
        if isinstance(group, SummaryOffset) and group.group_opcode == Opcode.ATTACHMENT_INDEX and group.group_length:
            (place,) = parsed(read_at(file, group.group_start, group.group_length))
            return _ending_at(file, place)
    return None


def _ending_at(file: IO[bytes], place: McapRecord) -> Ending | None:
    if not isinstance(place, AttachmentIndex) or place.name != INDEX_NAME:
        return None
    record = record_at(file, place.offset)
    (index,) = parsed(record)
    if not isinstance(index, Attachment) or zlib.crc32(record[9:-4]) != int.from_bytes(record[-4:], "little"):
        raise ValueError("the index is damaged")
    entries = np.frombuffer(index.data, ENTRY)
    start = int(entries["offset"][-1]) + int(entries["length"][-1])
    name, notes = metadata_of(record_at(file, start))
    if name != "end" or not np.isin(entries["channel"], list(CHANNELS.values())).all():
        raise ValueError("the index does not fit the file")
    return Ending(entries, notes, start)


def _chunk_indexes(entries: Entries) -> bytes:
    """MCAP's own index, without indexes of messages: a chunk is one frame."""
    return bytes_of(
        ChunkIndex(
            chunk_start_offset=offset,
            chunk_length=length,
            compression="",
            compressed_size=length - CHUNK_HEAD_BYTES,
            uncompressed_size=length - CHUNK_HEAD_BYTES,
            message_start_time=time_ns,
            message_end_time=time_ns,
            message_index_length=0,
            message_index_offsets={},
        )
        for offset, length, time_ns, _, _ in entries.tolist()
    )
