"""What a network costs: its parameters and its multiply-adds."""

import copy
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
    """Count one call in evaluation, on shapes alone: nothing is computed, and the model stays as it is."""
    shapes = copy.deepcopy(model).eval().to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        shapes(*(value.to("meta") for value in inputs))
    return Cost(sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2)
