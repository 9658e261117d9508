"""The denoising figures we publish: `python -m training.evaluate [NAME=]MODEL ... --faces DIR --out FILE`.

Any number of model files (.onnx) and checkpoints (.pt) stand beside five classical filters. Every filter is tuned per
sensor family on validation people, once for depth and once for angle, and gets its better setting for each column; a
network is one file for all. Then all are judged once on test people. What was measured stays in the work folder, so
that a run that was stopped goes on, and another model costs only its own share. All data is simulated.
"""

import argparse
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from depthface_app.core.files import whole_file
from depthface_app.core.metrics import intervals
from depthface_app.core.metrics.intervals import Estimate
from depthface_app.core.sensors import SENSORS
from training.cells import GENERATORS, STILL_FRAMES, Job, Scores, Tuned, run_cell, tune
from training.checkpoint import current_commit
from training.filters import GRIDS
from training.methods import fingerprint, named_file
from training.metrics import METRICS
from training.pairs import HELD_OUT_SENSOR, use_one_thread
from training.parts import code_fingerprint
from training.trouble import said_plainly

DIGITS = 4  # that count
T = TypeVar("T")


def short(value: float) -> float:
    """A number as it is written down."""
    return float(f"{value:.{DIGITS}g}")


def rounded(estimate: Estimate) -> dict[str, Any]:
    """An estimate as it is written down."""
    return {key: short(value) if isinstance(value, float) else value for key, value in asdict(estimate).items()}


def summary(scores: Scores, person: dict[str, list[int]]) -> dict[str, Any]:
    """Mean of each figure, and under its name with `_95` the interval over people."""
    out: dict[str, Any] = {}
    for name in METRICS:
        if name in scores:
            found = intervals.mean(np.array(scores[name], float), np.array(person[name]))
            out[name] = short(found.value)
            out[f"{name}_95"] = [short(found.low), short(found.high)]
            out[f"{name}_n"] = found.count
    return out


def people_of(scores: Scores) -> dict[str, list[int]]:
    """Whose each figure is: every cell meets the same people in the same order."""
    return {name: list(range(len(values))) for name, values in scores.items()}


def pooled(cells: Iterable[dict[str, Scores]]) -> tuple[dict[str, Scores], dict[str, list[int]]]:
    """All cells of one generator as one, and whose each figure is."""
    cells = list(cells)
    scores = {
        method: {name: [v for cell in cells for v in cell[method][name]] for name in cells[0][method]}
        for method in cells[0]
    }
    person = {name: [k for cell in cells for k in range(len(cell["raw"][name]))] for name in cells[0]["raw"]}
    return scores, person


def compared(scores: Scores, others: dict[str, Scores], person: dict[str, list[int]]) -> dict[str, Any]:
    """One network against the best filter of each column, against the raw still face, and against other networks."""
    filters = {name: found for name, found in others.items() if name in GRIDS}
    networks = {name: found for name, found in others.items() if name not in GRIDS and name != "raw"}
    out: dict[str, Any] = {}
    for column in ("rmse_mm", "angle_deg"):
        best = min(filters, key=lambda name: float(np.mean(filters[name][column])))
        ratio = _ratio(scores[column], filters[best][column], person[column])
        out[f"{column}_of_best_filter"] = ratio | {"filter": best}
    out["still_of_raw"] = _ratio(scores["still_mm"], others["raw"]["still_mm"], person["still_mm"])
    best = max(networks, key=lambda name: float(np.mean(networks[name]["psnr_db"])))
    behind = np.array(networks[best]["psnr_db"]) - np.array(scores["psnr_db"])
    behind_best = intervals.mean(behind, np.array(person["psnr_db"]))
    out["psnr_db_behind_best_network"] = rounded(behind_best) | {"network": best}
    return out


def _ratio(above: list[float], below: list[float], person: list[int]) -> dict[str, Any]:
    return rounded(intervals.ratio_of_means(np.array(above), np.array(below), np.array(person)))


