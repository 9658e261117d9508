"""Losses over a list of people: plain softmax as in the paper, and today's margins on the angle.

A head holds a weight vector per person, exists in training only, and gives the loss of a batch of features.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.ldnfnet import DROPOUT

SCALE = 64.0  # of cosines before the softmax, as in all three papers


class Softmax(nn.Module):
    """A fully connected layer behind dropout, and cross-entropy. Source: arXiv 2401.00719, section 4."""

    def __init__(self, dimensions: int, people: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT)
        self.people = nn.Linear(dimensions, people)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of (B, D) features of the people (B,)."""
        return F.cross_entropy(self.people(self.dropout(features)).float(), labels)


class Margin(nn.Module):
    """Cross-entropy of scaled cosines in which the right person's is made worse by a margin."""

    def __init__(self, dimensions: int, people: int) -> None:
        super().__init__()
        self.people = nn.Parameter(torch.randn(people, dimensions) / math.sqrt(dimensions))

    def worse(self, cosine: Tensor, norm: Tensor) -> Tensor:
        """Cosine (B,) of the right person with its margin, from its cosine and the length (B,) of the feature."""
        raise NotImplementedError

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Loss of (B, D) features of the people (B,)."""
        with torch.autocast(features.device.type, enabled=False):  # an angle of half precision is off by degrees
            features = features.float()
            cosines = F.normalize(features, dim=1) @ F.normalize(self.people, dim=1).T
            right = labels[:, None]
            own = self.worse(cosines.gather(1, right)[:, 0], features.detach().norm(dim=1))
            return F.cross_entropy(SCALE * cosines.scatter(1, right, own[:, None]), labels)


class ArcFace(Margin):
    """An angle added. Source: Deng et al., CVPR 2019: 0.5 rad; past a half turn, a cosine that goes on falling."""

    margin = 0.5

    def worse(self, cosine: Tensor, norm: Tensor) -> Tensor:
        """cos(angle + margin)."""
        return turned(cosine, torch.full_like(cosine, self.margin))


class CosFace(Margin):
    """A cosine taken off. Source: Wang et al., CVPR 2018: 0.35."""

    margin = 0.35

    def worse(self, cosine: Tensor, norm: Tensor) -> Tensor:
        """Cosine minus margin."""
        return cosine - self.margin


class AdaFace(Margin):
    """An angle and a cosine that depend on the feature's length, which tells how good the picture is.

    Source: Kim et al., CVPR 2022: margin 0.4, concentration 0.333, running statistics of the length at 0.99.
    """

    margin, concentration, keep = 0.4, 0.333, 0.99

    def __init__(self, dimensions: int, people: int) -> None:
        super().__init__(dimensions, people)
        self.register_buffer("mean", torch.tensor(20.0))
        self.register_buffer("deviation", torch.tensor(100.0))

    def worse(self, cosine: Tensor, norm: Tensor) -> Tensor:
        """cos(angle - margin·quality) - (margin·quality + margin), quality -1 to 1 within the batch's lengths."""
        norm = norm.clamp(0.001, 100)
        if self.training and len(norm) > 1:
            self.mean.lerp_(norm.mean(), 1 - self.keep)
            self.deviation.lerp_(norm.std(), 1 - self.keep)
        quality = ((norm - self.mean) / (self.deviation + 1e-3) * self.concentration).clamp(-1, 1)
        return turned(cosine, -self.margin * quality) - self.margin * (1 + quality)


def turned(cosine: Tensor, angle: Tensor) -> Tensor:
    """Cosine of an angle made larger, held between no turn and half a turn."""
    theta = torch.acos(cosine.clamp(-1 + 1e-6, 1 - 1e-6))
    return torch.cos((theta + angle).clamp(1e-3, math.pi - 1e-3))


MARGINS: dict[str, type[nn.Module]] = {
    "softmax": Softmax, "arcface": ArcFace, "cosface": CosFace, "adaface": AdaFace,
}  # fmt: skip
