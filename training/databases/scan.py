"""What all databases come down to: a list of recordings, each loading as a depth map or a mesh with a nose tip."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import WINDOW_MM, crop_face
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.render import render_depth
from training.mesh import Mesh

Subset = Literal["NU", "FE", "PS", "OC", "TM"]
Nose = tuple[float, float, float]

VIEW_MM = 1000.0  # how far a virtual camera stands from the nose tip of a scan
VIEW_PX = 400  # pixels of its picture, which spans a little more than the crop's window
VIEW_SPAN_MM = WINDOW_MM + 50.0
JUMP_MM = 12.0  # neighbouring readings further apart in depth than this are not one surface


class DatabaseError(ValueError):
    """A folder or file is not what the database's format says. One sentence: which file, what was expected."""


class NoFace(DatabaseError):
    """The file is whole, but no nose could be found in it. Such recordings are left out and counted."""


class Scan(Protocol):
    """One face as a database delivers it.

    nose_mm: tip of the nose in camera axes, mm
    """

    @property
    def nose_mm(self) -> Nose:
        """Tip of the nose in camera axes, mm."""
        ...

    def mesh(self) -> Mesh:
        """The surface in camera axes."""
        ...

    def crop(self) -> FaceCrop:
        """The metric window around the nose tip, cut as the program cuts it."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """One picture of one person; nothing of it is read before `load`.

    person:  the database's own name of the person
    session: 1 for the first visit, 2 for a later day
    subset:  neutral, expression, pose, occlusion or time, as Lock3DFace names them
    frame:   number of the picture inside a video, from 0
    reader:  reads this kind of file
    """

    database: str
    person: str
    session: int
    subset: Subset
    path: Path
    reader: Callable[["Recording"], Scan]
    frame: int = 0

    def load(self) -> Scan:
        """Read the file.

        Raises:
            DatabaseError: if it is broken, or no face can be found in it.
            OSError: if it cannot be read.
        """
        return self.reader(self)


@dataclass(frozen=True, eq=False, slots=True)
class DepthScan:
    """A depth sensor's picture. depth_mm: (H, W) float32, NaN = no reading."""

    depth_mm: NDArray[np.float32]
    intrinsics: Intrinsics
    nose_mm: Nose

    def mesh(self) -> Mesh:
        """Two triangles for every four neighbouring readings that lie on one surface."""
        return grid_mesh(self.intrinsics.back_project(self.depth_mm))

    def crop(self) -> FaceCrop:
        """Cut around the nose tip."""
        return crop_face(self.depth_mm, self.intrinsics, self.nose_mm)


@dataclass(frozen=True, eq=False, slots=True)
class MeshScan:
    """A scanner's surface, in camera axes."""

    surface: Mesh
    nose_mm: Nose

    def mesh(self) -> Mesh:
        """As it is stored."""
        return self.surface

    def crop(self) -> FaceCrop:
        """As a camera VIEW_MM in front of the nose tip sees it."""
        return crop_turned(self.surface, self.nose_mm, HeadPose(0, 0, 0))


def view_intrinsics() -> Intrinsics:
    """Pinhole of the virtual camera: finer than the crop, so that cutting averages over readings as with a sensor."""
    focal = VIEW_PX * VIEW_MM / VIEW_SPAN_MM
    return Intrinsics(VIEW_PX, VIEW_PX, focal, focal, (VIEW_PX - 1) / 2, (VIEW_PX - 1) / 2)


def crop_turned(mesh: Mesh, nose_mm: Nose, pose: HeadPose) -> FaceCrop:
    """The crop that a camera VIEW_MM in front of the nose tip gets when the face is turned about that tip.

    Source: virtual poses after Led3D (Mu et al., CVPR 2019, section 4.3).
    """
    centred = mesh.moved(-np.asarray(nose_mm))
    placed = centred.moved((0.0, 0.0, VIEW_MM), pose.matrix())
    pinhole = view_intrinsics()
    depth = render_depth(placed.vertices_mm, placed.triangles, pinhole)
    return crop_face(depth, pinhole, (0.0, 0.0, VIEW_MM))


def grid_mesh(points_mm: NDArray[np.floating]) -> Mesh:
    """Surface through a grid (H, W, 3) of points in camera axes; NaN = no point, jumps in depth stay open."""
    height, width = points_mm.shape[:2]
    index = np.arange(height * width, dtype=np.int32).reshape(height, width)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(corners, -1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))])
    vertices = points_mm.reshape(-1, 3).astype(np.float32)
    with np.errstate(invalid="ignore"):
        near = np.ptp(vertices[triangles, 2], axis=1) <= JUMP_MM  # False where a corner is NaN
    used, corners = np.unique(triangles[near], return_inverse=True)
    return Mesh(vertices[used], corners.reshape(-1, 3).astype(np.int32))


def camera_axes(points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
    """From a scanner's axes (x right, y up, z towards it) to the camera's, VIEW_MM behind the nearest point.

    Scanners set their origin anywhere; the camera's must lie in front of the face.
    """
    turned = points_mm * np.array((1.0, -1.0, -1.0))
    turned[..., 2] += VIEW_MM - np.nanmin(turned[..., 2])
    return turned.astype(np.float32)


def found(files: Iterable[Path], folder: Path, what: str) -> list[Path]:
    """The files in order.

    Raises:
        DatabaseError: if there are none: a folder of the wrong kind.
    """
    out = sorted(files)
    if not out:
        raise DatabaseError(f"{folder} is not a folder of this database: it holds no {what}")
    return out


def existing(folder: Path) -> Path:
    """The folder itself.

    Raises:
        DatabaseError: if it is not there.
    """
    if not folder.is_dir():
        raise DatabaseError(f"{folder} is not a folder; docs/databases.md shows the layout that is expected")
    return folder


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever a broken file makes a parser stumble over into one sentence about that file."""
    try:
        yield
    except NoFace as error:
        raise NoFace(f"{path} shows no face: {error}") from error
    except DatabaseError:
        raise
    except (ValueError, IndexError, EOFError, ArithmeticError) as error:
        raise DatabaseError(f"{path} is truncated or not a {kind} file ({error})") from error
