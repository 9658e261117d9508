"""Who is it among ten thousand? `python -m benchmarks.gallery_sizes --faces DIR --out FILE` (20 minutes of two cores).

Simulated people are enrolled by one sensor, with one frontal template or with the five that the program takes, and
looked for on other occasions by other sensors in five subsets; strangers are looked for in vain. The same hundred are
looked for in galleries of every size, the rest of a gallery is there to be mistaken for them. People of validation,
never seen by the held-out sensor, say what strangers score, for the card; people of test give the figures that are
published. A locator's errors are drawn, not made: the whole program is measured by `benchmarks.identification`. What
was measured stays in the work folder, so that a run that was stopped goes on.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from depthface_app.core.files import whole_file
from depthface_app.core.match import unit
from depthface_app.core.metrics import recognition
from depthface_app.core.metrics.recognition import Trials
from depthface_app.core.openset import StrangerScores
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.card import ModelCard
from depthface_app.inference.recogniser import Recogniser
from depthface_app.pipeline.decision import accepted_from
from training.embedder import Embedder, guessed_pose
from training.evaluate import in_turn
from training.faces.shape import FaceGenerator
from training.looks import GALLERY, PROBED_BY, load_people, look_at
from training.methods import Method, fingerprint, network_method
from training.pairs import HELD_OUT_SENSOR, make_pair, use_one_thread
from training.parts import Parts, code_fingerprint
from training.seeds import TEST_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.subsets import SUBSETS
from training.trouble import said_plainly

MODELS = Path(__file__).resolve().parents[1] / "assets/models"
FIRST_PERSON = {"validation": VALIDATION_IDENTITIES.start + 200_000, "test": TEST_IDENTITIES.start + 40_000}
STRANGERS_LATER = 100_000  # seeds from the first of the enrolled to the first stranger
TRAINED = tuple(name for name in PROBED_BY if name != HELD_OUT_SENSOR)
RATES = (0.003, 0.01, 0.03)
# The middle of what the program asks for at enrolment (pipeline/enrolment.py); there a template is the mean of five
# views, here it is one view.
TEMPLATES = (HeadPose(0, 0, 0), HeadPose(24, 0, 0), HeadPose(-24, 0, 0), HeadPose(0, -15, 0), HeadPose(0, 15, 0))
HELD_STILL_DEG = 3.0
PEOPLE_PER_BATCH = 25

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some people to be seen by one worker.

    people:    identity seeds
    templates: how many of each
    probes:    whether each is looked for, too
    probed_by: sensors that take turns
    """

    faces: Path
    generator: str
    people: tuple[int, ...]
    templates: int
    probes: bool
    probed_by: tuple[str, ...]
    work: Path

    def key(self) -> dict[str, Any]:
        """Everything that the embeddings depend on."""
        return {
            "code": code_fingerprint(),
            "faces": fingerprint(self.faces / f"{self.generator}_face_model.npz"),
            "models": [fingerprint(MODELS / name) for name in ("denoiser.onnx", "recogniser_int8.onnx")],
            "people": self.people,
            "looks": (self.templates, self.probes, self.probed_by),
        }


class Program:
    """The program's networks behind a drawn locator."""

    def __init__(self, faces: Path, people: FaceGenerator) -> None:
        self.people = people
        self._denoise: Method = network_method(MODELS / "denoiser.onnx")
        self._embedder = Embedder(MODELS / "recogniser_int8.onnx", faces)

    def embedding(self, person: int, subset: str, probed_by: tuple[str, ...], template: int = 0) -> FloatArray:
        """(D,) of one look at a person."""
        look = look_at(self.people, person, subset, probed_by)
        if subset == GALLERY:
            off = generator(*look.keys, 3, template).normal(0, HELD_STILL_DEG, 3)
            asked = TEMPLATES[template]
            pose = HeadPose(asked.yaw_deg + off[0], asked.pitch_deg + off[1], asked.roll_deg + off[2])
            look = replace(look, view=replace(look.view, pose=pose), keys=(*look.keys, 4, template))
        pair = make_pair(self.people, look.identity, look.rng(), look.view, appearance=look.appearance)
        guess = guessed_pose(look.view.pose, generator(*look.keys, 2))
        return self._embedder.embed(self._embedder.register(self._denoise(pair.crop), pair.crop, guess))


def embed_batch(batch: Batch) -> FloatArray:
    """(people, templates and probes, D) float32."""

    def measure() -> dict[str, FloatArray]:
        program = Program(batch.faces, load_people(batch.faces, batch.generator))
        rows = [
            [program.embedding(person, GALLERY, batch.probed_by, k) for k in range(batch.templates)]
            + [program.embedding(person, subset, batch.probed_by) for subset in SUBSETS if batch.probes]
            for person in batch.people
        ]
        return {"embedding": np.array(rows, np.float32)}

    return Parts(batch.work).arrays(batch.key(), measure)["embedding"]


@dataclass(frozen=True, eq=False, slots=True)
class People:
    """Embeddings of everybody.

    templates: (G, T, D) of the enrolled, those who are looked for first
    probes:    (K, S, D) of those who are looked for
    strangers: (N, S, D)
    """

    templates: FloatArray
    probes: FloatArray
    strangers: FloatArray


def merged(templates: FloatArray) -> FloatArray:
    """(G, 1, D): the direction of each person's mean template."""
    return np.array([[unit(each.mean(0))] for each in templates])


def best_of(probes: FloatArray, templates: FloatArray) -> FloatArray:
    """(P, G) best cosine over each person's templates; probes (P, D), templates (G, T, D)."""
    return np.max([probes @ templates[:, k].T for k in range(templates.shape[1])], axis=0)


