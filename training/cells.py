"""One cell of the denoising table: one generator's people before one sensor family, denoised by every method."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, crop_face
from depthface_app.core.face import FaceCrop
from depthface_app.core.files import whole_file
from depthface_app.core.quality import temporal_noise_mm
from depthface_app.core.sensors import SENSORS, observe
from training.embedder import Embedder, guessed_pose
from training.faces.ict import IctModel
from training.faces.makehuman import MakeHumanModel
from training.faces.shape import FaceGenerator
from training.filters import make_filters, settings
from training.methods import Method, filter_method, fingerprint, network_method, raw
from training.metrics import Denoised, Truth, normal_error_deg, rmse_mm, scores
from training.pairs import (
    NOSE_ERROR_MM,
    Pair,
    Scene,
    estimated_nose,
    face_region,
    make_pair,
    sample_appearance,
    sample_view,
    scene_intrinsics,
    truth,
)
from training.parts import Parts
from training.seeds import TEST_IDENTITIES, VALIDATION_IDENTITIES, generator

STILL_FRAMES = 8
EXAMPLES = 2  # the first people of a cell, whoever they are, are shown in pictures
TUNED_FOR = ("rmse_mm", "angle_deg")
GENERATORS: dict[str, tuple[str, Callable[[Path], FaceGenerator]]] = {
    "ict": ("ict_face_model.npz", IctModel.load),
    "makehuman": ("makehuman_face_model.npz", MakeHumanModel.load),
}

Setting = dict[str, Any]
Tuned = dict[str, dict[str, Setting]]  # by filter, then by what it was tuned for
Scores = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker is asked for.

    test:       people seen once each
    few:        people of whom still-face noise and identity drift are measured
    networks:   name and file of each denoiser
    recogniser: file of the recogniser for identity drift, or None
    code:       what the programs were that measured
    """

    faces: Path
    generator: str
    sensor: str
    test: int
    few: int
    networks: tuple[tuple[str, Path], ...]
    recogniser: Path | None
    work: Path
    code: str

    def load_faces(self) -> FaceGenerator:
        """The generator of the people."""
        file, load = GENERATORS[self.generator]
        return load(self.faces / file)

    def key(self, **more: Any) -> dict[str, Any]:
        """Everything that a measurement depends on."""
        faces = fingerprint(self.faces / GENERATORS[self.generator][0])
        return {"code": self.code, "faces": faces, "sensor": self.sensor, **more}


def pairs_of(faces: FaceGenerator, sensor: str, first_identity: int, count: int) -> list[Pair]:
    """`count` people seen once each by units of one sensor family."""
    out = []
    for k in range(count):
        identity = faces.sample_identity(generator(first_identity + k))
        rng = generator(first_identity, list(SENSORS).index(sensor), k)
        out.append(make_pair(faces, identity, rng, sample_view(rng, (sensor,))))
    return out


@dataclass(frozen=True, eq=False, slots=True)
class Still:
    """One still face, seen again and again by one unit; only the sensor's noise differs.

    seen: (S, S) bool, pixels of the face that every frame has read
    """

    crops: list[FaceCrop]
    seen: NDArray[np.bool_]

    def noise_mm(self, method: Method) -> float:
        """Median over the seen pixels of the standard deviation over frames."""
        stack = np.stack([method(crop).value for crop in self.crops]) * np.float32(DEPTH_RANGE_MM)
        return temporal_noise_mm(np.where(self.seen, stack, np.float32(np.nan)))


def still_face(faces: FaceGenerator, sensor: str, first_identity: int, k: int) -> Still:
    """Person k before one unit of a family, STILL_FRAMES times."""
    identity = faces.sample_identity(generator(first_identity + k))
    rng = generator(first_identity, list(SENSORS).index(sensor), k, 1)
    view = sample_view(rng, (sensor,))
    look = sample_appearance(faces, rng)
    scene = Scene(faces, faces.vertices(identity, look), view, rng, look.covers)
    pinhole = scene_intrinsics(view)
    clean, nose_mm = scene.depth(pinhole), estimated_nose(view, rng, NOSE_ERROR_MM)
    crops = [crop_face(observe(clean, pinhole, view.sensor, rng), pinhole, nose_mm) for _ in range(STILL_FRAMES)]
    face = face_region(crops[0], truth(scene, crops[0])[0]) > 0
    return Still(crops, face & ~np.isnan(np.stack([crop.depth_mm for crop in crops])).any(0))


def tune(job: Job) -> Tuned:
    """Each filter's setting with the least RMSE and with the least angle error on `job.test` validation people."""

    def measure() -> Tuned:
        first = VALIDATION_IDENTITIES.start + 1000
        truths = [Truth.of(pair) for pair in pairs_of(job.load_faces(), job.sensor, first, job.test)]
        return {name: _tuned(name, apply, truths) for name, apply in make_filters().items()}

    return Parts(job.work).values(job.key(tuned_on=job.test, generator=job.generator), measure)


def _tuned(name: str, apply: Callable[..., NDArray[np.float32]], truths: list[Truth]) -> dict[str, Setting]:
    tried, errors = list(settings(name)), []
    for setting in tried:
        method = filter_method(apply, setting)
        values = [method(truth.pair.crop).value for truth in truths]
        depth = [rmse_mm(truth.pair, value) for truth, value in zip(truths, values, strict=True)]
        angle = [normal_error_deg(truth, value) for truth, value in zip(truths, values, strict=True)]
        errors.append((np.mean(depth), np.mean(angle)))
    best = np.argmin(np.array(errors), axis=0)
    return {column: tried[k] for column, k in zip(TUNED_FOR, best, strict=True)}


