"""What was made of a frame, kept beside it: every figure and surface that the pipeline gave, but nobody's name.

Embeddings are not kept either: with them a file would let anybody look for these people elsewhere. Their SHA-256 is
enough to tell whether a replay made the same ones.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.session.codec import Packer, unpack
from depthface_app.cameras.session.layout import Messages, number_of, pinhole_of, pinhole_values
from depthface_app.core.face import FaceLocation, FaceResult, HeadPose, Match, Result
from depthface_app.core.frame import Intrinsics

_FLOAT = np.dtype(np.float32)
FACES_AT_MOST = 64
SIDE_PX_AT_MOST = 1024

Pseudonym = Callable[[str], str]
"""Turns a person's name into what may stand in a file."""


@dataclass(frozen=True, eq=False, slots=True)
class StoredFace:
    """One face of one frame.

    location:         as it was found, with its track's number
    person:           pseudonym, None when nobody was accepted
    similarity:       cosine with the best person, NaN with an empty gallery
    runner_up:        (pseudonym, similarity) of the second nearest person, or None
    embedding_sha256: of the embedding's bytes, float32 little-endian; "" without one
    pinhole, window_mm, nose_mm: of the crop that `depth_mm` and `normals` lie in
    depth_mm:         (S, S) float32 mm denoised, NaN outside the head; None if it was not denoised
    normals:          (S, S, 3) float32 unit vectors, or None
    """

    location: FaceLocation
    person: str | None
    similarity: float
    threshold: float
    runner_up: tuple[str, float] | None
    quality: float
    hint: str
    live: bool | None
    embedding_sha256: str
    pinhole: Intrinsics | None = None
    window_mm: float = 0.0
    nose_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    depth_mm: NDArray[np.float32] | None = None
    normals: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class StoredResult:
    """What was made of the frame with index `frame`; `stages_ms` as in `core.face.Result`."""

    frame: int
    faces: tuple[StoredFace, ...]
    stages_ms: dict[str, float]


def stored(result: Result, frame: int, pseudonym: Pseudonym) -> StoredResult:
    """What of a result is kept for the frame with that index."""
    return StoredResult(frame, tuple(_stored_face(face, pseudonym) for face in result.faces), dict(result.stages_ms))


def to_messages(result: StoredResult, packer: Packer) -> Messages:
    """The result's figures, and two messages for each face that was denoised."""
    header = {
        "frame": result.frame,
        "stages_ms": {name: float(value) for name, value in result.stages_ms.items()},
        "faces": [_values(face) for face in result.faces],
    }
    messages: Messages = [("/result", json.dumps(header, allow_nan=False).encode())]
    for face in result.faces:
        if face.depth_mm is not None and face.normals is not None:
            messages.append(("/denoised", packer.pack(face.depth_mm)))
            messages.append(("/normals", packer.pack(face.normals)))
    return messages


def from_messages(messages: Messages) -> StoredResult:
    """The result that was made into these messages.

    Raises:
        ValueError, KeyError, TypeError: they are not what `to_messages` makes.
    """
    header = json.loads(dict(messages)["/result"])
    surfaces = iter([data for topic, data in messages if topic in ("/denoised", "/normals")])
    if len(header["faces"]) > FACES_AT_MOST:
        raise ValueError(f"{len(header['faces'])} faces in one frame are more than anybody finds")
    faces = tuple(_face_of(values, surfaces) for values in header["faces"])
    stages_ms = {str(name): number_of(value) for name, value in header["stages_ms"].items()}
    return StoredResult(int(header["frame"]), faces, stages_ms)


def fingerprint(face: StoredFace) -> dict[str, Any]:
    """Everything about a face that a replay must make again bit by bit, as values that compare with ==."""
    surfaces = {"depth_mm": face.depth_mm, "normals": face.normals}
    digests = {
        name: None if surface is None else hashlib.sha256(np.ascontiguousarray(surface).tobytes()).hexdigest()
        for name, surface in surfaces.items()
    }
    return _values(face) | digests


