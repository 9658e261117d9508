"""Which part of the work is this process's: one of one, or one of those that `torchrun` started."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import Sampler

PROCESSOR = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Share:
    """One process of a training.

    rank:      number of this process; the first one saves, validates and talks
    processes: how many there are, on all machines together
    """

    rank: int = 0
    processes: int = 1
    device: torch.device = PROCESSOR

    @property
    def is_first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def spread(self, module: nn.Module) -> nn.Module:
        """The module, its gradients averaged over all processes after each backward pass."""
        if self.processes == 1:
            return module
        return DistributedDataParallel(module)

    def agreed(self, value: float) -> float:
        """The first process's value, since clocks differ."""
        if self.processes == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(shared, 0)
        return float(shared)

    def moved(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """A batch on this process's device."""
        return {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}


def join() -> Share:
    """This process's share: what `torchrun` says in the environment, on a GPU of its own where there is one.

    Raises:
        ValueError: if a machine has fewer GPUs than processes; two on one would wait for each other.
    """
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local, gpus = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if gpus and local >= gpus:
        raise ValueError(f"process {local + 1} of this machine finds no GPU for itself; there are {gpus}")
    device = torch.device("cuda", local) if gpus else PROCESSOR
    if gpus:
        torch.cuda.set_device(device)
    if processes > 1:
        dist.init_process_group("nccl" if gpus else "gloo")
    return Share(rank, processes, device)


def leave() -> None:
    """Part from the others in good order."""
    if dist.is_initialized():
        dist.destroy_process_group()


class Numbers(Sampler[list[int]]):
    """Numbers of the samples of every step: this process's part of each batch that all make together."""

    def __init__(self, steps: range, batch: int, share: Share) -> None:
        """A batch must part evenly, or samples would count differently.

        Raises:
            ValueError: if it does not.
        """
        if batch % share.processes:
            raise ValueError(f"a batch of {batch} cannot be shared evenly by {share.processes} processes")
        self.steps, self.batch, self.own = steps, batch, batch // share.processes
        self.offset = share.rank * self.own

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            first = step * self.batch + self.offset
            yield list(range(first, first + self.own))