class Cell:
    """The people of one job, made when the first measurement needs them."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.parts = Parts(job.work)

    @cached_property
    def _faces(self) -> FaceGenerator:
        return self.job.load_faces()

    @cached_property
    def truths(self) -> list[Truth]:
        """The test pairs."""
        return [Truth.of(p) for p in pairs_of(self._faces, self.job.sensor, TEST_IDENTITIES.start, self.job.test)]

    @cached_property
    def _stills(self) -> list[Still]:
        first = TEST_IDENTITIES.start
        return [still_face(self._faces, self.job.sensor, first, k) for k in range(self.job.few)]

    @cached_property
    def _embedder(self) -> Embedder | None:
        return Embedder(self.job.recogniser, self.job.faces) if self.job.recogniser else None

    def _embedding(self, k: int, denoised: Denoised) -> NDArray[np.float32]:
        """Of pair k, whose pose is guessed alike for every method."""
        assert self._embedder is not None
        pair = self.truths[k].pair
        pose = guessed_pose(pair.view.pose, generator(TEST_IDENTITIES.start, k, 2))
        return self._embedder.embed(self._embedder.register(denoised, pair.crop, pose))

    @cached_property
    def _clean(self) -> list[NDArray[np.float32]]:
        few = self.truths[: self.job.few]
        return [self._embedding(k, Denoised(t.value, ~np.isnan(t.depth_mm))) for k, t in enumerate(few)]

    def _measure(self, method: Method) -> Scores:
        """Figures of every pair, and of the first few still faces and embeddings."""
        out: Scores = {}
        for k, truth_k in enumerate(self.truths):
            denoised = method(truth_k.pair.crop)
            found = scores(truth_k, denoised)
            if self._embedder is not None and k < self.job.few:
                found["identity"] = float(self._embedding(k, denoised) @ self._clean[k])
            for name, value in found.items():
                out.setdefault(name, []).append(value)
        out["still_mm"] = [still.noise_mm(method) for still in self._stills]
        return out

    def _angles(self, method: Method) -> Scores:
        """The normal angle errors alone."""
        return {"angle_deg": [normal_error_deg(t, method(t.pair.crop).value) for t in self.truths]}

    def scores(self, identity: dict[str, Any], method: Callable[[], Method], angles_only: bool = False) -> Scores:
        """Figures of one method; `identity` is what tells it from any other."""
        job = self.job
        recogniser = fingerprint(job.recogniser) if job.recogniser else None
        key = job.key(generator=job.generator, test=job.test, few=job.few, recogniser=recogniser, **identity)
        measure = self._angles if angles_only else self._measure
        return self.parts.values(key | {"angles": angles_only}, lambda: measure(method()))


class Filters:
    """The classical filters, made when first needed: the vendor's own opens a device."""

    @cached_property
    def _made(self) -> dict[str, Callable[..., NDArray[np.float32]]]:
        return make_filters()

    def method(self, name: str, setting: Setting) -> Method:
        """One filter with one setting."""
        return filter_method(self._made[name], setting)


def run_cell(job: Job, tuned: Tuned) -> dict[str, Scores]:
    """Every method's scores on one cell; a filter's angle comes from the setting that was tuned for angles."""
    cell, filters = Cell(job), Filters()
    out = {"raw": cell.scores({"method": "raw"}, lambda: raw)}
    for name, best in tuned.items():
        found = [
            cell.scores({"filter": name, "setting": best[column]}, partial(filters.method, name, best[column]), angles)
            for column, angles in zip(TUNED_FOR, (False, True), strict=True)
        ]
        out[name] = found[0] | found[1]
    for name, path in job.networks:
        out[name] = cell.scores({"network": fingerprint(path)}, partial(network_method, path))
    _keep_examples(cell, tuned, filters)
    return out


def examples_path(job: Job) -> Path:
    """Where a cell's example pictures lie."""
    return job.work / f"examples_{job.generator}_{job.sensor}.npz"


def _keep_examples(cell: Cell, tuned: Tuned, filters: Filters) -> None:
    """The first people of the cell as every method leaves them: (EXAMPLES, S, S) arrays in network range by name."""
    job = cell.job
    networks = [(name, fingerprint(path)) for name, path in job.networks]
    key = job.key(generator=job.generator, test=job.test, pictures=EXAMPLES, tuned=tuned, networks=networks)

    def measure() -> dict[str, NDArray]:
        shown = cell.truths[:EXAMPLES]
        methods = {"raw": raw} | {name: filters.method(name, best["rmse_mm"]) for name, best in tuned.items()}
        methods |= {name: network_method(path) for name, path in job.networks}
        out = {"truth": np.stack([t.value for t in shown]), "judged": np.stack([t.judged for t in shown])}
        out["nose_mm"] = np.stack([np.array(t.pair.crop.nose_mm) for t in shown])
        for name, method in methods.items():
            denoised = [method(t.pair.crop) for t in shown]
            out[f"method {name}"] = np.stack([np.where(d.surface, d.value, np.float32(np.nan)) for d in denoised])
        return out

    with whole_file(examples_path(job)) as path:
        np.savez_compressed(path, allow_pickle=False, **cell.parts.arrays(key, measure))
