"""Training the recogniser: pairs of views of ever new people, and the shape that each of them has.

A classifier over thousands of people learns next to nothing from the few ten thousand samples that a processor can make
in an hour. Here every batch brings new people, each seen twice, and the network must pair them up; it also has to tell
the person's neutral shape, several hundred numbers per sample. Nothing is tied to a fixed list of people, so the
embedding is made for strangers from the start.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from depthface_app.core.canonical import CanonicalFace, MeanFace, canonical_face
from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.face import HeadPose
from training.checkpoint import build
from training.denoised import RealDenoiser, Surface, stand_in
from training.faces.ict import IctModel
from training.faces.shape import Appearance, FaceGenerator, Identity
from training.losses import contrast
from training.mean_face import mean_face
from training.models.ldnfnet import DROPOUT, FUSED, Ldnfnet, Led3d
from training.pairs import TRAINED_SENSORS, Scene, View, sample_appearance, sample_view, use_one_thread
from training.seeds import VALIDATION_IDENTITIES, generator

SHAPE_POINTS = 256  # vertices whose neutral places are to be told
POSE_ERROR_DEG = 4.0  # what the locator is off by, per angle
VALIDATION_PEOPLE, VALIDATION_PROBES = 60, 2


@dataclass(frozen=True, slots=True)
class RecogniserConfig:
    """Which recogniser and on what.

    network:     "ldnfnet", or "led3d" (depth alone): the recogniser whose features the paper's perceptual loss compares
    relief_mm:   difference to the mean face that LDNFNet sees as 1
    temperature: of the contrast
    shape:       weight of the neutral shape's squared error
    denoiser:    checkpoint of the denoiser that dirties the training crops; "" = a stand-in for denoisers
    """

    network: str = "ldnfnet"
    relief_mm: float = 15.0
    temperature: float = 0.08
    shape: float = 1.0
    denoiser: str = ""


def observe_face(
    faces: FaceGenerator,
    identity: Identity,
    appearance: Appearance,
    view: View,
    surface: Surface,
    mean: MeanFace,
    rng: np.random.Generator,
) -> CanonicalFace:
    """One look at one person, through sensor, denoiser and registration, from a pose that is known a little wrong."""
    scene = Scene(faces, faces.vertices(identity, appearance), view, rng)
    crop, depth = surface(scene, view, rng)
    error = rng.normal(0, POSE_ERROR_DEG, 3)
    guess = HeadPose(view.pose.yaw_deg + error[0], view.pose.pitch_deg + error[1], view.pose.roll_deg + error[2])
    return canonical_face(depth, crop.intrinsics, crop.nose_mm, guess, mean)


def face_arrays(face: CanonicalFace) -> dict[str, NDArray[np.float32]]:
    """A registered face as the network's inputs."""
    return {"depth": face.depth, "normals": face.normals, "valid": face.valid}


class ShapeCode:
    """A person's neutral shape as numbers of about unit size: places of some vertices, aligned to the mean face."""

    def __init__(self, faces: IctModel) -> None:
        """Choose the vertices and measure how far each varies over people."""
        self.faces = faces
        rng = generator(7)
        front = np.flatnonzero((faces.mean[:, 2] > 60) & (faces.mean[:, 1] > -75) & (faces.mean[:, 1] < 95))
        self.points = rng.choice(front, SHAPE_POINTS, replace=False)
        self._mean = faces.mean[self.points]
        self._scale = 1.0
        codes = [self(faces.sample_identity(generator(8, k))) for k in range(64)]
        self._scale = float(np.std(codes))

    def __call__(self, identity: Identity) -> NDArray[np.float32]:
        """(3 · SHAPE_POINTS,) float32."""
        points = self.faces.neutral_points(identity, self.points)
        centred, goal = points - points.mean(0), self._mean - self._mean.mean(0)
        u, _, vt = np.linalg.svd(centred.T @ goal)
        return ((centred @ (u @ vt) - goal) / self._scale).ravel().astype(np.float32)


