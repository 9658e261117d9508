"""Fit the judgement of liveness: `python -m benchmarks.liveness_fit --faces DIR`; constants of `core/liveness.py`.

Simulated training people and rendered attacks of every species stand before sensors of training and before stereo
cameras that nobody makes, whose noise reaches further than any family's. Attacks that the locator overlooks take part
all the same, from where they are held, so that the judgement does not lean on the locator. Regularised logistic
regression on the mean of each presentation's frames; the limit then lies where a given share of live people is lost.

Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd edition, section 4.4.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.identification import MODELS
from benchmarks.liveness import DISTANCES_MM, LIVE, NEAR_MM, SENSORS, SPECIES, presentation
from depthface_app.core.crop import crop_face
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.liveness import LEAST_LEFT_MM, SHARE_LIMITS, relief
from depthface_app.core.sensors import Sensor
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from training.evaluate import in_turn
from training.faces.ict import IctModel
from training.pairs import TRAINED_SENSORS, invented_sensor
from training.seeds import generator

FIRST_PERSON = 600_000  # of training's
INVENTED_REACH_MM = (400.0, 1200.0)
INVENTED_SHARE = 0.45  # as in the locator's training
PENALTY = 1e-3
LOST_LIVE = 0.02  # share of the fitted live presentations below the limit
PER_BATCH = 20
HARD, OFTEN = ("worn picture", "shallow relief"), 3  # species that come nearest to faces are shown so much more often

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Presentations of one kind, to be made by one worker."""

    faces: Path
    kind: str
    numbers: range


def sensor_of(number: int) -> tuple[Sensor, tuple[float, float]]:
    """Sensors of training take turns, with an invented one in their place now and then."""
    rng = generator(FIRST_PERSON, number, 8)
    if rng.random() < INVENTED_SHARE:
        return invented_sensor(rng), INVENTED_REACH_MM
    name = TRAINED_SENSORS[number % len(TRAINED_SENSORS)]
    return SENSORS[name], DISTANCES_MM.get(name, INVENTED_REACH_MM)


def place(locator: Locator, frame: Frame, nose_mm: Any, pose: HeadPose, kind: str) -> tuple[Any, HeadPose] | None:
    """Where the locator sees the face; where an attack is held if it overlooks that; None for a person overlooked."""
    near = [f for f in locator.locate(frame) if np.linalg.norm(np.subtract(f.nose_mm, nose_mm)) < NEAR_MM]
    if near:
        return near[0].nose_mm, near[0].pose
    return None if kind == LIVE else (tuple(float(v) for v in nose_mm), pose)


def features(batch: Batch) -> FloatArray:
    """(presentations, 6): mean shares and logarithms of what they leave; NaN where nothing could be judged."""
    locator = Locator.open(MODELS / "locator.onnx")
    recogniser = Recogniser.open(MODELS / "recogniser_int8.onnx")
    faces = IctModel.load(batch.faces / "ict_face_model.npz")
    assert recogniser.mean is not None
    out = []
    for number in batch.numbers:
        rows = []
        for frame, held in presentation(faces, batch.kind, *sensor_of(number), FIRST_PERSON, number):
            found = place(locator, frame, held.nose_mm, held.pose, batch.kind)
            if found is None:
                continue
            nose_mm, pose = found
            seen = relief(crop_face(frame.depth_float(), frame.intrinsics, nose_mm), nose_mm, pose, recogniser.mean)
            if seen is not None:
                left = np.log(np.maximum(seen.left_mm, LEAST_LEFT_MM))
                rows.append(np.concatenate((np.clip(seen.shares, *SHARE_LIMITS), left)))
        out.append(np.mean(rows, axis=0) if rows else np.full(6, np.nan))
    return np.array(out)


def fitted(live: FloatArray, attacks: FloatArray) -> tuple[FloatArray, float]:
    """Six weights and a bias; above 0 is live for all but LOST_LIVE of the live."""
    rows = np.concatenate((live, attacks))
    is_live = np.arange(len(rows)) < len(live)
    middle, spread = rows.mean(0), rows.std(0)
    sides = np.column_stack(((rows - middle) / spread, np.ones(len(rows)))) * np.where(is_live, 1, -1)[:, None]
    weight = np.where(is_live, 0.5 / len(live), 0.5 / len(attacks))

    def loss(b: FloatArray) -> tuple[float, FloatArray]:
        margin = sides @ b
        steepness = -weight / (1 + np.exp(margin))
        penalty = np.append(b[:-1], 0)
        value = weight @ np.logaddexp(0, -margin) + PENALTY * penalty @ penalty
        return float(value), steepness @ sides + 2 * PENALTY * penalty

    found = minimize(loss, np.zeros(7), jac=True).x[:-1] / spread
    return found, -float(np.quantile(live @ found, LOST_LIVE))


def main() -> None:
    """Look at everybody, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--count", type=int, default=100, help="presentations of each species")
    parser.add_argument("--live", type=int, default=900, help="presentations of live people")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    calls, kinds = [], []
    for kind in (LIVE, *SPECIES):
        count = arguments.live if kind == LIVE else arguments.count * (OFTEN if kind in HARD else 1)
        for start in range(0, count, PER_BATCH):
            calls.append((features, (Batch(arguments.faces, kind, range(start, min(start + PER_BATCH, count))),)))
            kinds.append(kind)
    rows: dict[str, list[FloatArray]] = {}
    for kind, found in zip(kinds, in_turn(calls, arguments.workers, "presentations"), strict=True):
        rows.setdefault(kind, []).append(found[~np.isnan(found).any(1)])
    seen = {kind: np.concatenate(parts) for kind, parts in rows.items()}
    weights, bias = fitted(seen[LIVE], np.concatenate([seen[kind] for kind in SPECIES]))
    print(f"SHARE_WEIGHTS = {tuple(weights[:3].round(3).tolist())}")
    print(f"LEFT_WEIGHTS = {tuple(weights[3:].round(3).tolist())}")
    print(f"BIAS = {bias:.3f}")
    print(json.dumps({kind: f"{(each @ weights + bias > 0).sum()} of {len(each)} live" for kind, each in seen.items()}))


if __name__ == "__main__":
    main()
