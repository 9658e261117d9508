"""The denoising figures we publish: `python -m training.evaluate assets/models/denoiser.onnx --faces DIR --out FILE`.

Every filter is tuned per sensor family on validation people, once for depth and once for angle, and gets its better
setting for each column; the network is one file for all. Then all are judged once on test people.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tqdm import tqdm

from depthface_app.core.depth import to_range
from depthface_app.core.sensors import SENSORS
from training.faces.ict import IctModel
from training.faces.makehuman import MakeHumanModel
from training.faces.shape import FaceGenerator
from training.filters import filled, make_filters, settings
from training.metrics import angle_error_deg, rmse_mm
from training.pairs import HELD_OUT_SENSOR, Pair, make_pair, sample_view, use_one_thread
from training.seeds import TEST_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.tasks import pair_arrays

Method = Callable[[Pair], NDArray[np.float32]]
INPUTS = ("depth", "normals", "valid", "noise")


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one method on each pair of a set: (N,) mm and (N,) degrees."""

    rmse_mm: NDArray[np.float64]
    angle_deg: NDArray[np.float64]

    def summary(self) -> dict[str, float]:
        """Means, and the half-width of the 95 % interval of each mean over pairs."""
        n = np.sqrt(len(self.rmse_mm))
        return {
            "rmse_mm": round(float(self.rmse_mm.mean()), 3),
            "rmse_mm_95": round(float(1.96 * self.rmse_mm.std() / n), 3),
            "angle_deg": round(float(self.angle_deg.mean()), 2),
            "angle_deg_95": round(float(1.96 * self.angle_deg.std() / n), 2),
        }


def pairs_of(faces: FaceGenerator, sensor: str, first_identity: int, count: int) -> list[Pair]:
    """`count` people seen once each by units of one sensor family."""
    out = []
    for k in range(count):
        identity = faces.sample_identity(generator(first_identity + k))
        rng = generator(first_identity, list(SENSORS).index(sensor), k)
        out.append(make_pair(faces, identity, rng, sample_view(rng, (sensor,))))
    return out


def score(method: Method, pairs: list[Pair]) -> Scores:
    """Judge a method that gives (S, S) depth in network range."""
    both = []
    for pair in pairs:
        depth = method(pair)
        both.append((rmse_mm(pair, depth), angle_error_deg(pair, depth)))
    return Scores(*np.array(both).T)


def raw(pair: Pair) -> NDArray[np.float32]:
    """No denoising."""
    return to_range(filled(pair.crop.depth_mm), pair.crop.nose_mm[2])


def filter_method(apply: Callable[..., NDArray[np.float32]], setting: dict[str, Any]) -> Method:
    """A filter with its setting as a method."""
    return lambda pair: to_range(apply(filled(pair.crop.depth_mm), **setting), pair.crop.nose_mm[2])


def network_method(path: Path) -> Method:
    """A model file as a method."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda pair: session.run(None, {k: pair_arrays(pair)[k][None] for k in INPUTS})[0][0, 0]


def tuned(name: str, apply: Callable[..., NDArray[np.float32]], pairs: list[Pair]) -> dict[str, dict[str, Any]]:
    """The setting with the least RMSE and the one with the least angle error."""
    tried = [(setting, score(filter_method(apply, setting), pairs)) for setting in settings(name)]
    return {
        "rmse_mm": min(tried, key=lambda t: t[1].rmse_mm.mean())[0],
        "angle_deg": min(tried, key=lambda t: t[1].angle_deg.mean())[0],
    }


def best_of_filter(
    apply: Callable[..., NDArray[np.float32]], best: dict[str, dict[str, Any]], pairs: list[Pair]
) -> dict[str, Any]:
    """A filter's figures, each column with the setting tuned for it."""
    depth = score(filter_method(apply, best["rmse_mm"]), pairs)
    angle = score(filter_method(apply, best["angle_deg"]), pairs)
    return {**Scores(depth.rmse_mm, angle.angle_deg).summary(), "settings": best}


def evaluate(model: Path, faces: dict[str, FaceGenerator], tune: int, test: int) -> dict[str, Any]:
    """Figures per generator, sensor family and method."""
    filters, network = make_filters(), network_method(model)
    out: dict[str, Any] = {"data": "simulated", "pairs_per_cell": test, "held_out_sensor": HELD_OUT_SENSOR}
    for sensor in tqdm(SENSORS, unit="sensor"):
        validation = pairs_of(faces["ict"], sensor, VALIDATION_IDENTITIES.start + 1000, tune)
        best = {name: tuned(name, apply, validation) for name, apply in filters.items()}
        for generator_name, people in faces.items():
            pairs = pairs_of(people, sensor, TEST_IDENTITIES.start, test)
            cell = {"raw": score(raw, pairs).summary()}
            cell |= {name: best_of_filter(apply, best[name], pairs) for name, apply in filters.items()}
            cell["DMDNet live"] = score(network, pairs).summary()
            out.setdefault(generator_name, {})[sensor] = cell
    return out


def main() -> None:
    """Evaluate one denoiser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tune", type=int, default=16, help="validation pairs per sensor family")
    parser.add_argument("--test", type=int, default=60, help="test pairs per sensor family and generator")
    arguments = parser.parse_args()
    use_one_thread()
    faces: dict[str, FaceGenerator] = {
        "ict": IctModel.load(arguments.faces / "ict_face_model.npz"),
        "makehuman": MakeHumanModel.load(arguments.faces / "makehuman_face_model.npz"),
    }
    figures = evaluate(arguments.model, faces, arguments.tune, arguments.test)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
