"""What can be trained: where the samples come from, which model, which loss, how it is judged on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from training.checkpoint import Checkpoint, build
from training.faces.ict import IctModel
from training.losses import PaperLoss, SurfaceLoss
from training.metrics import angle_error_deg, rmse_mm
from training.models.dmdnet import Dmdnet, DmdnetConfig
from training.models.ldnfnet import Led3d
from training.pairs import PHASES, TRAINED_SENSORS, Pair, make_pair, sample_view, training_view, use_one_thread
from training.recognise import RecogniseTask
from training.seeds import TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator

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
    """Noisy crops and their truth, made on the fly. All samples of one batch share one query phase."""

    def __init__(self, faces: IctModel, seed: int, length: int, batch: int) -> None:
        self.faces, self.seed, self.length, self.batch = faces, seed, length, batch

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, np.ndarray]:
        use_one_thread()
        rng = generator(self.seed, n)
        phase = int(generator(self.seed, n // self.batch, 1).choice(len(PHASES), p=(0.6, 0.1, 0.1, 0.1, 0.1)))
        identity = self.faces.sample_identity(generator(int(rng.integers(TRAIN_IDENTITIES.stop))))
        pair = make_pair(self.faces, identity, rng, training_view(rng), PHASES[phase])
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


class DenoiseTask:
    """Train a DMDNet on simulated pairs."""

    def __init__(self, experiment: dict[str, Any], folder: Path) -> None:
        self.config = build(DmdnetConfig, experiment["model"])
        self.faces = IctModel.load(folder / ICT_FILE)
        self.paper = PaperLoss(perceptual(experiment.get("perceptual"))) if self.config.head == "direct" else None
        self.surface = SurfaceLoss()
        self._pairs: dict[str, list[Pair]] | None = None

    def model(self) -> nn.Module:
        """A DMDNet."""
        return Dmdnet(self.config)

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Pairs of training people."""
        return PairData(self.faces, seed, length, batch)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """The paper's loss for its direct head, the surface loss for the gated one."""
        given = [batch[key] for key in ("depth", "normals", "valid", "noise")]
        depth, logit = model(*given, PHASES[int(batch["phase"][0])])
        if self.paper is not None:
            return self.paper(depth, batch["target"])
        return self.surface(depth, logit.float(), batch["target"], batch["surface"], batch["face"])

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


def perceptual(checkpoint: str | None) -> nn.Module | None:
    """The Led3D of a recognition run, whose features the paper's loss compares; None leaves that part out."""
    if checkpoint is None:
        return None
    weights = Checkpoint.load(checkpoint).average
    network = Led3d()
    network.load_state_dict({k.removeprefix("network."): v for k, v in weights.items() if k.startswith("network.")})
    return network


def predict(model: nn.Module, pair: Pair) -> np.ndarray:
    """(S, S) float32 denoised depth in network range."""
    given = [torch.from_numpy(pair_arrays(pair)[key])[None] for key in ("depth", "normals", "valid", "noise")]
    with torch.no_grad():
        return model(*given)[0][0, 0].numpy()


TASKS: dict[str, Callable[[dict[str, Any], Path], Task]] = {"denoise": DenoiseTask, "recognise": RecogniseTask}
