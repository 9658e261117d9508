"""Train one experiment: `python -m training.train training/configs/denoiser.toml --out runs/denoiser --minutes 60`.

One loop for every network. What differs (data, model, loss, validation) is a task, see `training/tasks.py`. Sample n
and dropout in step n depend on the seed and n alone, so a run that was killed goes on from its last checkpoint as if
nothing had been. Curves and example pictures lie beside it: `tensorboard --logdir runs`.

Several processes share each batch: put `torchrun --nproc-per-node 4 -m training.train` in the place of `python -m
training.train`, and they learn what one process would from the whole batch, as far as a loss is a mean over samples.
What a loss or a layer asks of a whole batch it asks of the process's part: the statistics of batch normalisation, the
strangers in a contrast between pairs, the number of pixels that are face.
"""

import argparse
import copy
import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tensorboardX import SummaryWriter
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from training.checkpoint import Checkpoint, build, current_commit
from training.examples import Illustrated
from training.experiment import whole_experiment
from training.kept import Kept, Repeatable
from training.seeds import generator
from training.share import Numbers, Share, join, leave
from training.tasks import Task, task_of
from training.trouble import said_plainly

log = logging.getLogger(__name__)


OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": partial(torch.optim.SGD, momentum=0.9),  # of which the paper says nothing; it is the usual one
}
PRECISIONS = ("float32", "bfloat16", "auto")


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How to train.

    steps:        length of the run; the learning rate falls along a cosine to zero at its end
    batch:        samples per step, of all processes together
    warm_up:      steps over which the learning rate rises
    average:      decay of the exponential moving average of the weights, per step
    precision:    "float32", "bfloat16", or "auto": bfloat16 where the processor has instructions for it. It is 2.2
                  times faster there, and 15 to 25 times slower on other processors; GPUs of these ten years have them.
    exact_share:  last part of the run that is float32 whatever the precision
    optimiser:    "adamw", or as in the paper "adam" for denoisers and "sgd" for recognisers
    periods:      the learning rate is halved after each of so many equal parts of the run; 0 = the cosine
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
    optimiser: str = "adamw"
    periods: int = 0

    def __post_init__(self) -> None:
        """Refuse an unknown optimiser or precision.

        Raises:
            ValueError: if there is no such one.
        """
        for what, word, known in (
            ("optimiser", self.optimiser, OPTIMISERS),
            ("precision", self.precision, PRECISIONS),
        ):
            if word not in known:
                raise ValueError(f'there is no {what} "{word}"; known: {", ".join(known)}')


def fast_bfloat16(device: torch.device) -> bool:
    """Whether this device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def learning_rate(config: LoopConfig, step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine over the run, or steps that halve it."""
    fall = 0.5 * (1 + math.cos(math.pi * progress))
    if config.periods:
        fall = 0.5 ** min(int(progress * config.periods), config.periods - 1)
    return config.learning_rate * min(1.0, (step + 1) / config.warm_up) * fall


def follow(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the averaged weights towards the model's; buffers are copied."""
    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for mean, value in zip(average.buffers(), model.buffers(), strict=True):
            mean.copy_(value)


def load_fitting(model: nn.Module, path: Path) -> None:
    """Give a model those averaged weights of a checkpoint that fit it by name and shape.

    Raises:
        FileNotFoundError: if there is no such checkpoint.
        ValueError: if none of them fit.
    """
    own = model.state_dict()
    other = {k: v for k, v in Checkpoint.load(path).average.items() if k in own and own[k].shape == v.shape}
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}  # a fitting buffer alone is no start
    taken, whole = sum(sizes[name] for name in sizes.keys() & other.keys()), sum(sizes.values())
    if not taken:
        raise ValueError(f"{path}: nothing of it fits the experiment's model; take another, or begin without it")
    if taken < whole:
        log.info("%s: %s of %s weights fit, the others start afresh", path, f"{taken:,}", f"{whole:,}")
    model.load_state_dict(other, strict=False)


