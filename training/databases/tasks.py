"""What can be trained on prepared pictures of the databases: the paper's denoisers and recognisers."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, cat, nn
from torch.utils.data import Dataset

from training.checkpoint import build
from training.databases.degrade import degraded
from training.databases.picture import Picture, network_input
from training.databases.prepare import Entry, Pictures
from training.losses import LossConfig
from training.models.margins import MARGINS
from training.models.recogniser import RecogniserConfig, recogniser
from training.models.registry import denoiser
from training.pairs import use_one_thread
from training.seeds import generator
from training.tasks import paper_loss

INPUTS = ("depth", "normals", "valid", "noise")


class Faces(Protocol):
    """Prepared pictures, of one database or of several.

    mark: says which, see `training.databases.prepare.fingerprint`
    """

    @property
    def mark(self) -> str:
        """Says which pictures they are."""
        ...

    @property
    def entries(self) -> Sequence[Entry]:
        """Where each comes from."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, n: int) -> Picture: ...


class Joined:
    """Pictures of several databases, one after the other."""

    def __init__(self, *parts: Pictures) -> None:
        self._parts = parts
        self.entries = [entry for part in parts for entry in part.entries]
        self.mark = " ".join(part.mark for part in parts)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> Picture:
        for part in self._parts:
            if n < len(part):
                return part[n]
            n -= len(part)
        raise IndexError(n)


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.intp]:
    return generator(seed, epoch, 4).permutation(count)


def place(seed: int, n: int, count: int) -> int:
    """Which of `count` pictures sample n is: each once in an epoch, every epoch in another order."""
    epoch, within = divmod(n, count)
    return int(_order(seed, epoch, count)[within])


class PairData(Dataset):
    """Clean faces and what a poor sensor made of them, with fresh noise every time."""

    def __init__(self, faces: Faces, seed: int, length: int) -> None:
        self.faces, self.seed, self.length = faces, seed, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[np.float32]]:
        use_one_thread()
        clean = self.faces[place(self.seed, n, len(self.faces))]
        poor = degraded(clean, generator(self.seed, n, 5))
        return {**network_input(poor), "target": clean.value()[None]}


class PairTask:
    """Train a denoiser on pairs with the paper's loss."""

    def __init__(self, experiment: dict[str, Any], faces: Faces) -> None:
        self.values, self.faces = experiment["model"], faces
        self.loss_of = paper_loss(build(LossConfig, experiment.get("loss", {})))

    def model(self) -> nn.Module:
        """A fresh denoiser."""
        return denoiser(self.values)

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Pairs of all faces."""
        return PairData(self.faces, seed, length)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """The paper's loss."""
        value, _ = model(*(batch[key] for key in INPUTS))
        return self.loss_of.to(value.device)(value, batch["target"])

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Nothing: the paper keeps no people apart for it, and the test set is looked at once."""
        return {}


class FaceData(Dataset):
    """Faces and the number of the person."""

    def __init__(self, faces: Faces, seed: int, length: int) -> None:
        self.faces, self.seed, self.length = faces, seed, length
        self.numbers = {name: k for k, name in enumerate(people(faces))}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, n: int) -> dict[str, NDArray[Any]]:
        use_one_thread()
        k = place(self.seed, n, len(self.faces))
        return {**network_input(self.faces[k]), "person": np.array(self.numbers[self.faces.entries[k].person])}


def people(faces: Faces) -> list[str]:
    """Everybody in them, in order."""
    return sorted({entry.person for entry in faces.entries})


class Classifier(nn.Module):
    """A recogniser with a loss over the list of people on its whole feature and on its auxiliary paths."""

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.network = recogniser(config)
        own = self.network.widths[: self.network.auxiliary]
        widths = (sum(self.network.widths), *own)
        self.people = nn.ModuleList(MARGINS[config.objective](width, config.people) for width in widths)


class FaceTask:
    """Train a recogniser to tell the people of a database apart: the sum of the paths' losses, equation 7."""

    def __init__(self, experiment: dict[str, Any], faces: Faces) -> None:
        self.config, self.faces = build(RecogniserConfig, experiment["model"]), faces

    def model(self) -> nn.Module:
        """A fresh recogniser and its heads."""
        return Classifier(self.config)

    def data(self, seed: int, length: int, batch: int) -> Dataset:
        """Faces of all people."""
        return FaceData(self.faces, seed, length)

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """L_F, and L_D and L_N where the network has them."""
        paths = model.network.paths(*(batch[key] for key in INPUTS[:3]))
        features = (cat(paths, 1), *paths[: model.network.auxiliary])
        losses = [head(part, batch["person"]) for head, part in zip(model.people, features, strict=True)]
        return sum(losses[1:], losses[0])

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Nothing, as with the pairs."""
        return {}
