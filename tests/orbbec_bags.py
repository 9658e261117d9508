"""Recordings as the Orbbec SDK makes them, written from our own frames: ROS bags with the vendor's messages.

Source: ROS wiki, Bags/Format/2.0; OrbbecSDK_v2, src/media/ros (topics, encodings) and the message definitions that the
library itself carries.
"""

import platform
import struct
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.orbbec.sdk import MISSING
from depthface_app.core.frame import Frame

BOLT = (0x2BC5, 0x066B)  # vendor and product of a Femto Bolt, whose depth needs no further conversion
SERIAL = "CL8F000000SIM"
INFRARED, COLOUR, DEPTH = 1, 2, 3  # the SDK's numbers of sensors, streams and frames alike
Y16, Y8, RGB = 8, 9, 22
STARTED_S = 1000
VERSION_PROPERTY, FILE_VERSION = 0, 2.0

Message = tuple[str, str, str, int, bytes]  # topic, type, sum of its definition, time in microseconds, content


def require_sdk() -> None:
    """Fail, not skip, without the vendor's SDK; skip only where there is none to be had."""
    if find_spec("pyorbbecsdk") is None:
        if sys.version_info >= (3, 14) or not sys.platform.startswith("linux") or platform.machine() != "x86_64":
            pytest.skip("there is no Orbbec SDK for this Python or system")
        pytest.fail(f"{MISSING} `depthface.py test` does it.")


def write_bag(path: Path, frames: Sequence[Frame], fps: int = 30, without: Sequence[str] = ()) -> Path:
    """Write frames as a recording of a Femto Bolt: depth of 16 bits in mm, infrared and colour if they have them.

    Args:
        without: topics to leave out, as a damaged recording does.
    """
    start_us, written = STARTED_S * 1_000_000, []
    for number, frame in enumerate(frames):
        time_us = start_us + number * 1_000_000 // fps
        written.append(_image(DEPTH, "mono16", np.rint(frame.depth_mm).astype("<u2"), number, time_us, 16))
        if frame.infrared is not None:
            written.append(_image(INFRARED, "mono8", frame.infrared.astype(np.uint8), number, time_us, 8))
        if frame.colour is not None:
            written.append(_image(COLOUR, "rgb8", frame.colour, number, time_us, 8))
    written.append(("/cam/deviceInfo", "custom_msg/OBDeviceInfo", DEVICE_SUM, start_us, _device(start_us)))
    version = _header(start_us) + struct.pack("<IIdI", VERSION_PROPERTY, 8, FILE_VERSION, 8)
    written.append(("/cam/property", "custom_msg/OBProperty", OWN_SUM, start_us, version))
    streams = {DEPTH: Y16, INFRARED: Y8, COLOUR: RGB}
    has = {DEPTH: True, INFRARED: frames[0].infrared is not None, COLOUR: frames[0].colour is not None}
    for stream, pixels in streams.items():
        if has[stream]:
            content = _profile(stream, pixels, frames[0], fps, start_us)
            topic = f"/cam/streamProfileType_{stream}"
            written.append((topic, "custom_msg/OBStreamProfileInfo", OWN_SUM, start_us, content))
    path.write_bytes(_bag([message for message in written if message[0] not in without]))
    return path


IMAGE_SUM = "060021388200f6f0f447d0fcd9c64743"
DEVICE_SUM = "afef5328bb4abebd1a309e1ea8b26b3a"
OWN_SUM = "0123456789abcdef0123456789abcdef"


def _text(words: str) -> bytes:
    return struct.pack("<I", len(words)) + words.encode()


