"""What a network costs: its parameters and its multiply-adds."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and multiply-adds of one call: convolutions and matrix products, as the papers count them."""

    parameters: int
    multiply_adds: int


def cost(model: nn.Module, *inputs: Tensor) -> Cost:
    """Count one call in evaluation; what was trained but never enters the call still counts among the parameters."""
    model.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    return Cost(sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2)
