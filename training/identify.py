"""Who is it, out of model? `python -m training.identify --faces DIR --denoiser FILE --recogniser FILE --out FILE`.

Simulated people are enrolled with one frontal picture each and looked for again on other occasions by other sensors,
in the five subsets NU, FE, PS, OC and TM; as many strangers are looked for in vain. Any number of denoisers and
recognisers, each with each; `truth` and `raw` stand in for a denoiser that is perfect and one that does nothing. A
locator's errors are drawn, not made: the whole program is measured by `benchmarks.identification`. What was measured
stays in the work folder, so that a run that was stopped goes on. All data is simulated.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.files import whole_file
from depthface_app.core.metrics import intervals, recognition
from depthface_app.core.metrics.recognition import Rates, Trials
from training.checkpoint import current_commit
from training.distinct import distinct_people
from training.embedder import Embedder
from training.evaluate import in_turn, rounded, short
from training.looks import (
    DISTANCES_MM,
    ENROLLED_BY,
    PROBED_BY,
    RAW,
    TRUTH,
    Batch,
    embed_batch,
    load_people,
    probe_sensor,
)
from training.methods import fingerprint, named_file
from training.pairs import HELD_OUT_SENSOR
from training.parts import Parts, code_fingerprint
from training.seeds import TEST_IDENTITIES
from training.subsets import SUBSETS
from training.trouble import said_plainly

FPIR = (0.003, 0.01, 0.03)
FMR = 1e-3
TOTAL = "total"
LONGEST_CMC = 20
DET_POINTS = 40
PEOPLE_PER_BATCH = 20
FIRST_PERSON = TEST_IDENTITIES.start + 20_000


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Everyone who was looked for, against everyone enrolled.

    similarity: (P, G) cosines of all probes with the gallery
    own:        (P,) column of the right person
    subset:     (P,) names
    sensor:     (P,) names
    strangers:  searches for people who are not enrolled
    """

    similarity: NDArray[np.float32]
    own: NDArray[np.intp]
    subset: NDArray[np.str_]
    sensor: NDArray[np.str_]
    strangers: Trials

    @classmethod
    def of(cls, enrolled: NDArray[np.float32], strangers: NDArray[np.float32], seeds: list[int]) -> "Comparison":
        """From (G, 1 + subsets, D) and (S, subsets, D) embeddings; seeds: (G,) identity seeds."""
        gallery, probes = enrolled[:, 0], enrolled[:, 1:]
        count = probes.shape[1]
        searched = strangers.reshape(-1, strangers.shape[-1]) @ gallery.T
        unknown = Trials(searched.max(1).astype(np.float64), np.repeat(np.arange(len(strangers)), count))
        return cls(
            probes.reshape(-1, probes.shape[-1]) @ gallery.T,
            np.repeat(np.arange(len(gallery)), count),
            np.tile(np.array(list(SUBSETS)), len(gallery)),
            np.array([probe_sensor(seed, subset) for seed in seeds for subset in SUBSETS]),
            unknown,
        )

    def part(self, chosen: NDArray[np.bool_]) -> "Comparison":
        """Only these probes."""
        return Comparison(
            self.similarity[chosen], self.own[chosen], self.subset[chosen], self.sensor[chosen], self.strangers
        )

    def searches(self) -> Trials:
        """Outcomes of the searches for enrolled people."""
        return recognition.searches(self.similarity, self.own, self.own)

    def rank1(self) -> dict[str, Any]:
        """Share of probes whose best match is the right person."""
        hits = recognition.ranks(self.similarity, self.own) == 1
        return rounded(intervals.share(hits, self.own))


def curve(rates: Rates) -> dict[str, list[float]]:
    """Rates as they are written down."""
    names = ("false", "missed", "low", "high")
    return {name: [short(value) for value in getattr(rates, name)] for name in names}


def detection(same: Trials, other: Trials) -> dict[str, list[float]]:
    """The trade-off curve, from one false in all trials to half of them."""
    return curve(recognition.missed_at(same, other, np.geomspace(1 / len(other.similarity), 0.5, DET_POINTS)))


def at_threshold(comparison: Comparison, threshold: float) -> dict[str, Any]:
    """FPIR and, per subset, FNIR at a fixed threshold."""
    false = comparison.strangers.similarity >= threshold
    found = comparison.searches()
    missed = found.similarity < threshold
    return {
        "threshold": threshold,
        "fpir": rounded(intervals.share(false, comparison.strangers.person)),
        "fnir": {
            name: rounded(intervals.share(missed[chosen], found.person[chosen]))
            for name, chosen in groups(comparison).items()
        },
    }


def groups(comparison: Comparison) -> dict[str, NDArray[np.bool_]]:
    """Which probes belong to each subset, and all of them."""
    chosen = {name: comparison.subset == name for name in SUBSETS}
    return chosen | {TOTAL: np.ones(len(comparison.own), bool)}