def figures(people: People, templates: FloatArray, card: ModelCard) -> dict[str, Any]:
    """FNIR at FPIR with thresholds of the protocol's own, and both rates at what the program would accept."""
    count, subsets = people.probes.shape[:2]
    own = np.repeat(np.arange(count), subsets)
    subset = np.tile(np.array(list(SUBSETS)), count)
    similarity = best_of(people.probes.reshape(count * subsets, -1), templates)
    searched = best_of(people.strangers.reshape(-1, people.strangers.shape[-1]), templates)
    strangers = Trials(searched.max(1).astype(np.float64), np.repeat(np.arange(len(people.strangers)), subsets))
    out: dict[str, Any] = {"searches": len(own), "stranger_searches": len(searched), "subsets": {}, "program": {}}
    best = StrangerScores.of(strangers.similarity)
    out["strangers"] = {name: round(getattr(best, name), 4) for name in ("mean", "sd", "skew")}
    for name in ("NU", "total"):
        chosen = subset == name if name != "total" else np.ones(len(own), bool)
        found = recognition.searches(similarity[chosen], own[chosen], own[chosen])
        rates = recognition.missed_at(found, strangers, np.array(RATES))
        fnir = zip(rates.missed, rates.low, rates.high, strict=True)
        out["subsets"][name] = {
            "rank1": round(float((recognition.ranks(similarity[chosen], own[chosen]) == 1).mean()), 4),
            "fnir": {f"{rate:g}": [round(float(v), 4) for v in each] for rate, each in zip(RATES, fnir, strict=True)},
        }
    everybody = recognition.searches(similarity, own, own)
    known = Gallery.of(card.identity, [(str(k), rows) for k, rows in enumerate(templates)])
    for rate in RATES:
        threshold = accepted_from(card, known, rate)
        out["program"][f"{rate:g}"] = {
            "threshold": round(threshold, 4),
            "fpir": round(float((strangers.similarity >= threshold).mean()), 4),
            "fnir": round(recognition.missed_share(everybody, threshold), 4),
        }
    return out


def seen(arguments: argparse.Namespace, first: int, count: int, templates: int, probes: bool) -> list[Batch]:
    """Batches of `count` people from a seed on."""
    starts = range(first, first + count, PEOPLE_PER_BATCH)
    return [
        Batch(
            arguments.faces,
            arguments.generator,
            tuple(range(start, min(start + PEOPLE_PER_BATCH, first + count))),
            templates,
            probes,
            PROBED_BY if arguments.people == "test" else TRAINED,
            arguments.work,
        )
        for start in starts
    ]


def measured(arguments: argparse.Namespace) -> People:
    """Look at everybody, some of them with all templates."""
    most, first = len(TEMPLATES), FIRST_PERSON[arguments.people]
    posed = min(arguments.posed, max(arguments.sizes))
    parts = (
        seen(arguments, first, arguments.known, most, True),
        seen(arguments, first + arguments.known, posed - arguments.known, most, False),
        seen(arguments, first + posed, max(arguments.sizes) - posed, 1, False),
        seen(arguments, first + STRANGERS_LATER, arguments.strangers, 0, True),
    )
    calls = [(embed_batch, (batch,)) for part in parts for batch in part]
    found = list(in_turn(calls, arguments.workers, f"{PEOPLE_PER_BATCH} people each"))
    rows: list[FloatArray] = []
    for part in parts:
        rows.append(np.concatenate(found[: len(part)]) if part else np.empty((0, most, found[0].shape[-1]), np.float32))
        found = found[len(part) :]
    known, others, plain, strangers = rows
    templates = np.full((max(arguments.sizes), most, known.shape[-1]), np.nan, np.float32)
    templates[: arguments.known], templates[arguments.known : posed] = known[:, :most], others
    templates[posed:, :1] = plain[:, :1]
    return People(templates, known[:, most:], strangers)


def protocol(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every gallery size with one template, with five, and with the five merged into one."""
    people = measured(arguments)
    card = Recogniser.open(MODELS / "recogniser_int8.onnx").card
    sizes: dict[str, Any] = {}
    for size in sorted(arguments.sizes):
        enrolled = people.templates[:size]
        sizes[str(size)] = {"one": figures(people, enrolled[:, :1], card)}
        if not np.isnan(enrolled).any():
            sizes[str(size)] |= {
                "five": figures(people, enrolled, card),
                "five_merged": figures(people, merged(enrolled), card),
            }
    return {
        "data": "simulated",
        "people": arguments.people,
        "generator": arguments.generator,
        "recogniser": card.identity,
        "known": arguments.known,
        "strangers": arguments.strangers,
        "sizes": sizes,
    }


@said_plainly()
def main() -> None:
    """Run the protocol and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--people", choices=tuple(FIRST_PERSON), default="test")
    parser.add_argument("--generator", choices=("ict", "makehuman"), default="ict")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], help="people enrolled")
    parser.add_argument("--posed", type=int, default=1000, help="how many of them with all templates")
    parser.add_argument("--known", type=int, default=100, help="people who are looked for; at most the least size")
    parser.add_argument("--strangers", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("runs/gallery_sizes"), help="folder for what is measured")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()
    if not 0 < arguments.known <= min(min(arguments.sizes), arguments.posed):
        parser.error("--known must be at least 1 and not over the least of --sizes and --posed")
    use_one_thread()
    found = protocol(arguments)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(arguments.out) as path:
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