def batches(
    task: Task,
    config: LoopConfig,
    first_step: int,
    workers: int,
    share: Share | None = None,
    keep: Path | None = None,
) -> Iterator[dict[str, Tensor]]:
    """This process's part of every batch from `first_step` on; sample n is the same in every run.

    Args:
        keep: folder for the samples, from which another run reads them

    Raises:
        ValueError: if samples are to be kept of a task that cannot say what they are made of.
    """
    share = share or Share()
    data = task.data(config.seed, config.steps * config.batch, config.batch)
    if keep is not None:
        if not isinstance(task, Repeatable):
            raise ValueError("only simulated samples can be kept: leave --keep-samples out")
        data = Kept(data, keep, {**task.ingredients(), "seed": config.seed, "batch": config.batch})
    numbers = Numbers(range(first_step, config.steps), config.batch, share)
    return iter(
        DataLoader(
            data,
            batch_sampler=numbers,
            num_workers=workers,
            prefetch_factor=6 if workers else None,
            pin_memory=share.device.type == "cuda",
        )
    )


class Cost(nn.Module):
    """What a batch costs, as a module: gradients are averaged over processes for what passes through a `forward`."""

    def __init__(self, task: Task, model: nn.Module) -> None:
        super().__init__()
        self.task, self.model = task, model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """The task's loss."""
        return self.task.loss(self.model, batch)