def _stamp(time_us: int) -> bytes:
    return struct.pack("<II", time_us // 1_000_000, time_us % 1_000_000 * 1000)


def _header(time_us: int) -> bytes:
    return struct.pack("<I", 0) + _stamp(time_us) + _text("")


def _image(stream: int, encoding: str, picture: np.ndarray, number: int, time_us: int, bits: int) -> Message:
    content = _header(time_us) + struct.pack("<II", *picture.shape[:2]) + _text(encoding)
    content += struct.pack("<BI", 0, picture.strides[0]) + struct.pack("<I", picture.nbytes) + picture.tobytes()
    content += struct.pack("<fQQQQ", 0.0, number, time_us, time_us, time_us)
    content += struct.pack("<II", 0, 0) + struct.pack("<B", bits)
    return f"/cam/sensor_{stream}/frameType_{stream}", "sensor_msgs/Image", IMAGE_SUM, time_us, content


def _device(time_us: int) -> bytes:
    content = _header(time_us) + _text("Orbbec Femto Bolt") + _text("Orbbec Femto Bolt") + _text("SIM")
    content += struct.pack("<HH", *BOLT) + _text("sim") + _text(SERIAL) + _text("1.1.2") + _text("1.0")
    return content + _text("2.0.0") + _text("USB3.0") + struct.pack("<HB", 0, 0) + _text("") + _text("")


def _profile(stream: int, pixels: int, frame: Frame, fps: int, time_us: int) -> bytes:
    pinhole = frame.intrinsics
    turn, move = np.eye(3, dtype="<f4").tobytes(), bytes(12)
    content = _header(time_us) + struct.pack("<BB", stream, pixels) + turn + move
    content += struct.pack("<HHH", pinhole.width, pinhole.height, fps)
    content += struct.pack("<4f", pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy)
    return content + bytes(32) + struct.pack("<B", 0)


def _record(fields: dict[str, bytes], body: bytes) -> bytes:
    """One record of a bag: its fields and its content, each with its length before it."""
    header = b"".join(
        struct.pack("<I", len(name) + 1 + len(value)) + name.encode() + b"=" + value for name, value in fields.items()
    )
    return struct.pack("<I", len(header)) + header + struct.pack("<I", len(body)) + body


def _bag(messages: Sequence[Message]) -> bytes:
    """One chunk with every message, then the connections and the chunk's index."""
    magic = b"#ROSBAG V2.0\n"
    topics = sorted({message[:3] for message in messages})
    numbers = {topic: struct.pack("<I", number) for number, (topic, _, _) in enumerate(topics)}
    connections = b"".join(
        _record(
            {"op": b"\x07", "topic": topic.encode(), "conn": numbers[topic]},
            b"".join(
                struct.pack("<I", len(name) + 1 + len(value)) + name.encode() + b"=" + value.encode()
                for name, value in (("topic", topic), ("type", kind), ("md5sum", total), ("message_definition", ""))
            ),
        )
        for topic, kind, total in topics
    )
    chunk, places = connections, {topic: [] for topic, _, _ in topics}
    for topic, _, _, time_us, content in messages:
        places[topic].append((time_us, len(chunk)))
        chunk += _record({"op": b"\x02", "conn": numbers[topic], "time": _stamp(time_us)}, content)
    body = _record({"op": b"\x05", "compression": b"none", "size": struct.pack("<I", len(chunk))}, chunk)
    for topic, entries in places.items():
        index = b"".join(_stamp(time_us) + struct.pack("<I", offset) for time_us, offset in entries)
        fields = {"op": b"\x04", "ver": struct.pack("<I", 1), "conn": numbers[topic]}
        body += _record(fields | {"count": struct.pack("<I", len(entries))}, index)
    times = [message[3] for message in messages]
    start = 4096 + len(magic)
    counts = b"".join(numbers[topic] + struct.pack("<I", len(entries)) for topic, entries in places.items())
    about = {"op": b"\x06", "ver": struct.pack("<I", 1), "chunk_pos": struct.pack("<Q", start)}
    about |= {"start_time": _stamp(min(times)), "end_time": _stamp(max(times)), "count": struct.pack("<I", len(places))}
    about_file = {"op": b"\x03", "index_pos": struct.pack("<Q", start + len(body))}
    about_file |= {"conn_count": struct.pack("<I", len(topics)), "chunk_count": struct.pack("<I", 1)}
    padding = 4096 - len(_record(about_file, b""))
    return magic + _record(about_file, b" " * padding) + body + connections + _record(about, counts)