def tables(found: dict[tuple[str, str], dict[str, Scores]], networks: list[str]) -> dict[str, Any]:
    """Figures per generator and sensor family, per generator over all families, and the comparisons."""
    out: dict[str, Any] = {"pooled": {}, "compared": {}}
    for generator in dict.fromkeys(key[0] for key in found):
        cells = {sensor: cell for (owner, sensor), cell in found.items() if owner == generator}
        out[generator] = {
            sensor: {name: summary(scores, people_of(scores)) for name, scores in cell.items()}
            for sensor, cell in cells.items()
        }
        everything, person = pooled(cells.values())
        out["pooled"][generator] = {name: summary(scores, person) for name, scores in everything.items()}
        versus = {
            sensor: {name: compared(cell[name], cell, people_of(cell["raw"])) for name in networks}
            for sensor, cell in cells.items()
        }
        out["compared"][generator] = versus | {
            "all": {name: compared(everything[name], everything, person) for name in networks}
        }
    return out


def in_turn(calls: list[tuple[Callable[..., T], tuple[Any, ...]]], workers: int, what: str) -> Iterator[T]:
    """Results in the order of the calls, made by so many processes, with a progress bar."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), use_one_thread) as pool:
        futures = [pool.submit(call, *given) for call, given in calls]
        for _ in tqdm(as_completed(futures), what, len(futures), unit="cell"):
            pass
        yield from (future.result() for future in futures)


def evaluate(job: Job, generators: list[str], tuning: int, workers: int) -> dict[str, Any]:
    """All figures; `job` says what is common to every cell."""
    sensors = list(SENSORS)
    jobs = [replace(job, generator="ict", sensor=sensor, test=tuning) for sensor in sensors]
    settings: list[Tuned] = list(in_turn([(tune, (each,)) for each in jobs], workers, "tuning filters"))
    tuned = dict(zip(sensors, settings, strict=True))
    keys = [(generator, sensor) for generator in generators for sensor in sensors]
    calls = [(run_cell, (replace(job, generator=g, sensor=s), tuned[s])) for g, s in keys]
    found = dict(zip(keys, in_turn(calls, workers, "judging"), strict=True))
    head = {
        "data": "simulated",
        "commit": current_commit(),
        "pairs_per_cell": job.test,
        "tuning_pairs_per_sensor": tuning,
        "people_for_stillness_and_identity": job.few,
        "frames_of_a_still_face": STILL_FRAMES,
        "held_out_sensor": HELD_OUT_SENSOR,
        "filters": list(settings[0]),
        "networks": {name: fingerprint(path) for name, path in job.networks},
        "settings": tuned,
    }
    return head | tables(found, [name for name, _ in job.networks])


@said_plainly()
def main() -> None:
    """Evaluate denoisers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="[NAME=]MODEL", help=".onnx or .pt; the first is the live one")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--work", type=Path, default=Path("runs/evaluate"), help="folder for what is measured")
    parser.add_argument("--recogniser", type=Path, help="recogniser file; adds the identity that denoising keeps")
    parser.add_argument("--generator", choices=(*GENERATORS, "both"), default="both")
    parser.add_argument("--tune", type=int, default=16, help="validation pairs per sensor family")
    parser.add_argument("--test", type=int, default=60, help="test pairs per sensor family and generator")
    parser.add_argument("--few", type=int, default=20, help="people per cell for still-face noise and identity")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    networks = tuple(named_file(text) for text in arguments.models)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    generators = list(GENERATORS) if arguments.generator == "both" else [arguments.generator]
    few = min(arguments.few, arguments.test)
    job = Job(
        arguments.faces, "", "", arguments.test, few, networks, arguments.recogniser, arguments.work, code_fingerprint()
    )
    figures = evaluate(job, generators, arguments.tune, arguments.workers)
    with whole_file(arguments.out) as path:
        path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