class FaceData(Dataset):
    """Registered faces; samples 2k and 2k + 1 are two looks at person k."""

    def __init__(self, faces: IctModel, mean: MeanFace, shape: ShapeCode, surface: Surface, seed: int, length: int):
        self.faces, self.mean, self.shape, self.surface = faces, mean, shape, surface
        self.seed, self.length = seed, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[np.float32]]:
        use_one_thread()
        rng = generator(self.seed, n, 2)
        identity = self.faces.sample_identity(generator(n // 2 % VALIDATION_IDENTITIES.start))
        appearance = sample_appearance(self.faces, rng)
        face = observe_face(self.faces, identity, appearance, sample_view(rng), self.surface, self.mean, rng)
        return {**face_arrays(face), "shape": self.shape(identity)}


def around_mean(mean: MeanFace, relief_mm: float) -> Ldnfnet:
    """An LDNFNet that reads faces as differences to the mean face."""
    depth = torch.from_numpy(np.nan_to_num(mean.depth_mm / np.float32(DEPTH_RANGE_MM)))[None, None]
    normals = torch.from_numpy(np.nan_to_num(mean.normals).transpose(2, 0, 1).copy())[None]
    return Ldnfnet(depth, normals, DEPTH_RANGE_MM / relief_mm)


class Student(nn.Module):
    """A recogniser with the head that only training needs."""

    def __init__(self, config: RecogniserConfig, mean: MeanFace) -> None:
        super().__init__()
        self.network: Ldnfnet | Led3d = Led3d() if config.network == "led3d" else around_mean(mean, config.relief_mm)
        self.dropout = nn.Dropout(DROPOUT)
        self.shape = nn.Linear(FUSED if config.network == "led3d" else 4 * FUSED, 3 * SHAPE_POINTS)

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        """Features of each path of the network, (B, D) each; one path for Led3D."""
        if isinstance(self.network, Led3d):
            return (self.network(depth),)
        return self.network.paths(depth, normals, valid)

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor) -> Tensor:
        """(B, D) features."""
        return torch.cat(self.paths(depth, normals, valid), 1)


def embed(model: nn.Module, faces: list[CanonicalFace]) -> NDArray[np.float32]:
    """(N, 1920) unit vectors."""
    out = []
    with torch.no_grad():
        for face in faces:
            arrays = face_arrays(face)
            feature = model(*(torch.from_numpy(arrays[key])[None] for key in ("depth", "normals", "valid")))
            out.append(F.normalize(feature, dim=1)[0].numpy())
    return np.array(out)


class RecogniseTask:
    """Train LDNFNet to tell people apart."""

    def __init__(self, experiment: dict[str, Any], folder: Path) -> None:
        self.config = build(RecogniserConfig, experiment["model"])
        self.faces = IctModel.load(folder / "ict_face_model.npz")
        self.mean = mean_face(self.faces)
        self.surface: Surface = RealDenoiser(Path(self.config.denoiser)) if self.config.denoiser else stand_in
        self._validation: tuple[list[CanonicalFace], list[CanonicalFace]] | None = None

    def model(self) -> nn.Module:
        """The recogniser and its training head."""
        return Student(self.config, self.mean)

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Pairs of looks at new people."""
        return FaceData(self.faces, self.mean, ShapeCode(self.faces), self.surface, seed, length)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """L_D + L_N + L_F as in the paper, each a contrast, and the neutral shape."""
        paths = model.paths(batch["depth"], batch["normals"], batch["valid"])
        whole = torch.cat(paths, 1)
        told = model.shape(model.dropout(whole)).float()
        loss = contrast(whole, self.config.temperature)
        for path in paths[:2]:
            loss = loss + 0.5 * contrast(path, self.config.temperature)
        return loss + self.config.shape * F.mse_loss(told, batch["shape"])

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Rank-1 of validation people: one frontal neutral picture each, seen again by any sensor in any pose."""
        if self._validation is None:
            self._validation = self._looks()
        gallery, probes = (embed(model, faces) for faces in self._validation)
        similarity = probes @ gallery.T
        truth = np.repeat(np.arange(VALIDATION_PEOPLE), VALIDATION_PROBES)
        same = similarity[np.arange(len(truth)), truth]
        others = np.delete(similarity.ravel(), np.arange(len(truth)) * VALIDATION_PEOPLE + truth)
        threshold = np.quantile(others, 0.999)
        return {
            "rank1": float((similarity.argmax(1) == truth).mean()),
            "tar_at_far_1e-3": float((same > threshold).mean()),
        }

    def _looks(self) -> tuple[list[CanonicalFace], list[CanonicalFace]]:
        gallery: list[CanonicalFace] = []
        probes: list[CanonicalFace] = []
        neutral = Appearance(np.zeros(len(self.faces.ex_basis), np.float32))
        for k in range(VALIDATION_PEOPLE):
            identity = self.faces.sample_identity(generator(VALIDATION_IDENTITIES.start + k))
            for j in range(VALIDATION_PROBES + 1):
                rng = generator(VALIDATION_IDENTITIES.start, k, j)
                view, appearance = sample_view(rng, TRAINED_SENSORS), sample_appearance(self.faces, rng)
                if j == 0:
                    view, appearance = replace(view, pose=HeadPose(0, 0, 0)), neutral
                face = observe_face(self.faces, identity, appearance, view, self.surface, self.mean, rng)
                (gallery if j == 0 else probes).append(face)
        return gallery, probes
