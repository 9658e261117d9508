"""BU-3DFE: meshes of a 3DMD system, VRML files with a file of feature points.

Layout: one folder `F0001` ... `M0044` per person with files `<person>_<EX><LL><RA>_F3D.wrl`: expression (NE, AN, DI,
FE, HA, SA, SU), its level (00 to 04), ethnic code, and `F3D` for the face that was cut out and turned to the front
(`RAW`, the whole scan, is not used). 2,500 F3D files of 100 people. `.obj` in place of `.wrl` is read too, for those
who converted.

Format: VRML 2.0 text; of it the first `Coordinate { point [ x y z, ... ] }` and `coordIndex [ a, b, c, -1, ... ]` are
read, mm, x right, y up, z towards the viewer (Yin et al., FG 2006; ISO/IEC 14772-1, sections 6.12 and 6.23). `.bnd`:
text, 83 lines of a vertex number and x, y, z; lines 37 to 48 outline the nose, as the importer of the menpo library
has it. The tip is not one of the 83 points: it is the foremost vertex near them. `.pse` (pose of the raw scan) is not
read: its content is not published, and the F3D faces are frontal.
"""

import re
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from training.databases.nose import find_nose_of_mesh
from training.databases.scan import (
    DatabaseError,
    MeshScan,
    Nose,
    Recording,
    Scan,
    camera_axes,
    existing,
    found,
    reading,
)
from training.mesh import Mesh

NAME = re.compile(r"^([FM]\d{4})_([A-Z]{2})(\d{2})([A-Z]{2})_F3D\.(wrl|obj)$")
BND_POINTS = 83
NOSE_OUTLINE = slice(36, 48)
NEAR_OUTLINE_MM = 25.0
POINTS = re.compile(r"\bCoordinate\s*\{[^}]*?\bpoint\s*\[([^\]]*)\]", re.DOTALL)
FACES = re.compile(r"\bcoordIndex\s*\[([^\]]*)\]", re.DOTALL)


def recordings(folder: Path) -> list[Recording]:
    """All faces that were cut out."""
    out = []
    for path in found(existing(folder).glob("[FM]*/*_F3D.*"), folder, "F0001/ ... with ..._F3D.wrl files"):
        if name := NAME.match(path.name):
            out.append(Recording("BU3DFE", name[1], 1, "NU" if name[2] == "NE" else "FE", path, load))
    return out


def _fans(indices: NDArray[np.int64]) -> NDArray[np.int32]:
    """Triangles of polygons that end with -1 each."""
    ends = np.flatnonzero(indices < 0)
    if not len(ends) or ends[-1] != len(indices) - 1:
        raise ValueError("the list of polygons does not end with -1")
    lengths = np.diff(ends, prepend=-1) - 1
    if (lengths == 3).all():
        return indices.reshape(-1, 4)[:, :3].astype(np.int32)
    out = []
    for end, length in zip(ends, lengths, strict=True):
        polygon = indices[end - length : end]
        out += [(polygon[0], polygon[k], polygon[k + 1]) for k in range(1, length - 1)]
    return np.array(out, np.int32)


def read_wrl(path: Path) -> Mesh:
    """The first surface of a VRML 2.0 file, in the file's own axes.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    text = path.read_text(encoding="latin-1")
    if not text.startswith("#VRML V2.0"):
        raise DatabaseError(f"{path} is not a VRML 2.0 file: it does not begin with #VRML V2.0")
    points, faces = POINTS.search(text), FACES.search(text)
    if points is None or faces is None:
        raise DatabaseError(f"{path} is truncated: it has no complete list of {'polygons' if points else 'points'}")
    with reading(path, "VRML"):
        vertices = np.array(points[1].replace(",", " ").split(), np.float64).reshape(-1, 3)
        triangles = _fans(np.array(faces[1].replace(",", " ").split(), np.int64))
        if triangles.max(initial=-1) >= len(vertices):
            raise DatabaseError(f"{path} is broken: a polygon names point {triangles.max()} of {len(vertices)}")
    return Mesh(vertices.astype(np.float32), triangles)


def read_obj(path: Path) -> Mesh:
    """A Wavefront file, in its own axes.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    with reading(path, "Wavefront .obj"):
        mesh = trimesh.load_mesh(path, process=False, skip_materials=True)
        if not len(mesh.faces):
            raise DatabaseError(f"{path} is truncated or not a Wavefront .obj file: it has no faces")
    return Mesh(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32))


def read_bnd(path: Path) -> NDArray[np.float64]:
    """(83, 3) feature points in mm.

    Raises:
        DatabaseError: if the file is truncated or of another kind.
    """
    with reading(path, ".bnd"):
        points = np.array(
            [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()], float
        )
        if points.shape != (BND_POINTS, 4):
            raise DatabaseError(f"{path} is truncated or not a .bnd file: {len(points)} of {BND_POINTS} points")
    return points[:, 1:]


def _nose(mesh: Mesh, outline_mm: NDArray[np.float64]) -> int:
    """Number of the foremost vertex (largest z in the file's axes) near the outline of the nose."""
    apart = np.linalg.norm(mesh.vertices_mm[:, :2] - outline_mm.mean(0)[:2], axis=1)
    return int(np.where(apart <= NEAR_OUTLINE_MM, mesh.vertices_mm[:, 2], -np.inf).argmax())


def load(recording: Recording) -> Scan:
    """The face as a mesh in camera axes."""
    path = recording.path
    mesh = read_obj(path) if path.suffix == ".obj" else read_wrl(path)
    placed = Mesh(camera_axes(mesh.vertices_mm.astype(np.float64)), mesh.triangles)
    features = path.with_suffix(".bnd")
    if features.exists():
        x, y, z = placed.vertices_mm[_nose(mesh, read_bnd(features)[NOSE_OUTLINE])]
        nose: Nose = (float(x), float(y), float(z))
        return MeshScan(placed, nose)
    with reading(path, "face scan"):
        return MeshScan(placed, find_nose_of_mesh(placed))
