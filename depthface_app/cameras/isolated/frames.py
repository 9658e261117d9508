"""Frames on their way from one process to another: arrays through shared memory, the rest beside them."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame

ROOM_BYTES = 32 * 1024 * 1024  # a frame of 2048 × 2048 with depth, colour and infrared; only what is used takes memory
_ALIGNED_TO = 64  # bytes; a cache line


@dataclass(frozen=True, slots=True)
class PackedFrame:
    """A frame whose arrays lie in shared memory.

    values: field → value, for everything that is no array
    arrays: field → (dtype, shape, offset in bytes)
    """

    values: dict[str, Any]
    arrays: dict[str, tuple[str, tuple[int, ...], int]]


def pack(frame: Frame, memory: memoryview) -> PackedFrame:
    """Copy the frame's arrays into the memory, one behind the other. Raises CameraError if it is too large."""
    values: dict[str, Any] = {}
    arrays: dict[str, tuple[str, tuple[int, ...], int]] = {}
    offset = 0
    for name in (field.name for field in fields(Frame)):
        value = getattr(frame, name)
        if not isinstance(value, np.ndarray):
            values[name] = value
            continue
        if offset + value.nbytes > len(memory):
            raise CameraError(f"A frame of {frame.serial} is larger than the {len(memory)} bytes there are for it.")
        np.ndarray(value.shape, value.dtype, memory, offset)[...] = value
        arrays[name] = (value.dtype.str, value.shape, offset)
        offset += -(-value.nbytes // _ALIGNED_TO) * _ALIGNED_TO
    return PackedFrame(values, arrays)


def unpack(packed: PackedFrame, memory: memoryview) -> Frame:
    """The frame, with arrays of its own."""
    arrays: dict[str, Any] = {
        name: np.ndarray(shape, dtype, memory, offset).copy() for name, (dtype, shape, offset) in packed.arrays.items()
    }
    return Frame(**packed.values, **arrays)