def figures(comparison: Comparison, card_threshold: float | None) -> dict[str, Any]:
    """Every figure of one denoiser with one recogniser. Thresholds are common to all subsets."""
    own, similarity = comparison.own, comparison.similarity
    _, everybody_else = recognition.verifications(similarity, own, own)
    out: dict[str, Any] = {"subsets": {}, "sensors": {}, "thresholds_at_fpir": {}}
    for rate in FPIR:
        threshold = recognition.threshold_at(comparison.strangers, rate)
        out["thresholds_at_fpir"][f"{rate:g}"] = threshold
    for name, chosen in groups(comparison).items():
        part = comparison.part(chosen)
        mine, _ = recognition.verifications(part.similarity, part.own, part.own)
        value, low, high = recognition.cumulative_match(
            recognition.ranks(part.similarity, part.own), part.own, LONGEST_CMC
        )
        out["subsets"][name] = {
            "probes": len(part.own),
            "rank1": part.rank1(),
            "fnir_at_fpir": curve(recognition.missed_at(part.searches(), comparison.strangers, np.array(FPIR))),
            "fnmr_at_fmr": curve(recognition.missed_at(mine, everybody_else, np.array([FMR]))),
            "equal_error": rounded(recognition.equal_error(mine, everybody_else)),
            "cmc": {"value": [*map(short, value)], "low": [*map(short, low)], "high": [*map(short, high)]},
        }
    for sensor in PROBED_BY:
        out["sensors"][sensor] = comparison.part(comparison.sensor == sensor).rank1()
    same, _ = recognition.verifications(similarity, own, own)
    out["det_identification"] = detection(comparison.searches(), comparison.strangers)
    out["det_verification"] = detection(same, everybody_else)
    if card_threshold is not None:
        out["at_card_threshold"] = at_threshold(comparison, card_threshold)
    return out


def distinct(arguments: argparse.Namespace, code: str) -> list[int]:
    """Seeds of people none of whom is nearly the same as another: the enrolled, then the strangers."""
    count = arguments.people + arguments.strangers
    key = {"code": code, "generator": arguments.generator, "first": FIRST_PERSON, "count": count}
    faces = fingerprint(arguments.faces / f"{arguments.generator}_face_model.npz")

    def measure() -> list[int]:
        return distinct_people(load_people(arguments.faces, arguments.generator), FIRST_PERSON, count)

    return [int(seed) for seed in Parts(arguments.work).values(key | {"faces": faces}, measure)]


def identify(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole protocol."""
    denoisers = tuple((text, None) if text in (TRUTH, RAW) else named_file(text) for text in arguments.denoiser)
    recognisers = tuple(named_file(text) for text in arguments.recogniser)
    code = code_fingerprint()
    people = distinct(arguments, code)
    known, unknown = people[: arguments.people], people[arguments.people :]

    def batches(seeds: list[int], enrolled: bool) -> list[Batch]:
        chunks = [tuple(seeds[k : k + PEOPLE_PER_BATCH]) for k in range(0, len(seeds), PEOPLE_PER_BATCH)]
        return [
            Batch(arguments.faces, arguments.generator, denoisers, recognisers, c, enrolled, arguments.work, code)
            for c in chunks
        ]

    calls = [(embed_batch, (batch,)) for batch in (*batches(known, True), *batches(unknown, False))]
    found = list(in_turn(calls, arguments.workers, f"{PEOPLE_PER_BATCH} people each"))
    border = len(batches(known, True))
    combinations = []
    for denoiser, _ in denoisers:
        for recogniser, path in recognisers:
            names = (denoiser, recogniser)
            enrolled = np.concatenate([batch[names] for batch in found[:border]])
            strangers = np.concatenate([batch[names] for batch in found[border:]])
            threshold = Embedder(path, arguments.faces).threshold
            comparison = Comparison.of(enrolled, strangers, known)
            combinations.append({"denoiser": denoiser, "recogniser": recogniser, **figures(comparison, threshold)})
    return header(arguments, recognisers) | {"combinations": combinations}


def header(arguments: argparse.Namespace, recognisers: tuple[tuple[str, Path], ...]) -> dict[str, Any]:
    """What the figures are of."""
    return {
        "data": "simulated",
        "commit": current_commit(),
        "generator": arguments.generator,
        "enrolled": arguments.people,
        "strangers": arguments.strangers,
        "enrolled_by": ENROLLED_BY,
        "distances_mm": DISTANCES_MM,
        "held_out_sensor": HELD_OUT_SENSOR,
        "subsets": SUBSETS,
        "recognisers": {name: fingerprint(path) for name, path in recognisers},
    }


@said_plainly()
def main() -> None:
    """Run the protocol and write the figures."""
    parser = argparse.ArgumentParser(description="Rank-1 and error rates of simulated people in five subsets.")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--denoiser", nargs="+", required=True, metavar="[NAME=]FILE", help=f"or {TRUTH} or {RAW}")
    parser.add_argument("--recogniser", nargs="+", required=True, metavar="[NAME=]FILE")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")
    parser.add_argument("--work", type=Path, default=Path("runs/identify"), help="folder for what is measured")
    parser.add_argument("--generator", choices=("makehuman", "ict"), default="makehuman")
    parser.add_argument("--people", type=int, default=500, help="enrolled")
    parser.add_argument("--strangers", type=int, default=500, help="looked for in vain")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.people < 2 or arguments.strangers < 1:
        sys.exit("Identification needs at least two people enrolled and one stranger.")
    found = identify(arguments)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(arguments.out) as path:
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
