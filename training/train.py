"""Train one experiment: `python -m training.train training/configs/denoiser.toml --out runs/denoiser --minutes 60`.

One loop for every network. What differs (data, model, loss, validation) is a task, see `training/tasks.py`. A run that
was killed goes on from its last checkpoint with the samples it would have seen.
"""

import argparse
import copy
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset
from tqdm import tqdm

from training.checkpoint import Checkpoint, build, current_commit
from training.experiment import read_experiment
from training.tasks import TASKS, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How to train.

    steps:        length of the run; the learning rate falls along a cosine to zero at its end
    warm_up:      steps over which the learning rate rises
    average:      decay of the exponential moving average of the weights, per step
    precision:    "float32", "bfloat16", or "auto": bfloat16 where the processor has instructions for it. It is 2.2
                  times faster there, and 15 to 25 times slower elsewhere.
    exact_share:  last part of the run that is float32 whatever the precision
    """

    steps: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.0
    warm_up: int = 200
    average: float = 0.998
    gradient_norm: float = 5.0
    precision: str = "auto"
    exact_share: float = 0.15
    seed: int = 1
    save_every: int = 200


def fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def learning_rate(config: LoopConfig, step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine over the run."""
    return config.learning_rate * min(1.0, (step + 1) / config.warm_up) * 0.5 * (1 + math.cos(math.pi * progress))


def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the averaged weights towards the model's; buffers are copied."""
    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for mean, value in zip(average.buffers(), model.buffers(), strict=True):
            mean.copy_(value)


def batches(task: Task, config: LoopConfig, first_step: int, workers: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches from `first_step` on; sample n is the same in every run."""
    data: Dataset = task.data(config.seed, config.steps * config.batch, config.batch)
    rest = Subset(data, range(first_step * config.batch, config.steps * config.batch))
    return iter(DataLoader(rest, config.batch, num_workers=workers, prefetch_factor=6 if workers else None))


class Run:
    """One training run: its model, its averages, and where it stands."""

    def __init__(self, task: Task, config: LoopConfig, experiment: dict[str, Any], folder: Path) -> None:
        self.task, self.config, self.experiment, self.folder = task, config, experiment, folder
        torch.manual_seed(config.seed)
        self.model = task.model().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.elapsed_s = 0, 0.0
        self.half = config.precision == "bfloat16" or (config.precision == "auto" and fast_bfloat16())
        if (folder / "last.pt").exists():
            self._resume(Checkpoint.load(folder / "last.pt"))

    def _resume(self, checkpoint: Checkpoint) -> None:
        self.model.load_state_dict(checkpoint.weights)
        self.average.load_state_dict(checkpoint.average)
        self.optimiser.load_state_dict(checkpoint.optimiser)
        self.step, self.elapsed_s = checkpoint.step, checkpoint.elapsed_s
        log.info("going on from step %d", self.step)

    def start_from(self, path: Path) -> None:
        """Begin with the averaged weights of another run; layers that do not fit start afresh."""
        if self.step:
            return
        fits = self.model.state_dict()
        other = {k: v for k, v in Checkpoint.load(path).average.items() if k in fits and fits[k].shape == v.shape}
        for model in (self.model, self.average):
            model.load_state_dict(other, strict=False)

    def save(self, figures: dict[str, float]) -> None:
        """Write last.pt and a line of figures."""
        Checkpoint(
            self.experiment, self.model.state_dict(), self.average.state_dict(), self.optimiser.state_dict(),
            self.step, self.elapsed_s, current_commit(), figures,
        ).save(self.folder / "last.pt")  # fmt: skip
        with (self.folder / "figures.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, "elapsed_s": round(self.elapsed_s), **figures}) + "\n")

    def one_step(self, batch: dict[str, torch.Tensor], progress: float) -> float:
        """One update; returns the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.config, self.step, progress)
        half = self.half and progress < 1 - self.config.exact_share
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = self.task.loss(self.model, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_norm)
        self.optimiser.step()
        self.step += 1
        follow(self.average, self.model, min(self.config.average, self.step / (self.step + 10)))
        return float(loss.detach())

    def train(self, minutes: float | None, workers: int) -> dict[str, float]:
        """Train to the last step or until the minutes are over; returns the last validation figures."""
        config, losses = self.config, 0.0
        figures: dict[str, float] = {}
        self.model.train()
        bar = tqdm(total=config.steps, initial=self.step, unit="step", mininterval=30)
        started_s = time.monotonic() - self.elapsed_s
        for batch in batches(self.task, config, self.step, workers):
            progress = self.step / config.steps
            if minutes is not None:
                progress = max(progress, self.elapsed_s / (60 * minutes))
            if progress >= 1:
                break
            losses += (self.one_step(batch, progress) - losses) / min(self.step, 100)
            self.elapsed_s = time.monotonic() - started_s
            bar.update()
            if self.step % config.save_every == 0:
                figures = {"loss": losses, **self.task.validate(self.average)}
                bar.set_postfix({k: f"{v:.3g}" for k, v in list(figures.items())[:6]})
                self.save(figures)
        figures = {"loss": losses, **self.task.validate(self.average)}
        self.save(figures)
        return figures


def main() -> None:
    """Read the experiment and train it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=Path, nargs="+", help="files of training/configs; what is said later wins")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--minutes", type=float, help="end after this much training time, learning rate and all")
    parser.add_argument("--start-from", type=Path, help="checkpoint of another run to begin with")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    experiment = read_experiment(*arguments.experiment)
    arguments.out.mkdir(parents=True, exist_ok=True)
    task = TASKS[experiment["task"]](experiment, arguments.faces)
    run = Run(task, build(LoopConfig, experiment["loop"]), experiment, arguments.out)
    if arguments.start_from:
        run.start_from(arguments.start_from)
    log.info("figures %s", run.train(arguments.minutes, arguments.workers))


if __name__ == "__main__":
    main()
