"""Training the recogniser: pairs of views of ever new people, and the shape that each of them has.

A classifier over thousands of people learns next to nothing from the few ten thousand samples that a processor can make
in an hour. Here every batch brings new people, each seen twice, and the network must pair them up; it also has to tell
the person's neutral shape, several hundred numbers per sample. Nothing is tied to a fixed list of people, so the
embedding is made for strangers from the start.
"""

from dataclasses import replace
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
from training.codes import CODES, Code, code_length
from training.denoised import RealDenoiser, Surface, stand_in
from training.faces.ict import IctModel
from training.faces.shape import Appearance, FaceGenerator, Identity
from training.losses import contrast
from training.mean_face import mean_face
from training.methods import fingerprint
from training.models.ldnfnet import DROPOUT, FaceReader
from training.models.margins import MARGINS
from training.models.recogniser import RecogniserConfig, recogniser
from training.pairs import (
    TRAINED_SENSORS,
    Scene,
    View,
    sample_appearance,
    sample_view,
    training_view,
    use_one_thread,
)
from training.seeds import TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.sessions import training_appearance

POSE_ERROR_DEG = 4.0  # what the locator is off by, per angle
COVERED = 0.3  # share of training looks with glasses, a mask, a hand, long hair or a scarf
RELATIVES = 8  # people in a row who resemble each other, so that a batch asks for fine differences, too
MOST_ALIKE = 0.8
VALIDATION_PEOPLE, VALIDATION_PROBES = 60, 2


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
    scene = Scene(faces, faces.vertices(identity, appearance), view, rng, appearance.covers)
    crop, depth = surface(scene, view, rng)
    error = rng.normal(0, POSE_ERROR_DEG, 3)
    guess = HeadPose(view.pose.yaw_deg + error[0], view.pose.pitch_deg + error[1], view.pose.roll_deg + error[2])
    return canonical_face(depth, crop.intrinsics, crop.nose_mm, guess, mean)


def face_arrays(face: CanonicalFace) -> dict[str, NDArray[np.float32]]:
    """A registered face as the network's inputs."""
    return {"depth": face.depth, "normals": face.normals, "valid": face.valid}


class FaceData(Dataset):
    """Registered faces: samples 2k and 2k + 1 are two looks at person k, or each is of anybody on a list of people."""

    def __init__(
        self, faces: IctModel, mean: MeanFace, code: Code | None, surface: Surface, seed: int, length: int, people: int
    ) -> None:
        self.faces, self.mean, self.code, self.surface = faces, mean, code, surface
        self.seed, self.length, self.people = seed, length, people

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[Any]]:
        use_one_thread()
        rng = generator(self.seed, n, 2)
        person = self._person(n)
        identity = self._identity(n, person)
        appearance = training_appearance(self.faces, rng, COVERED)
        face = observe_face(self.faces, identity, appearance, training_view(rng), self.surface, self.mean, rng)
        sample: dict[str, NDArray[Any]] = {**face_arrays(face)}
        if self.people:
            sample["person"] = np.array(person)
        if self.code is not None:
            sample["shape"] = self.code(identity)
        return sample

    def _person(self, n: int) -> int:
        if self.people:
            return int(generator(self.seed, n, 3).integers(self.people))
        return int(generator(self.seed, n // 2, 4).integers(TRAIN_IDENTITIES.stop))

    def _identity(self, n: int, person: int) -> Identity:
        identity = self.faces.training_identity(generator(person))
        if self.people:
            return identity
        family = generator(self.seed, n // (2 * RELATIVES), 5)
        ancestor = self.faces.training_identity(generator(int(family.integers(TRAIN_IDENTITIES.stop))))
        return self.faces.relative(identity, ancestor, float(family.uniform(0, MOST_ALIKE)))


def around_mean(config: RecogniserConfig, mean: MeanFace) -> FaceReader:
    """A fresh recogniser of faces that are registered to this mean face."""
    depth = torch.from_numpy(np.nan_to_num(mean.depth_mm / np.float32(DEPTH_RANGE_MM)))[None, None]
    normals = torch.from_numpy(np.nan_to_num(mean.normals).transpose(2, 0, 1).copy())[None]
    return recogniser(config, depth, normals)


class Student(nn.Module):
    """A recogniser with the heads that only training needs."""

    def __init__(self, config: RecogniserConfig, mean: MeanFace, told: int) -> None:
        super().__init__()
        self.network = around_mean(config, mean)
        self.dropout = nn.Dropout(DROPOUT)
        whole, own = sum(self.network.widths), self.network.widths[: self.network.auxiliary]
        self.shape = nn.Linear(whole, told).requires_grad_(config.shape > 0)
        self.people = nn.ModuleList()
        if config.objective != "pairs":
            self.people.extend(MARGINS[config.objective](width, config.people) for width in (whole, *own))

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        """Features of each path of the network, (B, D) each."""
        return self.network.paths(depth, normals, valid)

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor) -> Tensor:
        """(B, D) features."""
        return torch.cat(self.paths(depth, normals, valid), 1)


def embed(model: nn.Module, faces: list[CanonicalFace]) -> NDArray[np.float32]:
    """(N, D) unit vectors."""
    out = []
    with torch.no_grad():
        for face in faces:
            arrays = face_arrays(face)
            feature = model(*(torch.from_numpy(arrays[key])[None] for key in ("depth", "normals", "valid")))
            out.append(F.normalize(feature, dim=1)[0].numpy())
    return np.array(out)


class RecogniseTask:
    """Train a recogniser to tell people apart."""

    def __init__(self, experiment: dict[str, Any], folder: Path) -> None:
        self.config = build(RecogniserConfig, experiment["model"])
        self.face_file = folder / "ict_face_model.npz"
        self.faces = IctModel.load(self.face_file)
        self.mean = mean_face(self.faces)
        self.surface: Surface = RealDenoiser(Path(self.config.denoiser)) if self.config.denoiser else stand_in
        self._validation: tuple[list[CanonicalFace], list[CanonicalFace]] | None = None

    def model(self) -> nn.Module:
        """The recogniser and its training head."""
        return Student(self.config, self.mean, code_length(self.faces, self.config.told))

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Pairs of looks at new people, or looks at people of a list."""
        code = CODES[self.config.told](self.faces) if self.config.shape > 0 else None
        return FaceData(self.faces, self.mean, code, self.surface, seed, length, self.config.people)

    def ingredients(self) -> dict[str, Any]:
        """What makes a look; the network does not."""
        return {
            "samples": "faces",
            "faces": fingerprint(self.face_file),
            "people": self.config.people,
            "told": self.config.told if self.config.shape > 0 else "",
            "denoiser": fingerprint(Path(self.config.denoiser)) if self.config.denoiser else "",
        }

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """L_F + L_D + L_N as in the paper, and what is told of the person.

        Between pairs, the paths' own losses count half.
        """
        paths = model.paths(batch["depth"], batch["normals"], batch["valid"])
        whole = torch.cat(paths, 1)
        features = (whole, *paths[: model.network.auxiliary])
        if self.config.objective == "pairs":
            loss = contrast(whole, self.config.temperature)
            for part in features[1:]:
                loss = loss + 0.5 * contrast(part, self.config.temperature)
        else:
            loss = sum(head(part, batch["person"]) for head, part in zip(model.people, features, strict=True))
        if self.config.shape > 0:
            told = model.shape(model.dropout(whole)).float()
            loss = loss + self.config.shape * F.mse_loss(told, batch["shape"])
        return loss

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
