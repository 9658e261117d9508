"""The figures of the paper's tables, each with an interval: denoising on scans, rank-1 on depth sensors."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from depthface_app.core.metrics.intervals import Estimate, mean
from depthface_app.core.metrics.recognition import ranks
from depthface_app.core.metrics.surface import psnr_db, rmse, ssim
from training.databases.degrade import degraded
from training.databases.picture import Picture, network_input
from training.databases.prepare import INDEX, Entry, Pictures, stored
from training.databases.tasks import INPUTS, Faces, people
from training.models.registry import load_model
from training.seeds import generator

BATCH = 64
RANGE = 2.0  # width of the paper's value range; 20·log10(2 / RMSE) gives its own PSNR from its RMSE
TEST_SEED = 2_000_000
SUBSETS = ("NU", "FE", "PS", "OC", "TM")


def best_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def batches(pictures: list[Picture], inputs: int) -> list[Tensor]:
    """The first `inputs` of the networks' inputs, stacked."""
    given = [network_input(picture) for picture in pictures]
    return [torch.from_numpy(np.stack([one[key] for one in given])).to(best_device()) for key in INPUTS[:inputs]]


def _blocks(faces: Faces) -> Iterator[range]:
    for start in range(0, len(faces), BATCH):
        yield range(start, min(start + BATCH, len(faces)))


@torch.inference_mode()
def _values(network: nn.Module, pictures: list[Picture]) -> NDArray[np.float32]:
    """(N, S, S) what a denoiser makes of pictures, in [-1, 1].

    Raises:
        ValueError: if it makes no number of them.
    """
    value, _ = network(*batches(pictures, len(INPUTS)))
    if not torch.isfinite(value).all():
        raise ValueError("the denoiser's training went astray: it gives no finite depth; train it again")
    return value[:, 0].float().cpu().numpy()


def denoising(checkpoint: Path | None, faces: Faces) -> dict[str, Estimate]:
    """PSNR in dB, SSIM in percent and RMSE on pairs made from scans; without a denoiser, those of the poor pictures.

    Over the whole picture, background included, in the range of [-1, 1]: the paper does not say either, but its own
    PSNR follows from its RMSE with a peak of 2.
    """
    network = load_model(checkpoint).to(best_device()) if checkpoint else None
    figures: dict[str, list[float]] = {"PSNR": [], "SSIM": [], "RMSE": []}
    for block in _blocks(faces):
        clean = [faces[n] for n in block]
        poor = [degraded(one, generator(TEST_SEED, n)) for one, n in zip(clean, block, strict=True)]
        made = _values(network, poor) if network else np.stack([one.value() for one in poor])
        for one, value in zip(clean, made, strict=True):
            true, all_of_it = one.value(), np.ones(value.shape, bool)
            figures["PSNR"].append(psnr_db(value, true, all_of_it, RANGE))
            figures["SSIM"].append(100 * ssim(value, true, all_of_it, RANGE))
            figures["RMSE"].append(rmse(value, true, all_of_it))
    person = _numbers(faces)
    return {name: mean(np.array(values), person) for name, values in figures.items()}


def _numbers(faces: Faces) -> NDArray[np.intp]:
    names = {name: k for k, name in enumerate(people(faces))}
    return np.array([names[entry.person] for entry in faces.entries], np.intp)


def denoised(pictures: Pictures, checkpoint: Path, folder: Path) -> Pictures:
    """The pictures as a denoiser leaves them: made now, or those that an earlier call has left.

    Raises:
        OSError: if the disk is full.
    """
    source = (pictures.folder / INDEX).read_bytes() + hashlib.sha256(checkpoint.read_bytes()).digest()
    mark = hashlib.sha256(source).hexdigest()
    if (folder / INDEX).exists() and Pictures(folder).mark == mark:
        return Pictures(folder)
    network = load_model(checkpoint).to(best_device())

    def made() -> Iterator[list[tuple[Entry, NDArray[np.uint16]]]]:
        for block in _blocks(pictures):
            noisy = [pictures[n] for n in block]
            for n, one, value in zip(block, noisy, _values(network, noisy), strict=True):
                yield [(pictures.entries[n], one.with_value(value).counts)]

    return stored(made(), folder, mark)


@torch.inference_mode()
def embeddings(network: nn.Module, faces: Faces) -> NDArray[np.float32]:
    """(N, D) unit vectors."""
    out = []
    for block in _blocks(faces):
        features = network(*batches([faces[n] for n in block], 3))
        out.append(F.normalize(features.float(), dim=1).cpu().numpy())
    return np.concatenate(out)


def rank_1(checkpoint: Path, gallery: Faces, probes: Faces) -> dict[str, Estimate]:
    """Percent of probes whose nearest enrolled person is the right one, per subset that there is and in total.

    Cosine with the nearest picture of each person, ties counted against us. Probes of people whose picture of enrolment
    showed no face are left out.
    """
    network = load_model(checkpoint).to(best_device())
    names = people(gallery)
    column = {name: k for k, name in enumerate(names)}
    known = np.array([n for n, entry in enumerate(probes.entries) if entry.person in column], np.intp)
    similarity = embeddings(network, probes)[known] @ embeddings(network, gallery).T
    whose = _numbers(gallery)
    nearest = np.stack([similarity[:, whose == k].max(1) for k in range(len(names))], 1)
    own = np.array([column[probes.entries[n].person] for n in known], np.intp)
    hit = 100.0 * (ranks(nearest, own) == 1)
    subset = np.array([probes.entries[n].subset for n in known])
    figures = {name: mean(hit[subset == name], own[subset == name]) for name in SUBSETS if (subset == name).any()}
    return {**figures, "Total": mean(hit, own)}
