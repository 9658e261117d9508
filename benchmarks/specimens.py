"""One small whole file of every kind that the program reads, and what reading it means."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks import mutations
from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.cameras.cloud_writers import write_pcd, write_ply
from depthface_app.cameras.dumps import frames_of_dump
from depthface_app.cameras.folders import frames_in
from depthface_app.cameras.pictures import read_intrinsics, read_picture
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import (
    Mark,
    SessionReader,
    SessionWriter,
    StoredFace,
    StoredResult,
    append_mark,
    verify,
)
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.core.frame import Frame, Intrinsics

SIZE = (30, 40)
PINHOLE = Intrinsics(40, 30, 36.0, 36.0, 19.5, 14.5)
READS_AT_MOST = 12
DUMPED = "d-1700000000.000000-1000000.pgm"
CHUNK = 0x06  # opcode of MCAP


@dataclass(frozen=True, slots=True)
class Specimen:
    """A kind of file.

    data:  a whole one
    name:  what it is called; a folder is made for it
    read:  reads it as the program does; raises DepthFaceError for what is damaged
    ways:  how it may be damaged
    """

    kind: str
    name: str
    data: bytes
    read: Callable[[Path], None]
    ways: tuple[Callable[[bytes, np.random.Generator], bytes], ...]


def specimens(folder: Path) -> tuple[Specimen, ...]:
    """Every kind, made in that folder."""
    whole = _session(folder / "whole.mcap")
    depth = _depth(0)
    points = PINHOLE.back_project(depth.astype(np.float32))
    write_ply(folder / "a.ply", points)
    write_pcd(folder / "a.pcd", points)
    plain = io.BytesIO()
    np.savez(plain, depth_mm=depth, fx=36.0, fy=36.0, cx=19.5, cy=14.5)
    packed = io.BytesIO()
    np.savez_compressed(packed, depth_mm=depth.astype(np.float32), fx=36.0, fy=36.0, cx=19.5, cy=14.5)
    png = cv2.imencode(".png", depth)[1].tobytes()
    values = {"fx": 36.0, "fy": 36.0, "cx": 19.5, "cy": 14.5, "width": 40, "height": 30}
    table = b"name,number,captured_s,device_timestamp_ms,timestamp_domain\na,0,1.5,1500.0,x\n"
    return (
        Specimen("session", "a.mcap", whole, read_session, mutations.ANY),
        Specimen("crafted session", "a.mcap", whole, read_session, (_crafted_session,)),
        Specimen("cut session", "a.mcap", whole[: len(whole) * 3 // 4], read_session, mutations.ANY),
        Specimen("png", "a.png", png, _read_picture, mutations.ANY),
        Specimen("crafted png", "a.png", png, _read_picture, (mutations.crafted_png,)),
        Specimen("npz", "a.npz", plain.getvalue(), _read_picture, mutations.TEXT),
        Specimen("packed npz", "a.npz", packed.getvalue(), _read_picture, mutations.ANY),
        Specimen("ply", "a.ply", (folder / "a.ply").read_bytes(), _read_picture, mutations.TEXT),
        Specimen("pcd", "a.pcd", (folder / "a.pcd").read_bytes(), _read_picture, mutations.TEXT),
        Specimen("ascii pcd", "a.pcd", _ascii_pcd(points), _read_picture, mutations.TEXT),
        Specimen("intrinsics", "a.json", json.dumps(values).encode(), _read_intrinsics, mutations.TEXT),
        Specimen("table", "frames.csv", table, lambda path: _read_folder(path, png), mutations.TEXT),
        Specimen("colour", "a.png", cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))[1].tobytes(),
                 lambda path: _read_extra(path, png), (*mutations.ANY, mutations.crafted_png)),
        Specimen("dump's index", "INDEX.txt", b"d-1700000000.000000-1000000.pgm\nr-1700000000.010000-1500000.ppm\n",
                 _read_dump, mutations.TEXT),
        Specimen("dump's picture", DUMPED, b"P5 640 480 65535\n" + bytes(640 * 480 * 2), _read_dumped, mutations.TEXT),
    )  # fmt: skip


def _read_dump(path: Path) -> None:
    path.with_name(DUMPED).write_bytes(b"P5 640 480 65535\n" + bytes(640 * 480 * 2))
    list(frames_of_dump(path.parent))


def _read_dumped(path: Path) -> None:
    path.with_name("INDEX.txt").write_text(f"{DUMPED}\n")
    list(frames_of_dump(path.parent))


def read_session(path: Path) -> None:
    """Everything that the program does with a session: open, read, verify, play, and add a mark."""
    with SessionReader(path) as reader:
        problems = []
        for index in range(min(len(reader), READS_AT_MOST)):
            for read in (reader.read, reader.result):
                try:
                    read(index)
                except CameraError as error:
                    problems.append(error)
        reader.marks()
    verify(path)
    _play(path)
    append_mark(path, Mark("seen", 0))
    if problems:
        raise problems[0]


def _play(path: Path) -> None:
    camera = RecordingCamera(path, realtime=False)
    camera.open()
    try:
        camera.start(StreamRequest())
        for _ in range(READS_AT_MOST):
            try:
                camera.read(0.0)
            except EndOfStream:
                break
            except CameraError:
                continue
    finally:
        camera.close()


def _read_picture(path: Path) -> None:
    read_picture(path)


def _read_intrinsics(path: Path) -> None:
    read_intrinsics(path)


def _read_folder(path: Path, png: bytes) -> None:
    path.with_name("a.png").write_bytes(png)
    list(frames_in(path.parent, 30.0))


def _read_extra(path: Path, png: bytes) -> None:
    (path.parent / "colour").mkdir(exist_ok=True)
    shutil.move(path, path.parent / "colour" / "a.png")
    path.write_bytes(png)
    list(frames_in(path.parent, 30.0))


def _depth(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return (700 + rng.integers(0, 60, SIZE)).astype(np.uint16)


def _session(path: Path) -> bytes:
    """Six frames with infrared and colour, results on half of them, and two marks."""
    writer = SessionWriter(path, CameraInfo("values:", "Values", "V1"), {"model.locator": "none 1"})
    rng = np.random.default_rng(1)
    for number in range(6):
        colour = rng.integers(0, 255, (*SIZE, 3), np.uint8)
        writer.add(Frame(_depth(number), PINHOLE, 5 + number / 30, number, 33.0 * number, colour=colour))
        if number % 2:
            writer.add_result(_result(number, rng))
    for mark in (Mark("at three", 3), Mark("all")):
        writer.add_mark(mark)
    writer.finish()
    return path.read_bytes()


def _result(frame: int, rng: np.random.Generator) -> StoredResult:
    place = FaceLocation((1.0, 2.0, 700.0), (20.0, 15.0), HeadPose(1, 2, 3), 0.9, (5.0, 5.0, 30.0, 25.0), 1)
    face = StoredFace(place, "person-1", 0.8, 0.6, ("person-2", 0.1), 0.9, "", None, "00" * 32)
    pinhole = replace(PINHOLE, width=16, height=16)
    depth, normals = (rng.normal(size=size).astype(np.float32) for size in ((16, 16), (16, 16, 3)))
    face = replace(face, pinhole=pinhole, window_mm=200.0, depth_mm=depth, normals=normals)
    return StoredResult(frame, (face,), {"locate": 1.0})


def _crafted_session(data: bytes, rng: np.random.Generator) -> bytes:
    """A session without its index and with one chunk that somebody made."""
    chunks, place = [], 8
    while place < len(data) - 9:
        length = 9 + int.from_bytes(data[place + 1 : place + 9], "little")
        chunks += [(place, length)] if data[place] == CHUNK else []
        place += length
    offset, length = chunks[int(rng.integers(0, len(chunks)))]
    end = chunks[-1][0] + chunks[-1][1]
    return data[:offset] + mutations.crafted_chunk(data[offset : offset + length], rng) + data[offset + length : end]


def _ascii_pcd(points: np.ndarray) -> bytes:
    header = (
        "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 40\nHEIGHT 30\nPOINTS 1200\nDATA ascii\n"
    )
    return header.encode() + "\n".join(" ".join(f"{v:.2f}" for v in point) for point in points.reshape(-1, 3)).encode()
