"""Triangle meshes made of simple solids, for everything in a scene that is not a face."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = Sequence[float] | NDArray[np.floating]


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """A surface. vertices_mm: (N, 3) float32; triangles: (M, 3) int32."""

    vertices_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]

    def moved(self, by_mm: Point, rotation: NDArray[np.floating] | None = None) -> "Mesh":
        """Turned about the origin by (3, 3) `rotation`, then shifted."""
        turned = self.vertices_mm if rotation is None else self.vertices_mm @ np.asarray(rotation, np.float32).T
        return Mesh(turned + np.asarray(by_mm, np.float32), self.triangles)

    def scaled(self, factors: Point) -> "Mesh":
        """Stretched along the axes about the origin."""
        return Mesh(self.vertices_mm * np.asarray(factors, np.float32), self.triangles)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """All of them as one mesh."""
    starts = np.cumsum([0] + [len(mesh.vertices_mm) for mesh in meshes])
    triangles = [mesh.triangles + np.int32(start) for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices_mm for mesh in meshes]), np.concatenate(triangles))


def _grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    """Two triangles per cell of a grid of (rows, columns) vertices."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below = corner + 1, corner + columns
    upper, lower = np.stack((corner, right, below), 1), np.stack((right, below + 1, below), 1)
    return np.concatenate((upper, lower)).astype(np.int32)


def sheet(x: NDArray[np.floating], y: NDArray[np.floating], z: NDArray[np.floating]) -> Mesh:
    """The surface through a grid of points, each argument (rows, columns)."""
    return Mesh(np.stack((x, y, z), -1).reshape(-1, 3).astype(np.float32), _grid_triangles(*x.shape))


def _power(base: NDArray[np.floating], exponent: float) -> NDArray[np.floating]:
    return np.sign(base) * np.abs(base) ** exponent


def solid(half_mm: Point, e_vertical: float = 1.0, e_around: float = 1.0, steps: int = 24) -> Mesh:
    """A superellipsoid about the origin: 1, 1 an ellipsoid; towards 0 a box (0, 0) or an upright cylinder (0, 1).

    Source: Barr, Superquadrics and Angle-Preserving Transformations, IEEE CG&A 1(1), 1981.
    """
    down = np.linspace(-np.pi / 2, np.pi / 2, steps // 2 + 1)[:, None]
    around = np.linspace(-np.pi, np.pi, steps + 1)[None, :]
    ring = _power(np.cos(down), e_vertical)
    x = half_mm[0] * ring * _power(np.cos(around), e_around)
    z = half_mm[2] * ring * _power(np.sin(around), e_around)
    y = half_mm[1] * _power(np.sin(down), e_vertical) * np.ones_like(around)
    return sheet(x, y, z)


def box(half_mm: Point) -> Mesh:
    """A box about the origin."""
    signs = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1), indexing="ij")).reshape(3, -1).T
    faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = [corner for a, b, c, d in faces for corner in ((a, b, c), (a, c, d))]
    return Mesh((signs * np.asarray(half_mm)).astype(np.float32), np.array(triangles, np.int32))


def tube(points_mm: NDArray[np.floating], radii_mm: NDArray[np.floating], steps: int = 10) -> Mesh:
    """A round tube along points (K, 3) with a radius (K,) at each; ends open unless the radius goes to 0."""
    along = np.gradient(points_mm, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    helper = np.eye(3)[np.argmin(np.abs(along).sum(0))]
    side = np.cross(along, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    other = np.cross(along, side)
    angle = np.linspace(0, 2 * np.pi, steps + 1)
    circle = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    surface = points_mm[:, None] + circle * np.asarray(radii_mm, np.float64)[:, None, None]
    return sheet(surface[..., 0], surface[..., 1], surface[..., 2])


def capsule(start_mm: Point, end_mm: Point, radius_mm: float, end_radius_mm: float | None = None) -> Mesh:
    """A limb with round ends from one point to another."""
    start, end = np.asarray(start_mm, np.float64), np.asarray(end_mm, np.float64)
    last = radius_mm if end_radius_mm is None else end_radius_mm
    step = (end - start) / (np.linalg.norm(end - start) + 1e-9)
    bend = np.array((1.0, 0.87, 0.5, 0.0))
    points = [start - step * radius_mm * k for k in bend] + [end + step * last * k for k in bend[::-1]]
    radii = [*(radius_mm * np.sqrt(1 - bend**2)), *(last * np.sqrt(1 - bend[::-1] ** 2))]
    return tube(np.array(points), np.array(radii))


def ring(radii_mm: Point, tube_mm: float, steps: int = 24) -> Mesh:
    """A torus about the y axis with radii along x and z."""
    angle = np.linspace(0, 2 * np.pi, steps + 1)
    points = np.stack((radii_mm[0] * np.cos(angle), 0 * angle, radii_mm[1] * np.sin(angle)), 1)
    return tube(points, np.full(len(points), tube_mm))


def bumpy(mesh: Mesh, rng: np.random.Generator, height_mm: float, length_mm: float, waves: int = 10) -> Mesh:
    """Pushed in and out along the direction from the origin by a random smooth field of this height and length."""
    points = mesh.vertices_mm
    outward = points / (np.linalg.norm(points, axis=1, keepdims=True) + 1e-6)
    frequency = rng.normal(0, 1 / length_mm, (3, waves)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, waves).astype(np.float32)
    field = np.sin(points @ frequency + phase).sum(1) * np.float32(height_mm * np.sqrt(2 / waves))
    return Mesh(points + outward * field[:, None], mesh.triangles)


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A (3, 3) rotation, all directions alike.

    Source: QR of a Gaussian matrix with fixed signs, Mezzadri, Notices of the AMS 54(5), 2007.
    """
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q