class Run:
    """One training run: its model, its averages, and where it stands.

    Raises:
        ValueError: if there are steps to take and nothing to train, or the folder holds the run of another model.
    """

    def __init__(
        self, task: Task, config: LoopConfig, experiment: dict[str, Any], folder: Path, share: Share | None = None
    ) -> None:
        self.task, self.config, self.experiment, self.folder = task, config, experiment, folder
        self.share = share or Share()
        torch.manual_seed(config.seed)
        self.model = task.model().to(self.share.device, memory_format=torch.channels_last)
        if config.steps and not any(weight.requires_grad for weight in self.model.parameters()):
            raise ValueError("this network has nothing to train: give steps = 0 in [loop]")
        self.average = copy.deepcopy(self.model).eval()
        self.optimiser = OPTIMISERS[config.optimiser](
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.elapsed_s, self.loss = 0, 0.0, 0.0
        self.half = config.precision == "bfloat16" or (config.precision == "auto" and fast_bfloat16(self.share.device))
        if (folder / "last.pt").exists():
            self._resume(folder / "last.pt")
        self.cost = self.share.spread(Cost(task, self.model))

    def _resume(self, path: Path) -> None:
        checkpoint = Checkpoint.load(path)
        try:
            self.model.load_state_dict(checkpoint.weights)
            self.average.load_state_dict(checkpoint.average)
            self.optimiser.load_state_dict(checkpoint.optimiser)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{path} is of another model than the experiment's: choose another --out") from error
        self.step, self.elapsed_s = checkpoint.step, checkpoint.elapsed_s
        self.loss = checkpoint.figures.get("loss", 0.0)
        log.info("going on from step %d", self.step)

    def start_from(self, path: Path) -> None:
        """Begin with the averaged weights of another run; layers that do not fit start afresh.

        Raises:
            FileNotFoundError: if there is no such checkpoint.
            ValueError: if nothing of it fits.
        """
        if not self.step:
            load_fitting(self.model, path)
            self.average.load_state_dict(self.model.state_dict())

    def save(self, figures: dict[str, float]) -> None:
        """Write last.pt and a line of figures."""
        Checkpoint(
            self.experiment, self.model.state_dict(), self.average.state_dict(), self.optimiser.state_dict(),
            self.step, self.elapsed_s, current_commit(), figures,
        ).save(self.folder / "last.pt")  # fmt: skip
        with (self.folder / "figures.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, "elapsed_s": round(self.elapsed_s), **figures}) + "\n")

    def judge(self, board: SummaryWriter) -> dict[str, float]:
        """Validate the averaged weights, save, and draw the curves; the first process does, for all."""
        if not self.share.is_first:
            return {}
        average = copy.deepcopy(self.average).cpu() if self.share.device.type == "cuda" else self.average
        figures = {"loss": self.loss, **self.task.validate(average)}
        self.save(figures)
        for name, value in figures.items():
            board.add_scalar(name.replace(".", "/"), value, self.step)
        board.add_scalar("learning_rate", self.optimiser.param_groups[0]["lr"], self.step)
        pictures = self.task.pictures(average) if isinstance(self.task, Illustrated) else {}
        for name, picture in pictures.items():
            board.add_image(name, picture, self.step, dataformats="HWC")
        board.flush()
        return figures

    def one_step(self, batch: dict[str, Tensor], progress: float) -> float:
        """One update; returns the loss.

        Raises:
            ValueError: if the gradient is not finite.
        """
        rate = learning_rate(self.config, self.step, progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed(int(generator(self.config.seed, self.step, self.share.rank).integers(2**62)))
        half = self.half and progress < 1 - self.config.exact_share
        with torch.autocast(self.share.device.type, torch.bfloat16, enabled=half):
            loss = self.cost(self.share.moved(batch))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_norm)
        if not torch.isfinite(norm):  # clipping would spread it over every weight
            raise ValueError(
                f"step {self.step}: the gradient is not finite; the last checkpoint is whole: "
                'give precision = "float32" or a smaller learning_rate in [loop]'
            )
        self.optimiser.step()
        self.step += 1
        follow(self.average, self.model, min(self.config.average, self.step / (self.step + 10)))
        return float(loss.detach())

    def train(self, minutes: float | None, workers: int, keep: Path | None = None) -> dict[str, float]:
        """Train to the last step or until the minutes are over; returns the last validation figures."""
        speaks = self.share.is_first
        with (
            SummaryWriter(str(self.folder), write_to_disk=speaks) as board,
            tqdm(total=self.config.steps, initial=self.step, unit="step", mininterval=30, disable=not speaks) as bar,
        ):
            self._loop(batches(self.task, self.config, self.step, workers, self.share, keep), minutes, board, bar)
            return self.judge(board)

    def _loop(self, drawn: Iterator[dict[str, Tensor]], minutes: float | None, board: SummaryWriter, bar: tqdm) -> None:
        config = self.config
        self.model.train()
        started_s = time.monotonic() - self.elapsed_s
        for batch in drawn:
            progress = self.step / config.steps
            if minutes is not None:
                progress = max(progress, self.share.agreed(self.elapsed_s / (60 * minutes)))
                bar.total = round(self.step / progress) if self.step else config.steps  # for the time left
            if progress >= 1:
                break
            self.loss += (self.one_step(batch, progress) - self.loss) / min(self.step, 100)
            self.elapsed_s = time.monotonic() - started_s
            bar.update()
            if self.step % config.save_every == 0:
                figures = self.judge(board)
                bar.set_postfix({k: f"{v:.3g}" for k, v in list(figures.items())[:6]})


def main() -> None:
    """Read the experiment and train it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=Path, nargs="+", help="files of training/configs; what is said later wins")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--minutes", type=float, help="end after this much training time, learning rate and all")
    parser.add_argument("--start-from", type=Path, help="checkpoint of another run to begin with")
    parser.add_argument("--seed", type=int, help="in place of the experiment's: a later part then meets other people")
    parser.add_argument("--workers", type=int, default=1, help="processes that make samples, for each that trains")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep-samples", type=Path, help="folder for the samples, which the next run then reads")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    with said_plainly():
        try:
            run = prepared(arguments, join())
            figures = run.train(arguments.minutes, arguments.workers, arguments.keep_samples)
        finally:
            leave()
    if run.share.is_first:
        log.info("figures %s", figures)


def prepared(arguments: argparse.Namespace, share: Share) -> Run:
    """The run that the command line asks for."""
    experiment = whole_experiment(*arguments.experiment)
    if arguments.seed is not None:
        experiment["loop"]["seed"] = arguments.seed
    config = build(LoopConfig, experiment["loop"])
    arguments.out.mkdir(parents=True, exist_ok=True)
    run = Run(task_of(experiment, arguments.faces), config, experiment, arguments.out, share)
    if arguments.start_from:
        run.start_from(arguments.start_from)
    return run


if __name__ == "__main__":
    main()
