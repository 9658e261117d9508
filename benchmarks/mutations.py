"""Damage to files: what time, cables, full disks and people who mean harm do to bytes."""

import json
import re
import struct
import zlib
from collections.abc import Callable

import numpy as np

from depthface_app.cameras.session.records import chunk, messages_of

Bytes = bytes
Rng = np.random.Generator
HUGE = (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 1 << 40, 1 << 31, 65536, 0)
NUMBERS = (b"0", b"-1", b"99999999999", b"4294967296", b"1e308", b"nan", b"", b"7" * 400, b"2147483647", b"65535")
JSON_VALUES = (0, -1, 1 << 62, 1e308, float("nan"), None, "x", [], {}, [[[]]], True, "9" * 5000, [1 << 33, 1 << 31])


def flip(data: Bytes, rng: Rng) -> Bytes:
    """One to thirty bits."""
    out = bytearray(data)
    for place in rng.integers(0, len(out), rng.integers(1, 31)):
        out[place] ^= 1 << int(rng.integers(0, 8))
    return bytes(out)


def cut(data: Bytes, rng: Rng) -> Bytes:
    """Only the beginning."""
    return data[: int(rng.integers(0, len(data)))]


def repeat(data: Bytes, rng: Rng) -> Bytes:
    """A piece twice."""
    begin, end = _span(data, rng)
    return data[:end] + data[begin:end] + data[end:]


def leave_out(data: Bytes, rng: Rng) -> Bytes:
    """A piece less."""
    begin, end = _span(data, rng)
    return data[:begin] + data[end:]


def blank(data: Bytes, rng: Rng) -> Bytes:
    """A piece of zeros or ones, as a disk leaves it."""
    begin, end = _span(data, rng)
    return data[:begin] + bytes([int(rng.choice((0, 255)))]) * (end - begin) + data[end:]


def enlarge(data: Bytes, rng: Rng) -> Bytes:
    """A huge number in place of a few bytes, near the beginning more often."""
    width = int(rng.choice((2, 4, 8)))
    room = len(data) - width
    place = int(rng.integers(0, min(200, room) + 1)) if rng.random() < 0.5 else int(rng.integers(0, room + 1))
    value = int(rng.choice(np.array(HUGE, np.uint64))) & ((1 << 8 * width) - 1)
    order = "little" if rng.random() < 0.7 else "big"
    return data[:place] + value.to_bytes(width, order) + data[place + width :]  # type: ignore[arg-type]


def other_number(data: Bytes, rng: Rng) -> Bytes:
    """Another number in a header of text."""
    numbers = list(re.finditer(rb"\d+", data[:600]))
    if not numbers:
        return flip(data, rng)
    chosen = numbers[int(rng.integers(0, len(numbers)))]
    return data[: chosen.start()] + NUMBERS[int(rng.integers(0, len(NUMBERS)))] + data[chosen.end() :]


ANY: tuple[Callable[[Bytes, Rng], Bytes], ...] = (flip, cut, repeat, leave_out, blank, enlarge)
TEXT = (*ANY, other_number, other_number)


def crafted_chunk(record: Bytes, rng: Rng) -> Bytes:
    """A chunk of a session with another message in it, and checksums that fit: damage that somebody made."""
    messages = messages_of(record)
    which = int(rng.integers(0, len(messages)))
    topic, body = messages[which]
    if body[:1] == b"{":
        messages[which] = topic, _crafted_json(body, rng)
    else:
        messages[which] = topic, ANY[int(rng.integers(0, len(ANY)))](body, rng)
    return chunk(messages, 0, 0, 0)


def _crafted_json(body: Bytes, rng: Rng) -> Bytes:
    if rng.random() < 0.05:
        return b"[" * 100_000
    values = json.loads(body)
    at = values
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = keys[int(rng.integers(0, len(keys)))]
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.8:
            at = at[key]
            continue
        at[key] = JSON_VALUES[int(rng.integers(0, len(JSON_VALUES)))]
        break
    return json.dumps(values).encode()


def crafted_png(data: Bytes, rng: Rng) -> Bytes:
    """A PNG with another number in one of its chunks, and checksums that fit."""
    chunks = []
    place = 8
    while place < len(data):
        length = struct.unpack(">I", data[place : place + 4])[0]
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    which = int(rng.integers(0, len(chunks))) if rng.random() < 0.5 else 0
    kind, body = chunks[which]
    chunks[which] = kind, enlarge(body, rng) if len(body) > 8 else body
    out = data[:8]
    for kind, body in chunks:
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return out


def _span(data: Bytes, rng: Rng) -> tuple[int, int]:
    begin = int(rng.integers(0, len(data)))
    return begin, min(begin + int(rng.integers(1, max(len(data) // 4, 2))), len(data))
