"""What it brings, and costs, that somebody said "this is not NAME": `python -m benchmarks.denials --faces DIR`.

Simulated validation people, whole pictures through the program's own networks. Each stranger is denied with one probe
to be the person they are nearest to, and looked for again with every other probe: how often the denial holds. Each
enrolled person then carries the denial of the stranger who is most like them: how many of their own probes that loses.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.identification import FIRST, MODELS, Program, gallery_of, probes_of, threshold_at
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.denoiser import Denoiser
from depthface_app.inference.locator import Locator
from depthface_app.inference.recogniser import Recogniser
from training.faces.ict import IctModel
from training.looks import PROBED_BY
from training.pairs import HELD_OUT_SENSOR, use_one_thread

CONDITIONS = ("frontal", "±20°")
EACH = 3  # probes per person and condition, by three sensors
FPIR = 0.01
Probes = dict[int, list[NDArray[np.float32]]]  # by person


def probes(program: Program, faces: IctModel, people: range) -> Probes:
    """Probes of these people in which a face was found."""
    sensors = [name for name in PROBED_BY if name != HELD_OUT_SENSOR]
    found: Probes = {}
    for condition in CONDITIONS:
        embeddings, whose = probes_of(program, faces, FIRST["validation"], people, condition, EACH, sensors)
        for embedding, person in zip(embeddings, whose, strict=True):
            if embedding is not None:
                found.setdefault(person, []).append(embedding)
    return found


def named(gallery: NDArray[np.float32], probe: NDArray[np.float32], threshold: float, **denied: object) -> str | None:
    """Whom the program's own gallery takes a probe for."""
    names = tuple(str(k) for k in range(len(gallery)))
    return Gallery("m", names, gallery, np.arange(len(gallery)), **denied).match(probe, "m", threshold).name  # type: ignore[arg-type]


def measure(gallery: NDArray[np.float32], own: Probes, strangers: Probes) -> dict[str, object]:
    """The figures, with the threshold that lets a share FPIR of these strangers through."""
    every = np.array([probe for each in strangers.values() for probe in each])
    scores = every @ gallery.T
    threshold = threshold_at(scores, FPIR)
    held, again = 0, 0
    for each in strangers.values():
        for i, said in enumerate(each):
            nearest = int((gallery @ said).argmax())
            for other in (
                probe for j, probe in enumerate(each) if j != i and int((gallery @ probe).argmax()) == nearest
            ):
                denied = {"denied": said[None], "denied_person": np.array([nearest])}
                again += 1
                held += named(gallery, other, -1.0, **denied) != str(nearest)
    known, lost = 0, 0
    for person, each in own.items():
        worst = every[scores[:, person].argmax()]
        denied = {"denied": worst[None], "denied_person": np.array([person])}
        before = [probe for probe in each if named(gallery, probe, threshold) == str(person)]
        known += len(before)
        lost += sum(named(gallery, probe, threshold, **denied) != str(person) for probe in before)
    return {"looked_for_again": again, "denial_held": held, "own_probes_known": known, "own_probes_lost": lost}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--enrolled", type=int, default=40)
    parser.add_argument("--strangers", type=int, default=80)
    arguments = parser.parse_args()
    use_one_thread()
    program = Program(
        Locator.open(MODELS / "locator.onnx"),
        Denoiser.open(MODELS / "denoiser.onnx"),
        Recogniser.open(MODELS / "recogniser_int8.onnx"),
    )
    faces, people = IctModel.load(arguments.faces / "ict_face_model.npz"), arguments.enrolled
    gallery = gallery_of(program, faces, FIRST["validation"], people)
    own = probes(program, faces, range(people))
    strangers = probes(program, faces, range(people, people + arguments.strangers))
    head = {"data": "simulated", "people": "validation", "enrolled": people, "strangers": arguments.strangers}
    print(json.dumps({**head, "recogniser": program.recogniser.card.identity, **measure(gallery, own, strangers)}))


if __name__ == "__main__":
    main()
