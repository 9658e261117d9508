"""What the networks are trained to make small."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM

STEP_MM = WINDOW_MM / SIZE_PX
SSIM_SD_PX, SSIM_SIDE_PX = 1.5, 11


@dataclass(frozen=True, slots=True)
class LossConfig:
    """What a denoiser is trained on.

    kind:       "paper" or "surface"; "" = the paper's for its direct head, ours for the other heads
    l1, structure, perceptual: weights of the paper's three parts (table 4)
    recogniser: checkpoint of a Led3D on plain depth, for the perceptual part; "" leaves that part out
    outlier, angle, where: weights of our parts
    teacher:    checkpoint of a denoiser to imitate; "" = none
    imitation:  weight of the surface loss against what the teacher says
    """

    kind: str = ""
    l1: float = 1.0
    structure: float = 0.5
    perceptual: float = 0.001
    recogniser: str = ""
    outlier: float = 0.2
    angle: float = 5.0
    where: float = 0.5
    teacher: str = ""
    imitation: float = 1.0

    def __post_init__(self) -> None:
        """Refuse an unknown kind.

        Raises:
            ValueError: if there is no such loss.
        """
        if self.kind not in ("", "paper", "surface"):
            raise ValueError(f'there is no loss "{self.kind}"; known: paper, surface')

    def kind_for(self, head: str) -> str:
        """The loss of a denoiser with this head."""
        return self.kind or ("paper" if head == "direct" else "surface")


def _window(channels: int) -> Tensor:
    x = torch.arange(SSIM_SIDE_PX) - SSIM_SIDE_PX // 2
    g = torch.exp(-(x**2) / (2 * SSIM_SD_PX**2))
    g = g / g.sum()
    return (g[:, None] * g[None, :]).expand(channels, 1, SSIM_SIDE_PX, SSIM_SIDE_PX)


def ssim(a: Tensor, b: Tensor, value_range: float = 2.0) -> Tensor:
    """Mean structural similarity of (B, C, H, W) pictures.

    Always float32: in half precision a variance is the difference of two equal numbers, and the score infinite.

    Source: Wang et al., IEEE TIP 13(4), 2004: Gaussian window of 11 pixels, sd 1.5, K1 = 0.01, K2 = 0.03.
    """
    with torch.autocast(a.device.type, enabled=False):
        return _ssim(a.float(), b.float(), value_range)


def _ssim(a: Tensor, b: Tensor, value_range: float) -> Tensor:
    window = _window(a.shape[1]).to(a)
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2

    def blur(x: Tensor) -> Tensor:
        return F.conv2d(x, window, groups=x.shape[1])

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    score = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return score.mean()


class PaperLoss(nn.Module):
    """1·L1 + 0.5·(1 - SSIM) + 0.001·perceptual, the last the L1 distance of a recogniser's features.

    Source: arXiv 2401.00719, section 3.4 and 5.2.
    """

    def __init__(self, recogniser: nn.Module | None = None, weights: tuple[float, float, float] = (1, 0.5, 0.001)):
        super().__init__()
        self.recogniser = recogniser.eval().requires_grad_(False) if recogniser is not None else None
        self.weights = weights

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Loss of (B, 1, H, W) depth in network range."""
        l1, structure, perceptual = self.weights
        loss = l1 * F.l1_loss(predicted, target) + structure * (1 - ssim(predicted, target))
        if self.recogniser is not None and perceptual:
            loss = loss + perceptual * F.l1_loss(self.recogniser(predicted), self.recogniser(target))
        return loss


def unit_normals(depth: Tensor) -> Tensor:
    """(B, 3, H-1, W-1) unit normals of (B, 1, H, W) depth in network range, seen along parallel rays."""
    right = (depth[:, :, :-1, 1:] - depth[:, :, :-1, :-1]) * (DEPTH_RANGE_MM / STEP_MM)
    down = (depth[:, :, 1:, :-1] - depth[:, :, :-1, :-1]) * (DEPTH_RANGE_MM / STEP_MM)
    return F.normalize(torch.cat((right, down, -torch.ones_like(right)), 1), dim=1)


def _mean_over(value: Tensor, mask: Tensor) -> Tensor:
    return (value * mask).sum() / mask.sum().clamp_min(1)


class SurfaceLoss(nn.Module):
    """What the live denoiser is trained on: millimetres, angles, and where there is a surface at all.

    mean |error| in mm + outlier·mean error² / 10 mm + angle·mean normal angle in rad + surface·cross-entropy.
    Depth counts only where the scene has a surface in range, and the face counts twice.
    """

    def __init__(self, outlier: float = 0.2, angle: float = 5.0, surface: float = 0.5) -> None:
        super().__init__()
        self.outlier, self.angle, self.surface = outlier, angle, surface

    def forward(self, predicted: Tensor, logit: Tensor, target: Tensor, surface: Tensor, face: Tensor) -> Tensor:
        """Loss of (B, 1, H, W) depth in network range and of the logits of there being a surface."""
        weight = surface * (1 + face)
        error = (predicted - target).abs() * DEPTH_RANGE_MM
        depth = _mean_over(error + self.outlier * error.clamp_max(30) ** 2 / 10, weight)
        inside = surface[:, :, :-1, :-1] * surface[:, :, 1:, :-1] * surface[:, :, :-1, 1:]
        cosine = (unit_normals(predicted) * unit_normals(target)).sum(1, keepdim=True)
        angle = torch.sqrt((2 - 2 * cosine).clamp_min(0) + 1e-4)
        turn = _mean_over(angle, inside * (1 + face[:, :, :-1, :-1]))
        where = F.binary_cross_entropy_with_logits(logit, surface)
        return depth + self.angle * turn + self.surface * where


def contrast(features: Tensor, temperature: float) -> Tensor:
    """Each view must be nearer to the other view of its person than to anybody else in the batch.

    Args:
        features: (2P, D) views, the two of one person next to each other.

    Source: NT-Xent, Chen et al., SimCLR, ICML 2020, with people for pictures.
    """
    unit = F.normalize(features.float(), dim=1)
    similarity = unit @ unit.T / temperature
    similarity.fill_diagonal_(float("-inf"))
    partner = torch.arange(len(unit), device=unit.device) ^ 1
    return F.cross_entropy(similarity, partner)
