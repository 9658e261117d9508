"""Embeddings of simulated people in the five subsets, by any number of denoisers and recognisers, kept as they come."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import CanonicalFace
from training.embedder import Embedder, guessed_pose
from training.faces.ict import IctModel
from training.faces.makehuman import MakeHumanModel
from training.faces.shape import FaceGenerator
from training.methods import Method, fingerprint, network_method, raw
from training.metrics import Denoised
from training.pairs import Pair, make_pair
from training.parts import Parts
from training.seeds import generator
from training.subsets import SUBSETS, Look, gallery_look, sample_subset

ENROLLED_BY = "d415"
DISTANCES_MM = {  # within what each sensor is good at; the program asks for the same
    "d415": (550.0, 700.0),
    "kinect1": (600.0, 1300.0),
    "kinect2": (600.0, 1300.0),
    "d435": (400.0, 1100.0),
    "truedepth": (350.0, 800.0),
}
PROBED_BY = tuple(name for name in DISTANCES_MM if name != ENROLLED_BY)
TRUTH, RAW = "truth", "raw"  # in place of a denoiser: the noiseless surface, and what the sensor delivers
GALLERY = "gallery"

Embeddings = dict[tuple[str, str], NDArray[np.float32]]  # by denoiser and recogniser


@dataclass(frozen=True, slots=True)
class Batch:
    """Some people, to be seen by one worker.

    denoisers:   name and file; the names `TRUTH` and `RAW` need none
    people:      identity seeds
    enrolled:    whether a gallery picture of each is wanted
    code:        what the programs were that measured
    """

    faces: Path
    generator: str
    denoisers: tuple[tuple[str, Path | None], ...]
    recognisers: tuple[tuple[str, Path], ...]
    people: tuple[int, ...]
    enrolled: bool
    work: Path
    code: str

    @property
    def subsets(self) -> tuple[str, ...]:
        """In the order of a person's rows."""
        return (GALLERY, *SUBSETS) if self.enrolled else tuple(SUBSETS)

    def key(self, denoiser: tuple[str, Path | None], recogniser: Path) -> dict[str, Any]:
        """Everything that the embeddings of this batch depend on."""
        name, file = denoiser
        return {
            "code": self.code,
            "faces": fingerprint(self.faces / f"{self.generator}_face_model.npz"),
            "people": self.people,
            "subsets": self.subsets,
            "denoiser": fingerprint(file) if file else name,
            "recogniser": fingerprint(recogniser),
        }


def load_people(folder: Path, name: str) -> FaceGenerator:
    """A generator whose people grow hair and beards."""
    if name == "makehuman":
        return MakeHumanModel.load(folder / "makehuman_face_model.npz", hair=True)
    return IctModel.load(folder / "ict_face_model.npz")


def probe_sensor(person: int, subset: str, probed_by: tuple[str, ...] = PROBED_BY) -> str:
    """Sensors take turns over people and subsets."""
    return probed_by[(person + list(SUBSETS).index(subset)) % len(probed_by)]


def look_at(faces: FaceGenerator, person: int, subset: str, probed_by: tuple[str, ...] = PROBED_BY) -> Look:
    """One picture of a person: the gallery's by its sensor, a probe by another on another occasion."""
    sensor = ENROLLED_BY if subset == GALLERY else probe_sensor(person, subset, probed_by)
    look = (
        gallery_look(faces, person, (sensor,))
        if subset == GALLERY
        else sample_subset(faces, subset, person, 0, (sensor,))
    )
    rng = generator(*look.keys, 1)
    z = float(rng.uniform(*DISTANCES_MM[sensor]))
    nose = (z * float(rng.uniform(-0.1, 0.1)), z * float(rng.uniform(-0.08, 0.08)), z)
    return replace(look, view=replace(look.view, nose_mm=nose))


class Eyes:
    """The denoisers and recognisers of a batch, opened once per worker."""

    def __init__(self, batch: Batch) -> None:
        self._methods: dict[str, Method] = {n: network_method(file) if file else raw for n, file in batch.denoisers}
        self._embedders = {name: Embedder(path, batch.faces) for name, path in batch.recognisers}

    def embeddings(self, pair: Pair, look: Look) -> Embeddings:
        """(D,) by denoiser and recogniser; faces are registered once for recognisers that share a mean face."""
        out = {}
        pose = guessed_pose(look.view.pose, generator(*look.keys, 2))
        for denoiser, method in self._methods.items():
            seen = truth_of(pair) if denoiser == TRUTH else method(pair.crop)
            registered: dict[bytes, CanonicalFace] = {}
            for recogniser, embedder in self._embedders.items():
                mean = embedder.mean.depth_mm.tobytes()
                if mean not in registered:
                    registered[mean] = embedder.register(seen, pair.crop, pose)
                out[denoiser, recogniser] = embedder.embed(registered[mean])
        return out


def truth_of(pair: Pair) -> Denoised:
    """The noiseless surface in the place of a denoiser's."""
    return Denoised(pair.target[0], pair.surface[0] > 0)


def embed_batch(batch: Batch) -> Embeddings:
    """(people, subsets, D) float32 by denoiser and recogniser."""
    parts, pairs = Parts(batch.work), {}
    for denoiser in batch.denoisers:
        for name, file in batch.recognisers:
            pairs[denoiser[0], name] = batch.key(denoiser, file)
    missing = {names for names, key in pairs.items() if not parts.path(key, ".npz").exists()}
    found = _measured(_only(batch, missing)) if missing else {}
    return {names: parts.arrays(key, partial(_taken, found, names))["embedding"] for names, key in pairs.items()}


def _taken(found: Embeddings, names: tuple[str, str]) -> dict[str, NDArray[np.float32]]:
    return {"embedding": found[names]}


def _only(batch: Batch, missing: set[tuple[str, str]]) -> Batch:
    """The batch with those networks alone that are still needed."""
    return replace(
        batch,
        denoisers=tuple(d for d in batch.denoisers if any(d[0] == names[0] for names in missing)),
        recognisers=tuple(r for r in batch.recognisers if any(r[0] == names[1] for names in missing)),
    )


def _measured(batch: Batch) -> Embeddings:
    faces, eyes = load_people(batch.faces, batch.generator), Eyes(batch)
    rows: dict[tuple[str, str], list[NDArray[np.float32]]] = {}
    for person in batch.people:
        for subset in batch.subsets:
            look = look_at(faces, person, subset)
            pair = make_pair(faces, look.identity, look.rng(), look.view, appearance=look.appearance)
            for names, vector in eyes.embeddings(pair, look).items():
                rows.setdefault(names, []).append(vector)
    shape = (len(batch.people), len(batch.subsets), -1)
    return {names: np.stack(vectors).reshape(shape) for names, vectors in rows.items()}
