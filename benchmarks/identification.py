"""Who is it, a hundred people long: `python -m benchmarks.identification --faces DIR --people test --out FILE`.

Whole pictures of simulated people go through the program's own locator, denoiser and recogniser. Each of a hundred is
enrolled with one frontal picture of one sensor and looked for again by other sensors at other distances; as many
strangers are looked for in vain. People of validation, never seen by the held-out sensor, choose the threshold for the
card; people of test give the figures that are published.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from depthface_app.core.crop import crop_face
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.openset import StrangerScores
from depthface_app.core.sensors import SENSORS, observe
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.denoiser import Denoiser
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from depthface_app.pipeline.decision import accepted_from
from training.crowd import make_person
from training.faces.ict import IctModel
from training.faces.makehuman import MakeHumanModel
from training.faces.shape import Appearance, FaceGenerator, Identity
from training.looks import DISTANCES_MM, ENROLLED_BY, PROBED_BY
from training.pairs import HELD_OUT_SENSOR, use_one_thread
from training.scenes import rendered
from training.seeds import TEST_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.trouble import said_plainly

MODELS = Path(__file__).resolve().parents[1] / "assets/models"
CONDITIONS = {"frontal": 0.0, "±20°": 20.0, "±40°": 40.0, "expression": 0.0}
FPIR = 0.01
RATES = (0.003, 0.01, 0.03)
GALLERY_SIZES, GALLERY_DRAWS = (5, 10, 20, 50, 100), 50
FIRST = {"validation": VALIDATION_IDENTITIES.start + 10_000, "test": TEST_IDENTITIES.start + 10_000}
MISSED = -1.0  # similarity of a face that was not found


@dataclass(frozen=True, slots=True)
class Program:
    """The networks as the program uses them."""

    locator: Locator
    denoiser: Denoiser
    recogniser: Recogniser

    def embedding(self, frame: Frame) -> NDArray[np.float32] | None:
        """(D,) of the nearest face, None when none is found."""
        faces = self.locator.locate(frame)
        if not faces:
            return None
        face = min(faces, key=lambda f: f.distance_mm)
        denoised = self.denoiser.denoise(crop_face(frame.depth_float(), frame.intrinsics, face.nose_mm))
        return self.recogniser.embed(denoised, face)


def neutral(faces: FaceGenerator) -> NDArray[np.float32]:
    """An expression of none."""
    return np.zeros_like(faces.sample_expression(generator(0)))


def strong_expression(faces: FaceGenerator, rng: np.random.Generator) -> NDArray[np.float32]:
    """An expression that is not neutral."""
    while True:
        weights = faces.sample_expression(rng)
        if weights.max() > 0.25:
            return weights


def picture(
    faces: FaceGenerator, who: Identity, condition: str, sensor_name: str, reach: tuple[float, float], *keys: int
) -> Frame:
    """One person before a sensor, as a frame."""
    rng, sensor = generator(*keys), SENSORS[sensor_name]
    side = float(rng.choice((-1.0, 1.0)))
    pose = HeadPose(side * CONDITIONS[condition] + rng.normal(0, 3), rng.normal(0, 3), rng.normal(0, 3))
    z = rng.uniform(*reach)
    nose = np.array((z * rng.uniform(-0.1, 0.1), z * rng.uniform(-0.08, 0.08), z), np.float32)
    expression = strong_expression(faces, rng) if condition == "expression" else neutral(faces)
    hair = float(rng.uniform(2, 16))
    look = Appearance(expression, float(rng.uniform(70, 110)), hair, 0.0, int(rng.integers(2**31)))
    person = make_person(faces, who, pose, np.eye(3), nose, rng, look)
    pinhole = sensor.intrinsics()
    depth = observe(rendered(rng, [person], [], pinhole).clean_mm, pinhole, sensor, rng)
    return Frame(np.nan_to_num(depth), pinhole, captured_s=0.0, serial=sensor_name)


def gallery_of(program: Program, faces: FaceGenerator, first: int, people: int) -> NDArray[np.float32]:
    """(people, D), one frontal picture each. A person who is not found at enrolment is pictured again, as in life."""
    rows = []
    for k in tqdm(range(people), desc="enrol", unit="person"):
        who = faces.sample_identity(generator(first + k))
        for attempt in range(5):
            frame = picture(faces, who, "frontal", ENROLLED_BY, DISTANCES_MM[ENROLLED_BY], first, k, attempt)
            embedding = program.embedding(frame)
            if embedding is not None:
                rows.append(embedding)
                break
        else:
            raise RuntimeError(f"person {first + k} was not found in five frontal pictures")
    return np.array(rows)


def probes_of(
    program: Program, faces: FaceGenerator, first: int, people: range, condition: str, each: int, sensors: list[str]
) -> tuple[list[NDArray[np.float32] | None], list[int]]:
    """Embeddings of probes under one condition, and whose they are; sensors take turns."""
    embeddings, whose = [], []
    number = list(CONDITIONS).index(condition)
    for k in tqdm(people, desc=condition, unit="person"):
        who = faces.sample_identity(generator(first + k))
        for j in range(each):
            sensor = sensors[(k + j) % len(sensors)]
            frame = picture(faces, who, condition, sensor, DISTANCES_MM[sensor], first, k, 100 + 10 * number + j)
            embeddings.append(program.embedding(frame))
            whose.append(k)
    return embeddings, whose


def similarities(probes: list[NDArray[np.float32] | None], gallery: NDArray[np.float32]) -> NDArray[np.float32]:
    """(probes, people) cosines; a face that was not found is like nobody."""
    return np.array([gallery @ p if p is not None else np.full(len(gallery), MISSED, np.float32) for p in probes])


def figures(
    same: dict[str, tuple[NDArray[np.float32], list[int]]], strangers: NDArray[np.float32], threshold: float
) -> dict[str, Any]:
    """Rank-1 and FNIR per condition, FPIR over all strangers, at a threshold. A missed face counts as an error."""
    out: dict[str, Any] = {"fpir": round(float((strangers.max(1) >= threshold).mean()), 4), "strangers": len(strangers)}
    for condition, (similarity, whose) in same.items():
        right = similarity.argmax(1) == np.array(whose)
        out[condition] = {
            "probes": len(whose),
            "not_found": int((similarity.max(1) == MISSED).sum()),
            "rank1": round(float(right.mean()), 4),
            "fnir": round(float(1 - (right & (similarity.max(1) >= threshold)).mean()), 4),
        }
    return out


def threshold_at(strangers: NDArray[np.float32], fpir: float) -> float:
    """Least threshold at which at most this share of searches for strangers finds somebody."""
    best = np.sort(strangers.max(1))[::-1]
    return float(np.nextafter(best[int(fpir * len(best))], np.float32(2)))


def threshold_for(strangers: NDArray[np.float32], people: int, fpir: float) -> float:
    """The same for a smaller gallery: searches pooled over random choices of so many of the enrolled."""
    rng = generator(GALLERY_DRAWS)
    draws = [rng.choice(strangers.shape[1], people, replace=False) for _ in range(GALLERY_DRAWS)]
    return threshold_at(np.concatenate([strangers[:, chosen] for chosen in draws]), fpir)


def stranger_scores(strangers: NDArray[np.float32], people: int) -> dict[str, float]:
    """Moments of the best cosine of searches for strangers, over random choices of so many of the enrolled."""
    rng = generator(GALLERY_DRAWS)
    draws = [rng.choice(strangers.shape[1], people, replace=False) for _ in range(GALLERY_DRAWS)]
    best = np.concatenate([strangers[:, chosen].max(1) for chosen in draws])
    found = StrangerScores.of(best)
    moments = {name: round(getattr(found, name), 4) for name in ("mean", "sd", "skew")}
    return {**moments, "searches": len(strangers)}


def identify(
    program: Program, faces: FaceGenerator, first: int, people: int, each: int, sensors: list[str]
) -> dict[str, Any]:
    """The whole protocol on one generator's people."""
    gallery = gallery_of(program, faces, first, people)
    same, apart = {}, []
    for condition in CONDITIONS:
        probes, whose = probes_of(program, faces, first, range(people), condition, each, sensors)
        same[condition] = (similarities(probes, gallery), whose)
        others, _ = probes_of(program, faces, first, range(people, 2 * people), condition, 1, sensors)
        apart.append(similarities([p for p in others if p is not None], gallery))
    strangers = np.concatenate(apart)
    own = threshold_at(strangers, FPIR)
    card = program.recogniser.card
    people_known = Gallery.of(card.identity, [(str(k), row[None]) for k, row in enumerate(gallery)])
    at_rates = {}
    for rate in RATES:
        threshold = accepted_from(card, people_known, rate)
        at_rates[f"{rate:g}"] = {"threshold": round(threshold, 4), **figures(same, strangers, threshold)}
    return {
        "enrolled": people,
        "own_threshold": round(own, 4),
        "thresholds_at_fpir_1_percent": {
            str(size): round(threshold_for(strangers, size, FPIR), 4) for size in GALLERY_SIZES if size <= people
        },
        "at_fpir_1_percent": figures(same, strangers, own),
        "strangers": {str(size): stranger_scores(strangers, size) for size in GALLERY_SIZES if size <= people},
        "at_rate_asked_of_the_program": at_rates,
    }


@said_plainly()
def main() -> None:
    """Run the protocol and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--people", choices=tuple(FIRST), required=True)
    parser.add_argument("--generator", choices=("ict", "makehuman"), default="ict")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--recogniser", default="recogniser", help="name of the file among the models, without .onnx")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--each", type=int, default=2, help="probes per person and condition")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    use_one_thread()
    folder = arguments.models
    program = Program(
        Locator.open(folder / "locator.onnx"),
        Denoiser.open(folder / "denoiser.onnx"),
        Recogniser.open(folder / f"{arguments.recogniser}.onnx"),
    )
    faces: FaceGenerator = (
        IctModel.load(arguments.faces / "ict_face_model.npz")
        if arguments.generator == "ict"
        else MakeHumanModel.load(arguments.faces / "makehuman_face_model.npz")
    )
    held_out = arguments.people == "test"
    sensors = [name for name in PROBED_BY if held_out or name != HELD_OUT_SENSOR]
    found = identify(program, faces, FIRST[arguments.people], arguments.count, arguments.each, sensors)
    head = {"data": "simulated", "people": arguments.people, "generator": arguments.generator, "gallery": ENROLLED_BY}
    head["recogniser"] = program.recogniser.card.identity
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(head | found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
