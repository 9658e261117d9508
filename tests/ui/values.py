"""People, frames and networks made by formula, so that the window can be driven without a sensor or weights."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import crop_face
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation, FaceResult, HeadPose, Match, Result
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.match import unit
from depthface_app.core.normals import normals
from depthface_app.pipeline.stages import Models
from tests.fake_models import fake_card

PINHOLE = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
WALL_MM = 2100.0
Nose = tuple[float, float, float]
NEAR: Nose = (-40.0, -20.0, 620.0)
LEFT: Nose = (-170.0, -10.0, 760.0)
RIGHT: Nose = (190.0, -40.0, 900.0)


def head_mm(nose_mm: Nose, intrinsics: Intrinsics = PINHOLE) -> NDArray[np.float32]:
    """(H, W) float32 depth of an egg with a nose, eye sockets and shoulders; NaN beside it."""
    rows, columns = np.mgrid[0 : intrinsics.height, 0 : intrinsics.width]
    across = (columns - intrinsics.cx) * nose_mm[2] / intrinsics.fx - nose_mm[0]
    down = (rows - intrinsics.cy) * nose_mm[2] / intrinsics.fy - nose_mm[1]
    egg = 1 - (across / 76) ** 2 - ((down + 8) / 112) ** 2
    surface = np.where(egg > 0, 118 - 100 * np.sqrt(np.clip(egg, 0, 1)), np.nan)
    above, below = np.clip(down, None, 0) / 34, np.clip(down, 0, None) / 11
    surface -= 20 * np.exp(-((across / 11) ** 2) - above**2 - below**2)
    for side in (-1, 1):
        surface += 9 * np.exp(-(((across - side * 32) / 15) ** 2) - ((down + 36) / 10) ** 2)
    surface -= 4 * np.exp(-((across / 24) ** 2) - ((down - 34) / 8) ** 2)
    is_chest = (down > 118) & (np.abs(across) < 210 - 9000 / np.maximum(down - 40, 1))
    chest = np.where(is_chest, 120 + across**2 / 600, np.nan)
    return (nose_mm[2] + np.fmin(surface, chest)).astype(np.float32)


def frame_of(noses_mm: Sequence[Nose], seed: int = 0, captured_s: float = 100.0) -> Frame:
    """People before a wall, with noise, rounding and holes as a sensor has them."""
    rng = np.random.default_rng(seed)
    depth = np.full((PINHOLE.height, PINHOLE.width), WALL_MM, np.float32)
    for nose_mm in noses_mm:
        depth = np.fmin(depth, head_mm(nose_mm))
    depth += rng.normal(0, 1, depth.shape).astype(np.float32) * (depth / 700) ** 2 * 2.0
    edges = np.hypot(*np.gradient(depth)) > 80
    depth[edges | (rng.random(depth.shape) < 0.004)] = 0
    return Frame(np.round(depth).astype(np.uint16), PINHOLE, captured_s, number=seed, serial="VALUES")


def location_of(nose_mm: Nose, track: int = 0, yaw_deg: float = 4.0, pitch_deg: float = 2.0) -> FaceLocation:
    """Where a head of `frame_of` is."""
    x, y = (float(value) for value in PINHOLE.project(np.array(nose_mm)))
    half = 100 * PINHOLE.fx / nose_mm[2]
    box = (x - half * 0.8, y - half * 1.2, x + half * 0.8, y + half)
    return FaceLocation(nose_mm, (x, y), HeadPose(yaw_deg, pitch_deg, 0.0), 0.98, box, track)


def denoised_of(crop: FaceCrop) -> DenoisedFace:
    """A crop of `frame_of`, denoised by knowing the truth."""
    return DenoisedFace(crop, *_truth(crop.nose_mm))


@cache
def _truth(nose_mm: Nose) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    clean = crop_face(head_mm(nose_mm), PINHOLE, nose_mm)
    return clean.depth_mm, normals(clean.depth_mm, clean.intrinsics)


def face_of(
    frame: Frame,
    nose_mm: Nose,
    *,
    name: str | None = "Ada",
    similarity: float = 0.83,
    track: int = 1,
    yaw_deg: float = 4.0,
    **known: object,
) -> FaceResult:
    """One face of a frame; `known` are further fields of FaceResult."""
    crop = crop_face(frame.depth_float(), PINHOLE, nose_mm)
    match = Match(name, similarity, 0.62, (("Ada", similarity), ("Bob", 0.41)))
    face = FaceResult(location_of(nose_mm, track, yaw_deg), crop, denoised_of(crop), axis(0), match, quality=0.9)
    return replace(face, **known)


def result_of(frame: Frame, *faces: FaceResult) -> Result:
    """What a recogniser would have made of the frame."""
    stages_ms = {"locate": 3.1, "crop": 0.6, "denoise": 8.2, "normals": 0.3, "embed": 7.4, "match": 0.1}
    return Result(frame, faces, stages_ms, frame.captured_s + 0.04)


def axis(number: int, lean: float = 0.0) -> NDArray[np.float32]:
    """(8,) unit vector along one axis; its cosine with that axis falls as `lean` grows."""
    vector = np.zeros(8, np.float32)
    vector[number], vector[7] = 1, lean
    return unit(vector)


@dataclass(slots=True)
class Actor:
    """Somebody in the scene: where, how they turn, and the vector that a recogniser sees."""

    nose_mm: Nose
    vector: NDArray[np.float32]
    yaw_deg: float = 4.0
    pitch_deg: float = 2.0


class Scene:
    """A stage for the whole pipeline: frames with some noise, and networks that know who stands where."""

    provider = "CPUExecutionProvider"

    def __init__(self, *actors: Actor) -> None:
        self.actors = list(actors)
        self._frames = [frame_of([actor.nose_mm for actor in actors], seed) for seed in range(4)]

    def frame(self, number: int) -> Frame:
        """The next frame, captured now."""
        return self._frames[number % len(self._frames)].at(time.monotonic())

    def models(self) -> Models:
        """Networks for this scene."""
        return Models(_Locator(self), _Denoiser(self), _Recogniser(self))


class _Network:
    provider = "CPUExecutionProvider"
    kind = ""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.card = fake_card(self.kind, threshold=0.62 if self.kind == "recogniser" else None)


class _Locator(_Network):
    kind = "locator"

    def locate(self, frame: Frame) -> tuple[FaceLocation, ...]:
        return tuple(location_of(a.nose_mm, 0, a.yaw_deg, a.pitch_deg) for a in self.scene.actors)

    def follow(self, frame: Frame, known: tuple[FaceLocation, ...]) -> tuple[FaceLocation, ...]:
        return self.locate(frame)


class _Denoiser(_Network):
    kind = "denoiser"
    has_fine = False

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        return denoised_of(crop)


class _Recogniser(_Network):
    kind = "recogniser"
    mean = None

    def embed(self, denoised: DenoisedFace, location: FaceLocation) -> NDArray[np.float32]:
        nose = np.array(location.nose_mm)
        return min(self.scene.actors, key=lambda actor: float(np.linalg.norm(nose - np.array(actor.nose_mm)))).vector
