"""Faces of ICT FaceKit, with detail that its modes lack.

Five modes carry 69 % of the model's variance, and real heads lie about 2 mm away from its space; so every identity
also gets detail of its own from a fixed bank of smooth fields, which stays with it over sessions and expressions:
bumps along the skin's direction, Gaussians of 6 to 40 mm radius (a hill and the hollow beside it span four radii: 25 to
160 mm), and bends, pushes of any direction with 30 to 70 mm radius.

Source: Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020 (ICT FaceKit, MIT licence).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from training.arrays import read_arrays
from training.faces.growth import RELIEF_FIELDS, fullness, gaussian, hair_mm, outward
from training.faces.shape import CAMERA_FROM_MODEL, Appearance, Identity

BANK_SEED = 20_240_101
N_BUMPS, N_BENDS = 640, 160
BUMPS_EACH, BENDS_EACH = 56, 12
BUMP_SD_PER_RADIUS = 0.04  # a bump of 10 mm radius is 0.4 mm high
# Bumps of people in training are up to this much higher, to come nearer to real heads. After the best fit of all modes
# and a similarity, vertices of thirty people lie 1.2 mm away, RMS, with gain 1, 1.5 mm with 2 and 1.8 mm with 3; four
# real heads lay 1.9 to 2.1 mm away, measured from surface to surface, where corresponding vertices are not known.
LARGEST_BUMP_GAIN = 3.0
BEND_SD_MM = 1.6
STRETCH_SD = 0.03
NEUTRAL_POINTS = 400
LOOKS_AWAY = 0.4  # cosine of a triangle's normal on the mean head to the line of sight from which it is not drawn
ARRAYS = ("mean", "id_basis", "ex_basis", "ex_names", "triangles", "tri_part", "part_names", "landmarks68", "nose_tip")
PARTS_LEFT_OUT = ("gums_tongue", "teeth")
MIRROR = np.array((-1.0, 1.0, 1.0), np.float32)


def _normals(points_mm: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    """(M, 3) unit vectors; triangles are wound anticlockwise as seen from outside."""
    a, b, c = (points_mm[triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    return across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)


class IctModel:
    """The sampler. Holds the modes as float32; one `vertices` costs about 1.5 ms on one core."""

    grows_hair = True

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
        self._fullness = fullness(self._relative)
        self._normals = _normals(self._relative, self.triangles)
        x, y, z = self._relative.T
        front = np.flatnonzero((z > -70) & (y > -75) & (y < 75) & (np.abs(x) < 70))
        self._neutral = front[:: max(1, len(front) // NEUTRAL_POINTS)]
        self._gathered: dict[bytes, NDArray[np.float32]] = {}
        self._make_bank(np.random.default_rng(BANK_SEED))

    @classmethod
    def load(cls, path: Path | str) -> "IctModel":
        """Read the compact model file. FileNotFoundError or ValueError if it is not there, or not whole."""
        return cls(read_arrays(path, ARRAYS))

    def _make_bank(self, rng: np.random.Generator) -> None:
        points = self.mean
        self._outward = outward(points)
        self._bumps = np.empty((N_BUMPS, len(points)), np.float32)
        self._bump_sd = np.empty(N_BUMPS, np.float32)
        front = np.flatnonzero(points[:, 2] > 0)
        for k in range(N_BUMPS):
            centre, radius = points[rng.choice(front)], float(np.exp(rng.uniform(np.log(6.0), np.log(40.0))))
            field = gaussian(points, centre, radius)
            if rng.random() < 0.7:
                field = np.maximum(field, gaussian(points, centre * MIRROR, radius))
            self._bumps[k], self._bump_sd[k] = field, BUMP_SD_PER_RADIUS * radius
        self._bends = np.empty((N_BENDS, len(points) * 3), np.float32)
        for k in range(N_BENDS):
            centre, radius = points[rng.choice(front)], rng.uniform(30.0, 70.0)
            push = rng.normal(0, BEND_SD_MM, 3).astype(np.float32)
            field = gaussian(points, centre, radius)[:, None] * push
            field += gaussian(points, centre * MIRROR, radius)[:, None] * push * MIRROR
            self._bends[k] = field.ravel()

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """A new person: the model's modes, a stretch of the whole head, and detail of their own."""
        detail = np.zeros(N_BUMPS + N_BENDS, np.float32)
        bumps = rng.choice(N_BUMPS, BUMPS_EACH, replace=False)
        detail[bumps] = rng.normal(0, 1, BUMPS_EACH) * self._bump_sd[bumps]
        detail[N_BUMPS + rng.choice(N_BENDS, BENDS_EACH, replace=False)] = rng.normal(0, 1, BENDS_EACH)
        coefficients = rng.normal(0, 1, len(self.id_basis)).astype(np.float32)
        return Identity(coefficients, (1 + rng.normal(0, STRETCH_SD, 3)).astype(np.float32), detail)

    def training_identity(self, rng: np.random.Generator) -> Identity:
        """A new person for training: as `sample_identity`, with bumps that may be higher."""
        identity = self.sample_identity(rng)
        detail = identity.detail.copy()
        detail[:N_BUMPS] *= np.float32(rng.uniform(1, LARGEST_BUMP_GAIN))
        return replace(identity, detail=detail)

    def relative(self, identity: Identity, ancestor: Identity, likeness: float) -> Identity:
        """A person as likely as `identity` who resembles others of the same ancestor.

        Args:
            likeness: correlation between two relatives of what makes them differ from the mean face, 0 to below 1.
        """
        own, shared = np.float32(np.sqrt(1 - likeness)), np.float32(np.sqrt(likeness))
        return Identity(
            own * identity.coefficients + shared * ancestor.coefficients,
            1 + own * (identity.stretch - 1) + shared * (ancestor.stretch - 1),
            own * identity.detail + shared * ancestor.detail,
        )

    def sample_expression(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Up to six of the model's expressions at once; a third of the faces are neutral."""
        weights = np.zeros(len(self.ex_basis), np.float32)
        if rng.random() > 1 / 3:
            active = rng.choice(len(weights), rng.integers(1, 7), replace=False)
            weights[active] = rng.uniform(0, 1, len(active)) * rng.uniform(0.3, 1.0)
        return weights

    def vertices(self, identity: Identity, appearance: Appearance) -> NDArray[np.float32]:
        """(N, 3) float32 mm in model axes."""
        flat = identity.coefficients @ self.id_basis
        flat += self.mean.ravel()
        active = np.flatnonzero(appearance.expression)
        if len(active):
            flat += appearance.expression[active] @ self.ex_basis[active]
        bumps, bends = identity.detail[:N_BUMPS], identity.detail[N_BUMPS:]
        (used,) = np.nonzero(bends)
        flat += bends[used] @ self._bends[used]
        (used,) = np.nonzero(bumps)
        pushed = bumps[used] @ self._bumps[used]
        pushed += hair_mm(self._relative, self._bumps[:RELIEF_FIELDS], appearance)
        if appearance.weight_mm:
            pushed += np.float32(appearance.weight_mm) * self._fullness
        flat += self._outward.ravel() * np.repeat(pushed, 3)  # much faster than broadcasting over three columns
        flat *= np.tile(identity.stretch, len(self.mean))
        return flat.reshape(-1, 3)

    def facing(self, pose: HeadPose, nose_mm: tuple[float, float, float]) -> NDArray[np.int32]:
        """(K, 3) triangles but for those that look away from the camera by more than anybody's shape makes up for."""
        sight = np.asarray(nose_mm) / np.linalg.norm(nose_mm)
        along = (sight @ pose.matrix() * CAMERA_FROM_MODEL).astype(np.float32)
        return self.triangles.take(np.flatnonzero(self._normals @ along < LOOKS_AWAY), axis=0)

    def neutral_shape(self, identity: Identity) -> NDArray[np.float32]:
        """(K, 3) float32 mm of points of the neutral, shaved face."""
        return self.neutral_points(identity, self._neutral)

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
        if key not in self._gathered:
            self._gathered[key] = np.ascontiguousarray(self.id_basis[:, flat])
        return self._gathered[key]
