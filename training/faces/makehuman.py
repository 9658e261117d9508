"""Faces of MakeHuman: another generator, kept out of training, to test on faces that no mode of ours describes.

Source: MakeHuman / MPFB2 targets (CC0).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from training.arrays import read_arrays
from training.faces.growth import RELIEF_FIELDS, gaussian, hair_mm, outward
from training.faces.loop import loop_matrix
from training.faces.shape import Appearance, Identity

TARGETS = ("detail", "universal", "macro")
ARRAYS = ("base", "triangles", "nose_tip", "expr", *TARGETS, *(f"{kind}_names" for kind in TARGETS))
DETAIL_SD = 0.2
ASYMMETRY = 0.15  # share of a detail's weight that differs between left and right
RELIEF_SEED, RELIEF_RADII_MM = 20_240_102, (6.0, 40.0)
FULLNESS = {"head/head-fat": 1.0, "cheek/l-cheek-volume": 0.4, "cheek/r-cheek-volume": 0.4, "neck/neck-double": 0.3}
NEUTRAL_POINTS = 400


def _pairs(names: list[str]) -> list[tuple[int, int | None]]:
    """Group detail targets into (increase, decrease) pairs; a target without an opposite stands alone."""
    opposite = {"incr": "decr", "up": "down", "out": "in", "forward": "backward", "convex": "concave"}
    index = {name: k for k, name in enumerate(names)}
    used: set[int] = set()
    pairs: list[tuple[int, int | None]] = []
    for name, k in index.items():
        stem, _, end = name.rpartition("-")
        other = index.get(f"{stem}-{opposite.get(end, '')}")
        if other is not None:
            pairs.append((k, other))
            used |= {k, other}
    return pairs + [(k, None) for k in range(len(names)) if k not in used]


class MakeHumanModel:
    """The sampler. Subdivision keeps the numbers of the old vertices."""

    def __init__(self, data: dict[str, NDArray], hair: bool = False) -> None:
        """Unpack the arrays of the model file.

        Args:
            hair: let an appearance's hair and beard grow. The published figures of denoiser and locator are of bald,
                shaved people of this generator; subsets of sessions need hair.
        """
        self.grows_hair = hair
        self._data = {key: data[key].astype(np.float32) for key in ("base", "macro", "universal", "detail", "expr")}
        self.detail_names = [str(name) for name in data["detail_names"]]
        self.universal_names = [str(name) for name in data["universal_names"]]
        self.macro_names = [str(name) for name in data["macro_names"]]
        self._pairs = _pairs(self.detail_names)
        self.nose_tip = int(data["nose_tip"])
        self._subdivide, self.triangles = loop_matrix(data["triangles"].astype(np.int64), len(self._data["base"]))
        fine = self._subdivide @ self._data["base"]
        self._relative, self._outward = fine - fine[self.nose_tip], outward(fine)
        self._relief = self._make_relief(np.random.default_rng(RELIEF_SEED))
        coarse = self._data["base"] - self._data["base"][self.nose_tip]
        front = np.flatnonzero((coarse[:, 2] > -70) & (coarse[:, 1] > -75) & (coarse[:, 1] < 75))
        self._neutral = front[:: max(1, len(front) // NEUTRAL_POINTS)]

    @classmethod
    def load(cls, path: Path | str, hair: bool = False) -> "MakeHumanModel":
        """Read the compact model file; `hair` as for the constructor. Raises what `read_arrays` raises."""
        return cls(read_arrays(path, ARRAYS), hair)

    def _make_relief(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """(RELIEF_FIELDS, N) smooth fields for hair and beard."""
        points = self._relative
        least, most = np.log(RELIEF_RADII_MM)
        radii = np.exp(rng.uniform(least, most, RELIEF_FIELDS))
        front = np.flatnonzero(points[:, 2] > -100)
        return np.stack([gaussian(points, points[rng.choice(front)], float(radius)) for radius in radii])

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """A new person: a mixture of race, sex and age, a build, and every detail a little off."""
        male, old = rng.random() < 0.5, rng.beta(1, 2)
        coefficients = self._macro(rng, male, old)
        universal = self._universal(rng, male, old)
        detail = np.zeros(len(self.detail_names), np.float32)
        for plus, minus in self._pairs:
            weight = rng.normal(0, DETAIL_SD)
            if minus is None:
                detail[plus] = max(weight, 0)
            else:
                detail[plus if weight > 0 else minus] = abs(weight)
        uneven = self._symmetric(detail) + rng.normal(0, DETAIL_SD * ASYMMETRY, len(detail)) * (detail > 0)
        return Identity(np.concatenate((coefficients, universal)), np.ones(3, np.float32), uneven.astype(np.float32))

    def _macro(self, rng: np.random.Generator, male: bool, old: float) -> NDArray[np.float32]:
        race = rng.dirichlet((0.4, 0.4, 0.4))
        names = ("african", "asian", "caucasian")
        out = np.zeros(len(self.macro_names), np.float32)
        for weight, name in zip(race, names, strict=True):
            for age, share in (("young", 1 - old), ("old", old)):
                out[self.macro_names.index(f"{name}-{'male' if male else 'female'}-{age}")] = weight * share
        return out

    def _universal(self, rng: np.random.Generator, male: bool, old: float) -> NDArray[np.float32]:
        muscle = rng.choice(("min", "average", "max"))
        heavy = rng.uniform(-1, 1)
        out = np.zeros(len(self.universal_names), np.float32)
        for age, share in (("young", 1 - old), ("old", old)):
            stem = f"{'male' if male else 'female'}-{age}-{muscle}muscle"
            out[self.universal_names.index(f"{stem}-averageweight")] = share * (1 - abs(heavy))
            out[self.universal_names.index(f"{stem}-{'max' if heavy > 0 else 'min'}weight")] = share * abs(heavy)
        return out

    def _symmetric(self, detail: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the right side what the left side got."""
        out = detail.copy()
        for k, name in enumerate(self.detail_names):
            twin = name.replace("/r-", "/l-")
            if twin != name and twin in self.detail_names:
                out[k] = detail[self.detail_names.index(twin)]
        return out

    def sample_expression(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Up to four of the model's expressions; a third of the faces are neutral."""
        weights = np.zeros(len(self._data["expr"]), np.float32)
        if rng.random() > 1 / 3:
            active = rng.choice(len(weights), rng.integers(1, 5), replace=False)
            weights[active] = rng.uniform(0.1, 0.8, len(active))
        return weights

    def vertices(self, identity: Identity, appearance: Appearance) -> NDArray[np.float32]:
        """(N, 3) float32 mm in model axes."""
        coarse = self._coarse(identity) + np.tensordot(appearance.expression, self._data["expr"], 1)
        if appearance.weight_mm:
            coarse = coarse + self._fuller(appearance.weight_mm)
        fine = self._subdivide @ coarse
        if self.grows_hair:
            fine = fine + self._outward * hair_mm(self._relative, self._relief, appearance)[:, None]
        return fine * identity.stretch

    def facing(self, pose: HeadPose, nose_mm: tuple[float, float, float]) -> NDArray[np.int32]:
        """All triangles: people differ too much from the base mesh to tell which look away."""
        return self.triangles

    def neutral_shape(self, identity: Identity) -> NDArray[np.float32]:
        """(K, 3) float32 mm of points of the neutral, shaved face before its subdivision."""
        return self._coarse(identity)[self._neutral] * identity.stretch

    def _coarse(self, identity: Identity) -> NDArray[np.float32]:
        data, split = self._data, len(self.macro_names)
        coarse = data["base"] + np.tensordot(identity.coefficients[:split], data["macro"], 1)
        coarse = coarse + np.tensordot(identity.coefficients[split:], data["universal"], 1)
        used = np.flatnonzero(identity.detail)
        return coarse + np.tensordot(identity.detail[used], data["detail"][used], 1)

    def _fuller(self, weight_mm: float) -> NDArray[np.float32]:
        """Movement (N, 3) that moves the fullest part by this much: the generator's own targets, mixed."""
        end = "incr" if weight_mm > 0 else "decr"
        mixed = np.zeros_like(self._data["base"])
        for stem, share in FULLNESS.items():
            mixed += np.float32(share) * self._data["detail"][self.detail_names.index(f"{stem}-{end}")]
        return mixed * np.float32(abs(weight_mm) / np.linalg.norm(mixed, axis=1).max())
