"""Networks that need no weights: they keep the contracts of `pipeline.stages` on the frames of `tests.fakes`."""

import threading
from collections.abc import Callable

import numpy as np

from depthface_app.core.errors import ModelError
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation, HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.match import unit
from depthface_app.core.normals import normals
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.stages import Models

DIMENSIONS = 8


def fake_card(kind: str, version: str = "1", threshold: float | None = None) -> ModelCard:
    return ModelCard(f"fake-{kind}", version, kind, "Apache-2.0", threshold=threshold)


def axis_vector(axis: int, *, lean: float = 0.0) -> np.ndarray:
    """Unit vector along one axis, leaning towards the next one."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[axis], vector[(axis + 1) % DIMENSIONS] = 1, lean
    return unit(vector)


class FakeLocator:
    """Finds one face: the nearest reading, if it is nearer than a metre."""

    provider = "CPUExecutionProvider"

    def __init__(self, pose: HeadPose | None = None) -> None:
        self.card = fake_card("locator")
        self.pose = pose or HeadPose(0, 0, 0)

    def locate(self, frame: Frame) -> tuple[FaceLocation, ...]:
        depth = np.nan_to_num(frame.depth_float(), nan=1e6)
        y, x = np.unravel_index(depth.argmin(), depth.shape)
        z = float(depth[y, x])
        if z > 1000:
            return ()
        pinhole = frame.intrinsics
        nose_mm = ((x - pinhole.cx) * z / pinhole.fx, (y - pinhole.cy) * z / pinhole.fy, z)
        half = 80 * pinhole.fx / z
        box = (x - half, y - half, x + half, y + half)
        return (FaceLocation(nose_mm, (float(x), float(y)), self.pose, 0.9, box),)

    def follow(self, frame: Frame, known: tuple[FaceLocation, ...]) -> tuple[FaceLocation, ...]:
        return self.locate(frame)


class FakeDenoiser:
    """Gives the crop back as it is; fails, or waits at a gate, on request."""

    provider = "CPUExecutionProvider"
    has_fine = True

    def __init__(self) -> None:
        self.card = fake_card("denoiser")
        self.failure = ""
        self.gate = threading.Event()
        self.gate.set()

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        self.gate.wait(10)
        if self.failure:
            raise ModelError(self.failure)
        surface = normals(crop.depth_mm, crop.intrinsics)
        depth = np.where(np.isnan(surface[..., 2]), np.float32(np.nan), crop.depth_mm)
        doubled = np.kron(depth, np.ones((2, 2), np.float32)) if fine else None
        return DenoisedFace(crop, depth, surface, doubled)


class FakeRecogniser:
    """Sees whoever `who` says."""

    provider = "CPUExecutionProvider"
    mean = None

    def __init__(self, who: Callable[[FaceLocation], np.ndarray] = lambda location: axis_vector(0)) -> None:
        self.card = fake_card("recogniser", threshold=0.6)
        self.who = who

    def embed(self, denoised: DenoisedFace, location: FaceLocation) -> np.ndarray:
        return self.who(location)


def fake_models() -> Models:
    return Models(FakeLocator(), FakeDenoiser(), FakeRecogniser())
