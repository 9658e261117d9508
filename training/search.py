"""The live denoiser as a measured choice: `python -m training.search training/configs/search/*.toml --minutes 60 ...`.

Every experiment is trained for the same time, or by one schedule laid over all of them (`--over
training/configs/brief.toml`), or taken up where it stopped; then it is exported, timed with ONNX Runtime on one thread,
in turn with the first of them, and judged on validation people. A table and a plot show which networks nothing else
beats in both cost and quality. Milliseconds on a busy machine mean little, so what is kept of them is the ratio to the
first network.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import matplotlib
import numpy as np
import torch
from tqdm import tqdm

from training.checkpoint import Checkpoint
from training.export import denoiser_graph, denoiser_inputs, export_denoiser
from training.faces.ict import IctModel
from training.metrics import angle_error_deg, rmse_mm
from training.models.cost import cost
from training.models.registry import load_model
from training.pairs import Pair, use_one_thread
from training.runtime import open_session
from training.tasks import ICT_FILE, predict, validation_pairs
from training.trouble import said_plainly

ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """One trained network.

    multiply_adds: in millions, of the exported graph
    time_ratio:    median time of one crop on one thread, over that of the first network
    rmse_mm, angle_deg: means over the trained sensor families, on validation people
    samples:       crops that it was trained on
    """

    name: str
    parameters: int
    multiply_adds: int
    time_ratio: float
    rmse_mm: float
    angle_deg: float
    samples: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What every candidate is given.

    over:    experiment files that are laid over each
    minutes: training time, None = as many steps as the experiment says
    keep:    folder for samples that candidates share, or None
    """

    over: list[Path]
    minutes: float | None
    keep: Path | None

    def arguments(self) -> list[str]:
        """As `training.train` wants them, behind the experiment."""
        timed = ["--minutes", str(self.minutes)] if self.minutes is not None else []
        kept = ["--keep-samples", str(self.keep)] if self.keep is not None else []
        return [*map(str, self.over), *timed, *kept]


def train(experiment: Path, folder: Path, faces: Path, budget: Budget) -> Path:
    """Train in a process of its own, so that each begins with the same memory and threads; returns the checkpoint.

    Raises:
        SystemExit: if the training fails, with its code: it has said why.
    """
    command = (sys.executable, "-m", "training.train", experiment, *budget.arguments())
    try:
        subprocess.run([*map(str, command), "--out", str(folder), "--faces", str(faces)], check=True)
    except subprocess.CalledProcessError as error:
        killed = f"the training of {experiment} was killed by signal {-error.returncode}; the same command goes on"
        raise SystemExit(error.returncode if error.returncode > 0 else killed) from error
    return folder / "last.pt"


def time_ratios(files: list[Path]) -> list[float]:
    """Median processor time of one crop, over the first file's; the files take turns, so that noise hits all alike."""
    given = {name: value.numpy() for name, value in denoiser_inputs().items()}
    sessions = [open_session(file) for file in files]
    took = np.zeros((ROUNDS, len(files)))
    for k in tqdm(range(-3, ROUNDS), unit="round"):
        for s, session in enumerate(sessions):
            begun = time.thread_time()
            session.run(None, given)
            if k >= 0:
                took[k, s] = time.thread_time() - begun
    medians = np.median(took, 0)
    return [float(value) for value in medians / medians[0]]


def quality(checkpoint: Path, pairs: dict[str, list[Pair]]) -> tuple[float, float]:
    """RMSE in mm and normal angle error in degrees, each the mean over sensor families."""
    model = load_model(checkpoint)
    found = [[(pair, predict(model, pair)) for pair in of_sensor] for of_sensor in pairs.values()]
    rmse = [np.mean([rmse_mm(pair, depth) for pair, depth in each]) for each in found]
    angle = [np.mean([angle_error_deg(pair, depth) for pair, depth in each]) for each in found]
    return float(np.mean(rmse)), float(np.mean(angle))


def frontier(points: list[tuple[float, float]]) -> list[int]:
    """Which of the points (cost, error) no other beats in both, in order of cost."""
    order = sorted(range(len(points)), key=lambda k: points[k])
    best, out = float("inf"), []
    for k in order:
        if points[k][1] < best:
            best = points[k][1]
            out.append(k)
    return out


def write_table(candidates: list[Candidate], path: Path) -> None:
    """One line per network, cheapest first."""
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Candidate)])
        table.writeheader()
        for candidate in sorted(candidates, key=lambda c: c.time_ratio):
            row = asdict(candidate)
            table.writerow({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()})


def draw(candidates: list[Candidate], path: Path) -> None:
    """Cost against both errors, the frontier as a line."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for panel, key, unit in zip(panels, ("rmse_mm", "angle_deg"), ("RMSE (mm)", "normal angle (°)"), strict=True):
        points = [(c.time_ratio, getattr(c, key)) for c in candidates]
        kept = frontier(points)
        panel.plot(*np.array([points[k] for k in kept]).T, "-", color="0.6", zorder=0)
        for k, (point, candidate) in enumerate(zip(points, candidates, strict=True)):
            panel.plot(*point, "o", color="C0" if k in kept else "0.75")
            panel.annotate(candidate.name, point, (4, 4), textcoords="offset points", fontsize=8)
        panel.margins(0.2, 0.1)  # room for the names
        panel.set(xlabel=f"time of one crop, {candidates[0].name} = 1", ylabel=f"{unit}, simulated validation people")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def search(experiments: list[Path], faces: Path, out: Path, budget: Budget, per_sensor: int) -> list[Candidate]:
    """Train, time and judge all of them."""
    checkpoints = [train(path, out / path.stem, faces, budget) for path in experiments]
    use_one_thread()
    torch.set_num_threads(1)
    pairs = validation_pairs(IctModel.load(faces / ICT_FILE), per_sensor)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{path.stem}.onnx" for path in experiments]
        for checkpoint, file in zip(checkpoints, files, strict=True):
            export_denoiser(checkpoint, file, {})
        ratios = time_ratios(files)
    candidates = []
    for path, checkpoint, ratio in zip(experiments, checkpoints, ratios, strict=True):
        stored = Checkpoint.load(checkpoint)
        counted = cost(denoiser_graph(load_model(stored)), *denoiser_inputs().values())
        rmse, angle = quality(checkpoint, pairs)
        samples = stored.step * stored.config["loop"]["batch"]
        millions = round(counted.multiply_adds / 1e6)
        candidates.append(Candidate(path.stem, counted.parameters, millions, ratio, rmse, angle, samples))
    return candidates


@said_plainly()
def main() -> None:
    """Search among experiments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", type=Path, nargs="+", help="the first is what the others are timed against")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs, frontier.csv and frontier.png")
    parser.add_argument("--over", type=Path, nargs="*", default=[], help="experiment files to lay over each")
    parser.add_argument("--minutes", type=float, help="training time of each; without, the steps of its experiment")
    parser.add_argument("--keep-samples", type=Path, help="folder for the samples that candidates share")
    parser.add_argument("--pairs", type=int, default=40, help="validation pairs per sensor family")
    arguments = parser.parse_args()
    budget = Budget(arguments.over, arguments.minutes, arguments.keep_samples)
    candidates = search(arguments.experiments, arguments.faces, arguments.out, budget, arguments.pairs)
    write_table(candidates, arguments.out / "frontier.csv")
    draw(candidates, arguments.out / "frontier.png")
    print((arguments.out / "frontier.csv").read_text())


if __name__ == "__main__":
    main()
