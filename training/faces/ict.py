"""Faces of ICT FaceKit, with detail that its modes lack.

Five modes carry 69 % of the model's variance, and real heads lie about 2 mm away from its space; so every identity
also gets bumps and bends of its own, drawn from a fixed bank of smooth fields.

Source: Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020 (ICT FaceKit, MIT licence).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.faces.shape import Appearance, Identity

BANK_SEED = 20_240_101
N_BUMPS, N_BENDS = 640, 160
BUMPS_EACH, BENDS_EACH = 56, 12
BUMP_SD_PER_RADIUS = 0.04  # a bump of 10 mm radius is 0.4 mm high
BEND_SD_MM = 1.6
STRETCH_SD = 0.03
PARTS_LEFT_OUT = ("gums_tongue", "teeth")
MIRROR = np.array((-1.0, 1.0, 1.0), np.float32)


def _gaussian(points_mm: NDArray[np.float32], centre_mm: NDArray[np.float32], radius_mm: float) -> NDArray[np.float32]:
    return np.exp(-0.5 * ((points_mm - centre_mm) ** 2).sum(1) / radius_mm**2)


def _smoothstep(x: NDArray[np.float32]) -> NDArray[np.float32]:
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)


class IctModel:
    """The sampler. Holds the modes as float32; one `vertices` costs about 3 ms on one core."""

    def __init__(self, data: dict[str, NDArray]) -> None:
        """Unpack the arrays of the model file and build the bank of detail."""
        self.mean = data["mean"].astype(np.float32)
        self.id_basis = data["id_basis"].astype(np.float32).reshape(len(data["id_basis"]), -1)
        self.ex_basis = data["ex_basis"].astype(np.float32).reshape(len(data["ex_basis"]), -1)
        self.ex_names = [str(name) for name in data["ex_names"]]
        self.nose_tip = int(data["nose_tip"])
        left_out = [list(data["part_names"]).index(part) for part in PARTS_LEFT_OUT]
        self.triangles = data["triangles"][~np.isin(data["tri_part"], left_out)].astype(np.int32)
        self.landmarks68 = data["landmarks68"]
        self._relative = self.mean - self.mean[self.nose_tip]
        self._gathered: tuple[bytes, NDArray[np.float32]] | None = None
        self._make_bank(np.random.default_rng(BANK_SEED))

    @classmethod
    def load(cls, path: Path | str) -> "IctModel":
        """Read the compact model file."""
        with np.load(path, allow_pickle=False) as data:
            return cls(dict(data))

    def _make_bank(self, rng: np.random.Generator) -> None:
        points = self.mean
        axis = points - np.array((0.0, points[:, 1].mean(), 0.0), np.float32)
        self._outward = axis / np.linalg.norm(axis, axis=1, keepdims=True)
        self._bumps = np.empty((N_BUMPS, len(points)), np.float32)
        self._bump_sd = np.empty(N_BUMPS, np.float32)
        front = np.flatnonzero(points[:, 2] > 0)
        for k in range(N_BUMPS):
            centre, radius = points[rng.choice(front)], float(np.exp(rng.uniform(np.log(6.0), np.log(40.0))))
            field = _gaussian(points, centre, radius)
            if rng.random() < 0.7:
                field = np.maximum(field, _gaussian(points, centre * MIRROR, radius))
            self._bumps[k], self._bump_sd[k] = field, BUMP_SD_PER_RADIUS * radius
        self._bends = np.empty((N_BENDS, len(points) * 3), np.float32)
        for k in range(N_BENDS):
            centre, radius = points[rng.choice(front)], rng.uniform(30.0, 70.0)
            push = rng.normal(0, BEND_SD_MM, 3).astype(np.float32)
            field = _gaussian(points, centre, radius)[:, None] * push
            field += _gaussian(points, centre * MIRROR, radius)[:, None] * push * MIRROR
            self._bends[k] = field.ravel()

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """A new person: the model's modes, a stretch of the whole head, and detail of their own."""
        detail = np.zeros(N_BUMPS + N_BENDS, np.float32)
        bumps = rng.choice(N_BUMPS, BUMPS_EACH, replace=False)
        detail[bumps] = rng.normal(0, 1, BUMPS_EACH) * self._bump_sd[bumps]
        detail[N_BUMPS + rng.choice(N_BENDS, BENDS_EACH, replace=False)] = rng.normal(0, 1, BENDS_EACH)
        coefficients = rng.normal(0, 1, len(self.id_basis)).astype(np.float32)
        return Identity(coefficients, (1 + rng.normal(0, STRETCH_SD, 3)).astype(np.float32), detail)

    def sample_expression(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Up to six of the model's expressions at once; a third of the faces are neutral."""
        weights = np.zeros(len(self.ex_basis), np.float32)
        if rng.random() > 1 / 3:
            active = rng.choice(len(weights), rng.integers(1, 7), replace=False)
            weights[active] = rng.uniform(0, 1, len(active)) * rng.uniform(0.3, 1.0)
        return weights

    def vertices(self, identity: Identity, appearance: Appearance) -> NDArray[np.float32]:
        """(N, 3) float32 mm in model axes."""
        flat = self.mean.ravel() + identity.coefficients @ self.id_basis
        active = np.flatnonzero(appearance.expression)
        if len(active):
            flat = flat + appearance.expression[active] @ self.ex_basis[active]
        out = flat.reshape(-1, 3)
        bumps, bends = identity.detail[:N_BUMPS], identity.detail[N_BUMPS:]
        (used,) = np.nonzero(bumps)
        out = out + (bumps[used] @ self._bumps[used])[:, None] * self._outward
        (used,) = np.nonzero(bends)
        out = out + (bends[used] @ self._bends[used]).reshape(-1, 3)
        return (out + self._outward * self._hair_mm(appearance)[:, None]) * identity.stretch

    def neutral_points(self, identity: Identity, points: NDArray[np.intp]) -> NDArray[np.float32]:
        """Neutral, shaved places (K, 3) float32 mm of some vertices: what `vertices` gives for them, but cheap."""
        flat = (points[:, None] * 3 + np.arange(3)).ravel()
        out = (self.mean.ravel()[flat] + identity.coefficients @ self._columns(flat)).reshape(-1, 3)
        bumps, bends = identity.detail[:N_BUMPS], identity.detail[N_BUMPS:]
        (used,) = np.nonzero(bumps)
        out = out + (bumps[used] @ self._bumps[np.ix_(used, points)])[:, None] * self._outward[points]
        (used,) = np.nonzero(bends)
        out = out + (bends[used] @ self._bends[np.ix_(used, flat)]).reshape(-1, 3)
        return out * identity.stretch

    def _columns(self, flat: NDArray[np.intp]) -> NDArray[np.float32]:
        """The identity modes at some coordinates, gathered once."""
        key = flat.tobytes()
        if self._gathered is None or self._gathered[0] != key:
            self._gathered = (key, np.ascontiguousarray(self.id_basis[:, flat]))
        return self._gathered[1]

    def _hair_mm(self, appearance: Appearance) -> NDArray[np.float32]:
        """Thickness of hair and beard over every vertex, (N,) float32."""
        x, y = self._relative[:, :2].T
        out = np.zeros(len(x), np.float32)
        if not appearance.hair_mm and not appearance.beard_mm:
            return out
        rng = np.random.default_rng(appearance.texture)
        relief = 1 + 0.35 * (rng.normal(0, 1, 24).astype(np.float32) @ self._bumps[:24])
        strands = relief + 0.12 * rng.normal(0, 1, len(x)).astype(np.float32)
        hairline = appearance.fringe_mm - 0.35 * np.abs(x)
        if appearance.hair_mm:
            out += appearance.hair_mm * strands * _smoothstep((y - hairline) / 12)
        if appearance.beard_mm:
            beside = np.sqrt((x / 55) ** 2 + ((y + 52) / 42) ** 2)
            mouth = np.sqrt((x / 24) ** 2 + ((y + 38) / 11) ** 2)
            out += appearance.beard_mm * strands * _smoothstep((1.2 - beside) / 0.4) * _smoothstep((mouth - 0.8) / 0.5)
        return out