def _stored_face(face: FaceResult, pseudonym: Pseudonym) -> StoredFace:
    match, denoised = face.match, face.denoised
    embedding = face.embedding
    return StoredFace(
        location=face.location,
        person=pseudonym(match.name) if match is not None and match.name is not None else None,
        similarity=float("nan") if match is None else float(match.similarity),
        threshold=float("nan") if match is None else float(match.threshold),
        runner_up=_runner_up(match, pseudonym),
        quality=float(face.quality),
        hint=face.hint,
        live=face.live,
        embedding_sha256="" if embedding is None else hashlib.sha256(embedding.astype("<f4").tobytes()).hexdigest(),
        pinhole=None if denoised is None else denoised.crop.intrinsics,
        window_mm=0.0 if denoised is None else float(denoised.crop.window_mm),
        nose_mm=(0.0, 0.0, 0.0) if denoised is None else denoised.crop.nose_mm,
        depth_mm=None if denoised is None else denoised.depth_mm,
        normals=None if denoised is None else denoised.normals,
    )


def _runner_up(match: Match | None, pseudonym: Pseudonym) -> tuple[str, float] | None:
    if match is None or match.runner_up is None:
        return None
    return pseudonym(match.runner_up[0]), float(match.runner_up[1])


def _values(face: StoredFace) -> dict[str, Any]:
    """The face's figures as JSON values; a number that is not finite becomes null."""
    place = face.location
    values: dict[str, Any] = {
        "track": int(place.track),
        "score": float(place.score),
        "nose_mm": [float(value) for value in place.nose_mm],
        "nose_px": [float(value) for value in place.nose_px],
        "box_px": [float(value) for value in place.box_px],
        "pose_deg": [float(value) for value in (place.pose.yaw_deg, place.pose.pitch_deg, place.pose.roll_deg)],
        "person": face.person,
        "similarity": _finite(face.similarity),
        "threshold": _finite(face.threshold),
        "runner_up": None if face.runner_up is None else [face.runner_up[0], _finite(face.runner_up[1])],
        "quality": _finite(face.quality),
        "hint": face.hint,
        "live": None if face.live is None else bool(face.live),
        "embedding_sha256": face.embedding_sha256,
        "crop": None,
    }
    if face.pinhole is not None:
        values["crop"] = {
            "intrinsics": pinhole_values(face.pinhole),
            "window_mm": float(face.window_mm),
            "nose_mm": [float(value) for value in face.nose_mm],
        }
    return values


def _face_of(values: dict[str, Any], surfaces: Any) -> StoredFace:
    nose_mm, nose_px, box_px = (_numbers(values[key], n) for key, n in (("nose_mm", 3), ("nose_px", 2), ("box_px", 4)))
    pose = HeadPose(*_numbers(values["pose_deg"], 3))
    location = FaceLocation(nose_mm, nose_px, pose, number_of(values["score"]), box_px, int(values["track"]))
    runner_up = values["runner_up"]
    face = StoredFace(
        location,
        None if values["person"] is None else str(values["person"]),
        _or_nan(values["similarity"]),
        _or_nan(values["threshold"]),
        None if runner_up is None else (str(runner_up[0]), _or_nan(runner_up[1])),
        _or_nan(values["quality"]),
        str(values["hint"]),
        None if values["live"] is None else bool(values["live"]),
        str(values["embedding_sha256"]),
    )
    return face if values["crop"] is None else _with_surface(face, values["crop"], surfaces)


def _with_surface(face: StoredFace, crop: dict[str, Any], surfaces: Any) -> StoredFace:
    pinhole = pinhole_of(crop["intrinsics"])
    shape = (pinhole.height, pinhole.width)
    if max(shape) > SIDE_PX_AT_MOST:
        raise ValueError(f"a face of {shape} pixels is none that was denoised here")
    packed = next(surfaces, None), next(surfaces, None)
    if packed[0] is None or packed[1] is None:
        raise ValueError("a denoised face is missing")
    return replace(
        face,
        pinhole=pinhole,
        window_mm=number_of(crop["window_mm"]),
        nose_mm=_numbers(crop["nose_mm"], 3),
        depth_mm=np.asarray(unpack(packed[0], shape, _FLOAT), np.float32),
        normals=np.asarray(unpack(packed[1], (*shape, 3), _FLOAT), np.float32),
    )


def _numbers(values: Any, count: int) -> Any:
    numbers = tuple(number_of(value) for value in values)
    if len(numbers) != count:
        raise ValueError(f"{len(numbers)} numbers stand where {count} are expected")
    return numbers


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _or_nan(value: Any) -> float:
    return float("nan") if value is None else number_of(value)
