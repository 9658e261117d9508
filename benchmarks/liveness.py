"""Pictures that want to be people: `python -m benchmarks.liveness --faces DIR --people test --out FILE`.

Rendered attacks of every species, and simulated people, stand before simulated sensors; each presentation is a few
frames through the program's own locator and its judgement of liveness. An attack succeeds when it ends up judged live.
The judgement is fitted on people of training (`benchmarks/liveness_fit.py`) and looked at with people of validation,
who are never seen by the held-out sensor; people of test give the figures that are published.

Terms: ISO/IEC 30107-3:2023. APCER: share of attack presentations of one species that are taken for live; an attack in
which no face is found has failed. BPCER: share of live people who are not taken for live, a missed face included.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import beta
from tqdm import tqdm

from benchmarks.identification import FIRST, MODELS
from depthface_app.core.crop import crop_face
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.sensors import SENSORS, Sensor, observe
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from depthface_app.pipeline.liveness import judge
from depthface_app.pipeline.tracker import Tracks, follow
from training.attacks import SPECIES, attack
from training.crowd import appearance, glasses, make_person
from training.faces.ict import IctModel
from training.looks import DISTANCES_MM, PROBED_BY
from training.pairs import HELD_OUT_SENSOR, use_one_thread
from training.scenes import rendered
from training.seeds import generator

LIVE = "live people"
FRAMES, FRAME_S = 3, 1 / 30
TURN_SD_DEG = (15.0, 8.0, 6.0)
GLASSES_SHARE = 0.3
NEAR_MM = 80.0  # a face found further from where the thing is held is somebody else's
CONFIDENCE = 0.95


class Held(NamedTuple):
    """Where the tip of the nose is, (3,) mm, and how the face is turned."""

    nose_mm: Any
    pose: HeadPose


def presentation(
    faces: IctModel, kind: str, sensor: Sensor, reach_mm: tuple[float, float], first: int, number: int
) -> Iterator[tuple[Frame, Held]]:
    """The frames of one presentation at a distance within reach."""
    rng = generator(first, number, 7, sorted((LIVE, *SPECIES)).index(kind))
    who = faces.sample_identity(generator(first + number))
    z = rng.uniform(*reach_mm)
    nose = np.array((z * rng.uniform(-0.1, 0.1), z * rng.uniform(-0.08, 0.08), z), np.float32)
    pose, look = HeadPose(*rng.normal(0, TURN_SD_DEG)), appearance(rng, faces.sample_expression(rng))
    pinhole = sensor.intrinsics()
    if kind == LIVE:
        person = make_person(faces, who, pose, np.eye(3), nose, rng, look)
        worn = [glasses(rng).moved(nose, pose.matrix())] if rng.random() < GLASSES_SHARE else []
        clean = rendered(rng, [person], worn, pinhole).clean_mm
    else:
        clean = rendered(rng, [], [attack(kind, faces, who, look, pose, nose, rng)], pinhole).clean_mm
    for k in range(FRAMES):
        depth = np.nan_to_num(observe(clean, pinhole, sensor, rng))
        yield Frame(depth, pinhole, captured_s=k * FRAME_S, number=k, serial=sensor.name), Held(nose, pose)


def judged(locator: Locator, recogniser: Recogniser, frames: Iterator[tuple[Frame, Held]]) -> tuple[int, bool | None]:
    """In how many frames a face was found there, and the last judgement of it."""
    tracks, found, live = Tracks(), 0, None
    for frame, held in frames:
        tracks, locations = follow(tracks, locator.locate(frame), frame.captured_s)
        near = [each for each in locations if np.linalg.norm(np.subtract(each.nose_mm, held.nose_mm)) < NEAR_MM]
        if near:
            found += 1
            crop = crop_face(frame.depth_float(), frame.intrinsics, near[0].nose_mm)
            tracks, live = judge(crop, near[0], recogniser.mean, tracks)
    return found, live


def rate(errors: int, count: int) -> dict[str, float]:
    """A share with its exact interval. Source: Clopper & Pearson, Biometrika 26(4), 1934."""
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if errors == 0 else float(beta.ppf(tail, errors, count - errors + 1))
    high = 1.0 if errors == count else float(beta.ppf(1 - tail, errors + 1, count - errors))
    return {
        "errors": errors,
        "count": count,
        "value": round(errors / count, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def figures(outcomes: dict[str, list[tuple[str, int, bool | None]]]) -> dict[str, Any]:
    """APCER per species with the worst first in line, and BPCER; each in all and by the held-out sensor alone."""
    out: dict[str, Any] = {"apcer": {}}
    for kind, rows in outcomes.items():
        wrong = (lambda live: live is not True) if kind == LIVE else (lambda live: live is True)
        of_held_out = [live for sensor, _, live in rows if sensor == HELD_OUT_SENSOR]
        found = {
            **rate(sum(wrong(live) for _, _, live in rows), len(rows)),
            "face_found": sum(frames > 0 for _, frames, _ in rows),
        }
        if of_held_out:
            found["held_out_sensor"] = rate(sum(map(wrong, of_held_out)), len(of_held_out))
        if kind == LIVE:
            out["bpcer"] = found
        else:
            out["apcer"][kind] = found
    worst = max(out["apcer"], key=lambda kind: out["apcer"][kind]["value"])
    return {"worst_species": worst, "worst_apcer": out["apcer"][worst], **out}


def main() -> None:
    """Run the suite and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--people", choices=tuple(FIRST), required=True)
    parser.add_argument("--count", type=int, default=100, help="presentations of each species")
    parser.add_argument("--live", type=int, default=300, help="presentations of live people")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    use_one_thread()
    locator = Locator.open(MODELS / "locator.onnx")
    recogniser = Recogniser.open(MODELS / "recogniser_int8.onnx")
    faces = IctModel.load(arguments.faces / "ict_face_model.npz")
    first = FIRST[arguments.people] + 1000
    sensors = [name for name in PROBED_BY if arguments.people == "test" or name != HELD_OUT_SENSOR]
    outcomes: dict[str, list[tuple[str, int, bool | None]]] = {}
    for kind in (LIVE, *SPECIES):
        outcomes[kind] = []
        for k in tqdm(range(arguments.live if kind == LIVE else arguments.count), desc=kind, mininterval=10):
            sensor = sensors[k % len(sensors)]
            shown = presentation(faces, kind, SENSORS[sensor], DISTANCES_MM[sensor], first, k)
            found, live = judged(locator, recogniser, shown)
            outcomes[kind].append((sensor, found, live))
    head: dict[str, Any] = {"data": "simulated", "people": arguments.people, "frames": FRAMES}
    head |= {"held_out_sensor": HELD_OUT_SENSOR if arguments.people == "test" else None}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(head | figures(outcomes), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
