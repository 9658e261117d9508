"""The people that ship with the program: grids of heads, torsos and long hair, and how to read their surfaces."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.assets import asset
from depthface_app.core.errors import InputError

_FLOOR_MM = 1500.0  # below the tip of the nose; the shipped torsos end at the hips
_TRIANGLE = np.dtype((np.void, 12))
_FACING_AWAY = -0.08  # cosine beyond which a triangle cannot be seen, whatever the expression


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """Points and triangles of one part of a person, upright and frontal, the tip of the nose at the origin.

    vertices_mm: (N, 3) float32, x right, y down, z away
    triangles:   (M, 3) int32
    outward:     (M, 3) float32 unit normals, for leaving out what faces away
    outside_mm:  (M,) float32 how far each triangle's plane lies from the origin along its normal
    reflectance: (N, 3) float32, share of the infrared light sent back, three times the same for the rasteriser
    """

    vertices_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]
    outward: NDArray[np.float32]
    outside_mm: NDArray[np.float32]
    reflectance: NDArray[np.float32]

    def facing(self, eye_mm: NDArray[np.floating]) -> NDArray[np.int32]:
        """Triangles that may be seen from a point (3,) in the surface's own axes."""
        before_plane_mm = self.outward @ eye_mm.astype(np.float32) - self.outside_mm
        facing = before_plane_mm > np.float32(_FACING_AWAY * np.linalg.norm(eye_mm))
        whole = self.triangles.view(_TRIANGLE)[:, 0]  # choosing whole triangles is nine times faster than rows of three
        return whole[facing].view(np.int32).reshape(-1, 3)


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """One fictitious person. curtain is long hair, or None; moves: (E, N, 3) float32, expressions of the head."""

    name: str
    head: Surface
    body: Surface
    curtain: Surface | None
    moves: NDArray[np.float32]


class People:
    """Everybody in the file. Persons are built when they first appear, coarse or fine, and kept."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Keep the packed grids."""
        about = json.loads(str(arrays["about"]))
        self.names: tuple[str, ...] = tuple(about["names"])
        self.expressions: tuple[str, ...] = tuple(about["expressions"])
        self.attribution: str = about["attribution"]
        self._unit_mm = float(about["unit_mm"])
        self._hair_darkness = about["hair_darkness"]
        self._arrays = arrays
        self.person = lru_cache(maxsize=None)(self._person)

    @classmethod
    def load(cls, path: Path) -> "People":
        """Read the file of people.

        Raises:
            InputError: if the file is missing or broken.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                return cls(dict(data))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(
                f"the simulated people in {path} cannot be read ({error}); reinstall the program"
            ) from error

    def _person(self, number: int, stride: int) -> Person:
        """One person, taking every `stride`-th point of the head's grid."""
        head = self._grid("head", number)[::stride, ::stride]
        light = self._arrays["reflectance"][number][::stride, ::stride].astype(np.float32) / 255
        moves = np.stack([self._grid("expressions", k)[::stride, ::stride] for k in range(len(self.expressions))])
        curtain = self._grid("curtain", number)
        cloth = np.float32(np.random.default_rng(number).uniform(0.35, 0.85))
        hair = np.float32(0.78 * (1 - self._hair_darkness[number]))
        return Person(
            self.names[number],
            _surface(head, light, closed=True),
            _body(self._grid("body", number), cloth),
            _surface(curtain, np.full(curtain.shape[:2], hair), closed=False) if curtain.any() else None,
            moves.reshape(len(moves), -1, 3),
        )

    def _grid(self, part: str, number: int) -> NDArray[np.float32]:
        """Undo the packing: differences along the columns in steps of the file's unit."""
        steps = np.cumsum(self._arrays[part][number], axis=1, dtype=np.int16)
        return steps.astype(np.float32) * np.float32(self._unit_mm)


def _body(grid_mm: NDArray[np.float32], cloth: np.float32) -> Surface:
    """Skin above the collar, cloth below, straight down to the floor."""
    hem = grid_mm[-1:].copy()
    hem[..., 1] = _FLOOR_MM
    grid_mm = np.concatenate((grid_mm, hem))
    light = np.where(grid_mm[..., 1] < 118, np.float32(0.78), cloth)
    return _surface(grid_mm, light, closed=False)


def _surface(grid_mm: NDArray[np.float32], light: NDArray[np.float32], closed: bool) -> Surface:
    """Two triangles per cell of a grid (R, C, 3); `closed` joins the last column to the first."""
    index = np.arange(grid_mm.shape[0] * grid_mm.shape[1], dtype=np.int32).reshape(grid_mm.shape[:2])
    if closed:
        index = np.concatenate((index, index[:, :1]), 1)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((a, c, d), -1).reshape(-1, 3)))
    points = np.ascontiguousarray(grid_mm.reshape(-1, 3))
    first, second, third = (points[triangles[:, k]] for k in range(3))
    normals = np.cross(second - first, third - first)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    normals = normals.astype(np.float32)
    light = np.repeat(light.reshape(-1, 1).astype(np.float32), 3, axis=1)
    return Surface(points, triangles, normals, (normals * first).sum(1), light)


@lru_cache(maxsize=1)
def shipped_people() -> People:
    """The people that come with the program; read once."""
    return People.load(asset("simulated_people.npz"))
