"""Train the locator: `python -m training.locate aligner --bank FOLDER --out runs/aligner --minutes 20`.

Both networks are trained by the loop of `training.train` on banks made by `training.sightings`.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset, default_collate

from depthface_app.core.frame import Intrinsics
from depthface_app.core.locating import ALIGNER_SIZE_PX, ALIGNER_WINDOW_MM, LookAt, look_input, overview_input
from training.arrays import read_arrays
from training.checkpoint import Checkpoint, current_commit
from training.models.locator import STRIDE, Aligner, Scout
from training.props import Rng
from training.recall import recall
from training.seeds import generator
from training.sightings import FACE, IGNORED, OVERVIEW_UNIT_MM, WINDOW_UNIT_MM
from training.train import LoopConfig, Run, load_fitting
from training.trouble import said_plainly

log = logging.getLogger(__name__)

CANVAS_PX = 128
NOSE_SPREAD_MM = 16.0
LEAST_SPREAD_CELLS = 0.6
IGNORE_RADIUS_MM = 90.0
MIRROR = np.diag((-1.0, 1.0, 1.0)).astype(np.float32)
VALIDATION_SAMPLES = 1500
HARDEST_SHARE = 0.2
NORMALISING_SAMPLES = 96
NOISE_MM_AT_M = 3.0
WINDOW_CORRELATION_PX_PER_M, OVERVIEW_CORRELATION_PX = 1.2, 0.9
LOOPS = {
    "scout": LoopConfig(30_000, 24, 2e-3, 1e-4, save_every=250, average=0.997),
    "aligner": LoopConfig(60_000, 64, 2e-3, 1e-4, save_every=500, average=0.998),
}


def _shards(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"there is no bank in {folder}; make one with python -m training.sightings")
    return [path for path in paths if not path.name.endswith(".new.npz")]


def _noise(rng: Rng, depth_mm: NDArray[np.float32], correlation_px: float) -> NDArray[np.float32]:
    """Spatially correlated noise that grows with the square of the distance, as that of every triangulating sensor.

    Its level is drawn from none to that of short baselines and coarse pixels, well beyond the sensors of the bank.
    """
    white = cv2.GaussianBlur(rng.standard_normal(depth_mm.shape, np.float32), (0, 0), correlation_px)
    level = abs(rng.normal(0, NOISE_MM_AT_M)) / white.std()
    return white * np.float32(level * 1e-6) * depth_mm * depth_mm


def _worsened(rng: Rng, depth: NDArray[np.float32], correlation_px: tuple[float, float]) -> NDArray[np.float32]:
    """Round holes and more noise than the sensor had, so that no sensor's own texture or level is learned."""
    out = depth.copy()
    high, wide = depth.shape
    for _ in range(rng.integers(0, 4) if rng.random() < 0.4 else 0):
        centre = (int(rng.integers(wide)), int(rng.integers(high)))
        axes = (int(rng.integers(1, wide // 8)), int(rng.integers(1, high // 8)))
        hole = np.zeros(depth.shape, np.uint8)
        cv2.ellipse(hole, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        out[hole > 0] = np.nan
    if rng.random() < 0.6:
        out += _noise(rng, depth, rng.uniform(*correlation_px))
    return out


@dataclass(frozen=True, eq=False, slots=True)
class WindowBank:
    """Samples of the aligner, all in memory as they lie on disk."""

    window: NDArray[np.int16]
    distance: NDArray[np.float32]
    is_face: NDArray[np.bool_]
    offset: NDArray[np.float32]
    rotation: NDArray[np.float32]

    @classmethod
    def load(cls, folders: Sequence[Path]) -> "WindowBank":
        """All shards of these folders."""
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in cls.__dataclass_fields__}
        for path in (path for folder in folders for path in _shards(folder)):
            shard = read_arrays(path, tuple(parts))
            for name, arrays in parts.items():
                if len(shard["window"]):
                    arrays.append(shard[name])
        return cls(**{name: np.concatenate(arrays) for name, arrays in parts.items()})

    def sample(self, k: int, rng: Rng | None = None) -> dict[str, NDArray[np.float32]]:
        """One sample as the network reads it; with `rng`, mirrored and worsened at random."""
        raw = self.window[k]
        relative = raw.astype(np.float32) * np.float32(WINDOW_UNIT_MM)
        relative[raw == np.iinfo(np.int16).min] = np.nan
        offset, rotation = self.offset[k], self.rotation[k]
        if rng is not None:
            distance = self.distance[k]
            reach = WINDOW_CORRELATION_PX_PER_M * float(distance) / 1000
            relative = _worsened(rng, relative + distance, (0.3, 0.3 + reach)) - distance
            if rng.random() < 0.5:
                relative, offset, rotation = relative[:, ::-1], offset * MIRROR.diagonal(), MIRROR @ rotation @ MIRROR
        distance = float(self.distance[k])
        focal, middle = ALIGNER_SIZE_PX * distance / ALIGNER_WINDOW_MM, (ALIGNER_SIZE_PX - 1) / 2
        pinhole = Intrinsics(ALIGNER_SIZE_PX, ALIGNER_SIZE_PX, focal, focal, middle, middle)
        look = LookAt(np.ascontiguousarray(relative) + np.float32(distance), pinhole, np.eye(3), distance)
        face = np.float32(self.is_face[k])
        return {"window": look_input(look), "is_face": face, "offset": offset, "rotation": rotation}


class WindowData(Dataset):
    """Random windows: a quarter each of faces, of anything else, and of the hardest of both, where these are known."""

    def __init__(self, bank: WindowBank, seed: int, length: int, hardest: Sequence[NDArray[np.intp]]) -> None:
        self.bank, self.seed, self.length = bank, seed, length
        self.pools = np.flatnonzero(bank.is_face), np.flatnonzero(~bank.is_face), *hardest

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[np.float32]]:
        rng = generator(self.seed, n)
        pool = self.pools[n % len(self.pools)]
        return self.bank.sample(int(pool[rng.integers(len(pool))]), rng)


@dataclass(frozen=True, eq=False, slots=True)
class OverviewBank:
    """Samples of the scout: depth maps of many sizes, and the heads in each."""

    depth: list[NDArray[np.uint16]]
    pinholes: list[Intrinsics]
    heads: list[NDArray[np.float32]]

    @classmethod
    def load(cls, folders: Sequence[Path]) -> "OverviewBank":
        """All shards of these folders."""
        bank = cls([], [], [])
        for path in (path for folder in folders for path in _shards(folder)):
            shard = read_arrays(path, ("overview", "pinhole", "head"))
            bank._take(shard["overview"], shard["pinhole"], shard["head"])
        return bank

    def _take(self, flat: NDArray[np.uint16], pinholes: NDArray[np.float64], heads: NDArray[np.float32]) -> None:
        start = 0
        for k, (width, height, fx, fy, cx, cy) in enumerate(pinholes):
            pinhole = Intrinsics(int(width), int(height), fx, fy, cx, cy)
            end = start + pinhole.width * pinhole.height
            self.depth.append(flat[start:end].reshape(pinhole.height, pinhole.width))
            self.pinholes.append(pinhole)
            self.heads.append(heads[heads[:, 0] == k, 1:])
            start = end

    def sample(self, k: int, rng: Rng) -> dict[str, NDArray[np.float32]]:
        """A square cut from one overview, with the maps the scout should answer."""
        depth = self.depth[k].astype(np.float32) * np.float32(OVERVIEW_UNIT_MM)
        depth[depth == 0] = np.nan
        pinhole, heads = self.pinholes[k], self.heads[k].copy()
        left, top = _corner(rng, pinhole, heads)
        canvas = np.full((CANVAS_PX, CANVAS_PX), np.nan, np.float32)
        part = depth[max(top, 0) : top + CANVAS_PX, max(left, 0) : left + CANVAS_PX]
        canvas[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]] = part
        cut = pinhole.resampled(left, top, 1.0, CANVAS_PX, CANVAS_PX)
        canvas = _worsened(rng, canvas, (0.3, OVERVIEW_CORRELATION_PX))
        if rng.random() < 0.5:
            canvas, heads[:, 0] = np.ascontiguousarray(canvas[:, ::-1]), -heads[:, 0]
            cut = Intrinsics(CANVAS_PX, CANVAS_PX, cut.fx, cut.fy, CANVAS_PX - 1 - cut.cx, cut.cy)
        return {"overview": overview_input(canvas, cut), **scout_targets(cut, heads)}


def _corner(rng: Rng, pinhole: Intrinsics, heads: NDArray[np.float32]) -> tuple[int, int]:
    """Where to cut: around one of the heads, or anywhere."""
    x, y = rng.uniform((0, 0), (pinhole.width, pinhole.height))
    if len(heads) and rng.random() < 0.6:
        nose = heads[rng.integers(len(heads)), :3]
        if nose[2] > 100:
            x, y = pinhole.project(nose) + rng.uniform(-45, 45, 2)
    room = max(pinhole.width - CANVAS_PX, 0), max(pinhole.height - CANVAS_PX, 0)
    slack = max(CANVAS_PX - pinhole.width, 0), max(CANVAS_PX - pinhole.height, 0)
    left, top = (int(np.clip(v - CANVAS_PX / 2, -s, r)) for v, r, s in zip((x, y), room, slack, strict=True))
    return left, top


def scout_targets(pinhole: Intrinsics, heads: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What the scout should answer for these heads, rows of (nose x, y, z, kind, turn, share).

    Returns:
        heat:   (1, h, w) 1 at a nose, falling off around it
        place:  (3, h, w) offset in overview pixels and depth in m of the nose that is nearest
        weight: (1, h, w) 0 where no answer is asked for
    """
    size = pinhole.height // STRIDE, pinhole.width // STRIDE
    v, u = (np.mgrid[: size[0], : size[1]] * STRIDE + (STRIDE - 1) / 2).astype(np.float32)
    heat, place, weight = np.zeros(size, np.float32), np.zeros((3, *size), np.float32), np.ones(size, np.float32)
    for x, y, z, kind, _, _ in heads[heads[:, 2] > 100]:
        column, row = pinhole.fx * x / z + pinhole.cx, pinhole.fy * y / z + pinhole.cy
        distance_px = np.hypot(u - column, v - row)
        inside = 0 <= column < pinhole.width and 0 <= row < pinhole.height
        if kind == IGNORED or (kind == FACE and not inside):
            weight[distance_px < IGNORE_RADIUS_MM * pinhole.fx / z] = 0
        elif kind == FACE:
            spread = max(NOSE_SPREAD_MM * pinhole.fx / z, LEAST_SPREAD_CELLS * STRIDE)
            here = np.exp(-0.5 * (distance_px / spread) ** 2)
            here[min(int(row) // STRIDE, size[0] - 1), min(int(column) // STRIDE, size[1] - 1)] = 1
            nearer = here > heat
            heat[nearer] = here[nearer]
            for channel, value in enumerate((column - u, row - v, np.full(size, z / 1000, np.float32))):
                place[channel][nearer] = value[nearer]
    weight[heat > 0.9] = 1
    return {"heat": heat[None], "place": place, "weight": weight[None]}


class OverviewData(Dataset):
    """Random cuts from random scenes."""

    def __init__(self, bank: OverviewBank, seed: int, length: int) -> None:
        self.bank, self.seed, self.length = bank, seed, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[np.float32]]:
        rng = generator(self.seed, n)
        return self.bank.sample(int(rng.integers(len(self.bank.depth))), rng)


def focal_loss(logit: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    """Penalty-reduced focal loss per nose. Source: Law & Deng, CornerNet, ECCV 2018, eq. 1."""
    chance = torch.sigmoid(logit)
    at_nose = heat.ge(0.999).float()
    hit = -F.logsigmoid(logit) * (1 - chance) ** 2 * at_nose
    miss = F.softplus(logit) * chance**2 * (1 - heat) ** 4 * (1 - at_nose)
    return ((hit + miss) * weight).sum() / at_nose.sum().clamp(min=1)


class ScoutTask:
    """Train the overview network."""

    def __init__(self, banks: Sequence[Path], validation: Path) -> None:
        self.bank, self.held = OverviewBank.load(banks), OverviewBank.load([validation])

    def learn_from(self, start: nn.Module) -> None:
        """Nothing: every cell of every overview counts."""

    def model(self) -> nn.Module:
        """A scout."""
        return Scout()

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Cuts from the bank."""
        return OverviewData(self.bank, seed, length)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """Focal loss of the map, and L1 of place and depth near noses."""
        logit, place = model(batch["overview"])
        near = batch["heat"].gt(0.4).float() * batch["weight"]
        scale = torch.tensor((STRIDE, STRIDE, 0.1)).view(1, 3, 1, 1)
        wrong = ((place - batch["place"]).abs() / scale * near).sum() / near.sum().clamp(min=1)
        return focal_loss(logit.float(), batch["heat"], batch["weight"]) + 0.5 * wrong

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss on scenes of validation people."""
        rng, losses = generator(73), []
        for _ in range(10):
            samples = [self.held.sample(int(k), rng) for k in rng.integers(len(self.held.depth), size=32)]
            batch = {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}
            with torch.no_grad():
                losses.append(float(self.loss(model, batch)))
        return {"validation": float(np.mean(losses))}


class AlignerTask:
    """Train the close look."""

    def __init__(self, banks: Sequence[Path], validation: Path) -> None:
        self.bank, self.held = WindowBank.load(banks), WindowBank.load([validation])
        self.hardest: list[NDArray[np.intp]] = []

    def learn_from(self, start: nn.Module) -> None:
        """Find the faces that a trained aligner is least sure of, and the windows it refuses least surely."""
        logits = []
        for first in range(0, len(self.bank.window), 128):
            samples = range(first, min(first + 128, len(self.bank.window)))
            windows = [self.bank.sample(k)["window"] for k in samples]
            with torch.no_grad():
                logits.append(start(torch.from_numpy(np.stack(windows)))[0].numpy())
        logit, face = np.concatenate(logits), self.bank.is_face
        for pool, wrong in ((np.flatnonzero(face), -logit), (np.flatnonzero(~face), logit)):
            worst = np.argsort(-wrong[pool])[: int(HARDEST_SHARE * len(pool))]
            self.hardest.append(pool[worst])
            log.info(
                "%d hardest of %d windows, at logits that miss by %.1f or more",
                len(worst),
                len(pool),
                wrong[pool[worst[-1]]],
            )

    def model(self) -> nn.Module:
        """An aligner."""
        return Aligner()

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Windows from the bank."""
        return WindowData(self.bank, seed, length, self.hardest)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of face or not; on faces, Huber of the nose in cm and the length of the rotation's error."""
        logit, offset, rotation = model(batch["window"])
        face = batch["is_face"]
        right = F.binary_cross_entropy_with_logits(logit, face)
        nose = F.smooth_l1_loss(offset / 10, batch["offset"] / 10, beta=0.3, reduction="none").sum(1)
        turn = ((rotation - batch["rotation"]).square().sum((1, 2)) + 1e-4).sqrt()
        return 2 * right + ((nose + 4 * turn) * face).sum() / face.sum().clamp(min=1)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """On windows of validation people: medians on faces, and what a threshold of one half gets wrong."""
        rng = generator(74)
        chosen = rng.choice(len(self.held.window), min(VALIDATION_SAMPLES, len(self.held.window)), replace=False)
        samples = [self.held.sample(int(k)) for k in chosen]
        window = torch.from_numpy(np.stack([s["window"] for s in samples]))
        with torch.no_grad():
            logit, offset, rotation = (part.numpy() for part in model(window))
        face = np.array([s["is_face"] for s in samples]) > 0
        truth = np.stack([s["rotation"] for s in samples])
        turned = np.einsum("nij,nij->n", rotation, truth)
        angle = np.degrees(np.arccos(np.clip((turned - 1) / 2, -1, 1)))
        wrong_mm = np.linalg.norm(offset - np.stack([s["offset"] for s in samples]), axis=1)
        return {
            "nose_mm": float(np.median(wrong_mm[face])),
            "angle_deg": float(np.median(angle[face])),
            "missed": float((logit[face] < 0).mean()),
            "false": float((logit[~face] > 0).mean()),
        }


def recalled(task: ScoutTask | AlignerTask, model_file: Path, checkpoint: Path) -> Path:
    """Write a checkpoint of what a model file holds, with the normalisation of samples of this task."""
    model, data = task.model(), task.data(0, NORMALISING_SAMPLES, NORMALISING_SAMPLES)
    batch = default_collate([data[n] for n in range(NORMALISING_SAMPLES)])
    missing = recall(model, model_file, lambda network: task.loss(network, batch))
    log.info("not in %s: %s", model_file.name, ", ".join(sorted(missing)) or "nothing")
    weights = model.state_dict()
    Checkpoint({}, weights, weights, {}, 0, 0.0, current_commit(), {}).save(checkpoint)
    return checkpoint


def begin(run: Run, task: ScoutTask | AlignerTask, start: Path) -> None:
    """Begin with a checkpoint, and let the task learn from it.

    A run that goes on asks what it was begun with, not what it has become: it would find other windows the hardest.
    """
    run.start_from(start)
    network = task.model()
    load_fitting(network, start)
    task.learn_from(network.eval())


TASKS: dict[str, Callable[[Sequence[Path], Path], ScoutTask | AlignerTask]] = {
    "scout": ScoutTask,
    "aligner": AlignerTask,
}


@said_plainly()
def main() -> None:
    """Train one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=sorted(TASKS))
    parser.add_argument("--bank", type=Path, nargs="+", required=True, help="folders of training shards")
    parser.add_argument("--validation", type=Path, required=True, help="folder of validation shards")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, help="end after this much training time, learning rate and all")
    parser.add_argument("--start-from", type=Path, help="checkpoint of another run, or model file, to begin with")
    parser.add_argument("--learning-rate", type=float, help="other than the network's own, for a run that refines")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    task = TASKS[arguments.network](arguments.bank, arguments.validation)
    arguments.out.mkdir(parents=True, exist_ok=True)
    loop = LOOPS[arguments.network]
    if arguments.learning_rate:
        loop = replace(loop, learning_rate=arguments.learning_rate)
    run = Run(task, loop, {"network": arguments.network, "loop": asdict(loop)}, arguments.out)
    start = arguments.start_from
    if start and start.suffix == ".onnx":
        start = recalled(task, start, arguments.out / "start.pt")
    if start:
        begin(run, task, start)
    log.info("figures %s", run.train(arguments.minutes, 0))


if __name__ == "__main__":
    main()
