"""Reading the meshes and targets of the public face models, with one sentence for what is missing or cut off."""

import gzip
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.files import whole_file


@dataclass(frozen=True, eq=False, slots=True)
class Obj:
    """A Wavefront mesh.

    vertices: (N, 3) float64 in the file's own unit
    polygons: vertex numbers of each polygon, from 0
    groups:   name of the group that each polygon belongs to, "" before the first
    """

    vertices: NDArray[np.float64]
    polygons: list[list[int]]
    groups: list[str]


def read_obj(path: Path) -> Obj:
    """Vertices and polygons; normals, textures and materials are passed over.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is cut off or a polygon names a vertex that is not there.
    """
    vertices, polygons, groups, group = [], [], [], ""
    for number, line in enumerate(_lines(path), 1):
        kind, _, rest = line.partition(" ")
        try:
            if kind == "v":
                x, y, z = rest.split()[:3]
                vertices.append((float(x), float(y), float(z)))
            elif kind == "f":
                polygons.append([int(corner.partition("/")[0]) - 1 for corner in rest.split()])
                groups.append(group)
            elif kind == "g":
                group = rest.strip()
        except ValueError:
            raise ValueError(f"{path}: line {number} is cut off or damaged: {line[:40]!r}") from None
    if not vertices:
        raise ValueError(f"{path} holds no vertices")
    last = max((max(polygon) for polygon in polygons), default=-1)
    if last >= len(vertices):
        raise ValueError(f"{path} is incomplete: a polygon names vertex {last + 1}, but it holds {len(vertices)}")
    return Obj(np.array(vertices), polygons, groups)


def read_target(path: Path, vertices: int) -> NDArray[np.float64]:
    """Movement (vertices, 3) that a MakeHuman target describes: lines of vertex number and x, y, z; the rest stays.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is cut off or names a vertex that the mesh does not have.
    """
    out = np.zeros((vertices, 3))
    for number, line in enumerate(_lines(path), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            vertex, x, y, z = line.split()
            out[int(vertex)] = float(x), float(y), float(z)
        except ValueError:
            raise ValueError(f"{path}: line {number} is cut off or damaged: {line[:40]!r}") from None
        except IndexError:
            raise ValueError(f"{path}: line {number} names vertex {vertex}, but the mesh has {vertices}") from None
    return out


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; is the checkout complete?")
    try:
        packed = path.read_bytes()
        text = gzip.decompress(packed) if path.suffix == ".gz" else packed
        return text.decode().splitlines()
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError):
        raise ValueError(f"{path} is cut off or damaged") from None


def as_triangles(polygons: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every polygon as a fan of triangles (M, 3), and which polygon each triangle came from (M,)."""
    fans = [(k, (polygon[0], b, c)) for k, polygon in enumerate(polygons) for b, c in pairwise(polygon[1:])]
    return np.array([fan for _, fan in fans]), np.array([k for k, _ in fans])


def renumbered(triangles: NDArray[np.int64]) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Triangles (M, 3) over only the vertices that they use, and the old number of each new vertex (N,)."""
    kept, new = np.unique(triangles, return_inverse=True)
    return new.reshape(-1, 3).astype(np.uint16), kept.astype(np.int32)


def write_model(path: Path, arrays: dict[str, NDArray]) -> None:
    """Write a face-model file whole or not at all."""
    with whole_file(path) as part:
        np.savez_compressed(part, allow_pickle=False, **arrays)
