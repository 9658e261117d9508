"""What can be trained: where the samples come from, which model, which loss, how it is judged on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from training.checkpoint import build
from training.examples import denoised_row
from training.faces.ict import IctModel
from training.losses import LossConfig, PaperLoss, SurfaceLoss
from training.methods import fingerprint
from training.metrics import angle_error_deg, rmse_mm
from training.models.ldnfnet import SinglePath
from training.models.registry import denoiser, is_continuous, load_model
from training.pairs import PHASES, TRAINED_SENSORS, Pair, make_pair, sample_view, training_view, use_one_thread
from training.recognise import RecogniseTask
from training.seeds import TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.sessions import training_appearance

COVERED = 0.2  # share of training crops with glasses, a mask, a hand, long hair or a scarf
ICT_FILE = "ict_face_model.npz"


class Task(Protocol):
    """One kind of training."""

    def model(self) -> nn.Module:
        """A fresh model."""
        ...

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """`length` samples; sample n depends on seed and n alone."""
        ...

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """What one batch costs."""
        ...

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Figures on people that are never trained on."""
        ...


def pair_arrays(pair: Pair) -> dict[str, np.ndarray]:
    """A pair as named float32 arrays."""
    given = pair.input
    return {
        "depth": given.depth, "normals": given.normals, "valid": given.valid, "noise": given.noise,
        "target": pair.target, "surface": pair.surface, "face": pair.face,
    }  # fmt: skip


class PairData(Dataset):
    """Noisy crops and their truth, made on the fly. All samples of one batch share one query phase.

    Without `sub_pixel` every query lies in the middle of its pixel.
    """

    def __init__(self, faces: IctModel, seed: int, length: int, batch: int, sub_pixel: bool) -> None:
        self.faces, self.seed, self.length, self.batch, self.sub_pixel = faces, seed, length, batch, sub_pixel

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, np.ndarray]:
        use_one_thread()
        rng = generator(self.seed, n)
        phase = int(generator(self.seed, n // self.batch, 1).choice(len(PHASES), p=(0.6, 0.1, 0.1, 0.1, 0.1)))
        phase *= self.sub_pixel
        identity = self.faces.training_identity(generator(int(rng.integers(TRAIN_IDENTITIES.stop))))
        look = training_appearance(self.faces, rng, COVERED)
        pair = make_pair(self.faces, identity, rng, training_view(rng), PHASES[phase], look)
        return {**pair_arrays(pair), "phase": np.array(phase)}


def validation_pairs(faces: IctModel, per_sensor: int) -> dict[str, list[Pair]]:
    """Pairs of validation people for each trained sensor family, always the same."""
    out: dict[str, list[Pair]] = {}
    for s, name in enumerate(TRAINED_SENSORS):
        out[name] = []
        for k in range(per_sensor):
            rng = generator(VALIDATION_IDENTITIES.start, s, k)
            identity = faces.sample_identity(generator(VALIDATION_IDENTITIES.start + k))
            out[name].append(make_pair(faces, identity, rng, sample_view(rng, (name,))))
    return out


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Which samples.

    sub_pixel: whether two batches in five ask for places between the pixels; only a continuous decoder has answers
    """

    sub_pixel: bool = True


class DenoiseTask:
    """Train a denoiser on simulated pairs."""

    def __init__(self, experiment: dict[str, Any], folder: Path) -> None:
        self.values = experiment["model"]
        self.losses = build(LossConfig, experiment.get("loss", {}))
        self.data_config = build(DataConfig, experiment.get("data", {}))
        self.face_file = folder / ICT_FILE
        self.faces = IctModel.load(self.face_file)
        kind = self.losses.kind_for(self.values.get("head", "direct"))
        self.paper = paper_loss(self.losses) if kind == "paper" else None
        self.surface = SurfaceLoss(self.losses.outlier, self.losses.angle, self.losses.where)
        self.teacher = load_model(self.losses.teacher).requires_grad_(False) if self.losses.teacher else None
        self._pairs: dict[str, list[Pair]] | None = None

    def model(self) -> nn.Module:
        """A fresh denoiser."""
        return denoiser(self.values)

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Pairs of training people."""
        return PairData(self.faces, seed, length, batch, self._sub_pixel)

    @property
    def _sub_pixel(self) -> bool:
        return self.data_config.sub_pixel and is_continuous(self.values)

    def ingredients(self) -> dict[str, Any]:
        """What makes a pair; the network does not."""
        return {"samples": "pairs", "sub_pixel": self._sub_pixel, "faces": fingerprint(self.face_file)}

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """The paper's loss or the surface loss, and what the teacher says if there is one."""
        given = [batch[key] for key in ("depth", "normals", "valid", "noise")]
        phase = PHASES[int(batch["phase"][0])]
        depth, logit = model(*given, phase)
        if self.paper is not None:
            loss = self.paper.to(depth.device)(depth, batch["target"])
        else:
            loss = self.surface(depth, logit.float(), batch["target"], batch["surface"], batch["face"])
        if self.teacher is None:
            return loss
        with torch.no_grad():
            wanted, there = self.teacher.to(depth.device)(*given, phase)
        imitated = self.surface(depth, logit.float(), wanted, torch.sigmoid(there.float()), batch["face"])
        return loss + self.losses.imitation * imitated

    def validate(self, model: nn.Module) -> dict[str, float]:
        """RMSE in mm and mean normal angle error in degrees per sensor family, on readings of the face."""
        if self._pairs is None:
            self._pairs = validation_pairs(self.faces, 12)
        figures = {}
        for name, pairs in self._pairs.items():
            errors = []
            for pair in pairs:
                depth = predict(model, pair)
                errors.append((rmse_mm(pair, depth), angle_error_deg(pair, depth)))
            figures[f"rmse_mm.{name}"], figures[f"angle_deg.{name}"] = np.mean(errors, 0)
        return {key: float(value) for key, value in figures.items()}

    def pictures(self, model: nn.Module) -> dict[str, np.ndarray]:
        """One validation pair of each sensor, for the curves' page."""
        pairs = self._pairs or validation_pairs(self.faces, 1)
        return {name: denoised_row(pairs[name][0], predict(model, pairs[name][0])) for name in pairs}


def paper_loss(config: LossConfig) -> PaperLoss:
    """The paper's loss with its weights; without a recogniser its perceptual part is left out.

    Raises:
        ValueError: if the recogniser is not a Led3D on plain depth.
    """
    weights = (config.l1, config.structure, config.perceptual)
    if not config.recogniser:
        return PaperLoss(None, weights)
    network = load_model(config.recogniser)
    if not isinstance(network, SinglePath) or network.with_normals or not network.plain:
        raise ValueError(f"{config.recogniser}: the perceptual loss needs a Led3D on plain depth (configs/led3d.toml)")
    return PaperLoss(network.trunk, weights)


def predict(model: nn.Module, pair: Pair) -> np.ndarray:
    """(S, S) float32 denoised depth in network range."""
    given = [torch.from_numpy(pair_arrays(pair)[key])[None] for key in ("depth", "normals", "valid", "noise")]
    with torch.no_grad():
        return model(*given)[0][0, 0].numpy()


TASKS: dict[str, Callable[[dict[str, Any], Path], Task]] = {"denoise": DenoiseTask, "recognise": RecogniseTask}


def task_of(experiment: dict[str, Any], faces: Path) -> Task:
    """The task of an experiment.

    Raises:
        ValueError: if there is no such task.
    """
    if experiment["task"] not in TASKS:
        raise ValueError(f'there is no task "{experiment["task"]}"; known: {", ".join(TASKS)}')
    return TASKS[experiment["task"]](experiment, faces)
