"""The fused reference: many frames of a face that holds still, registered and integrated into one surface by Open3D.

It stands in for the truth where nobody knows that. It is no truth: `benchmarks/fused.py` measures its own error.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import InputError
from depthface_app.core.face import DenoisedFace, FaceCrop
from depthface_app.core.filters import bilateral, filled
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals
from depthface_app.core.quality import face_ellipse
from depthface_app.core.render import render_depth
from depthface_app.pipeline.temporal import STILL_MM

VOXEL_MM, SIDE_MM = 2.0, 240.0
BEHIND_MM = 130.0  # of the volume's side lie behind the tip of the nose
TRUNCATION_MM = 20.0  # ten voxels, several times the noise
REACH_MM, GATE_MM = 8.0, 4.0  # how far apart points may be paired, and where a pair begins to count less
STEPS = 15
LEAST_PAIRED = 0.7  # of the points; a face that fits worse is another one, or has another expression
ALIGNING_STEPS = 3
LEAVES_MM = 25.0  # a nose that is so far from where the volume began leaves it

Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Fused:
    """A fused surface, as it stood before the camera when the last frame went in.

    frames:       how many went in
    vertices_mm:  (N, 3) float32 camera axes; triangles: (M, 3) int32
    nose_mm:      tip of the nose at that moment
    """

    frames: int
    vertices_mm: Points
    triangles: NDArray[np.int32]
    nose_mm: tuple[float, float, float]

    def seen_by(self, intrinsics: Intrinsics) -> NDArray[np.float32]:
        """(H, W) float32 mm as a camera in the same place sees it, NaN where nothing is."""
        return render_depth(self.vertices_mm, self.triangles, intrinsics)

    def face(self, crop: FaceCrop) -> DenoisedFace:
        """The surface in place of a method's, where it stands."""
        depth = self.seen_by(crop.intrinsics)
        return DenoisedFace(crop, depth, normals(depth, crop.intrinsics))

    def aligned(self, crop: FaceCrop) -> "Fused | None":
        """The surface laid onto a later crop, as whoever holds still moves a little; None if it no longer fits there.

        Source: point-to-plane ICP, Chen & Medioni, Image and Vision Computing 10(3), 1992, with the points that share a
            pixel as pairs (Blais & Levine, IEEE PAMI 17(8), 1995) and Tukey's biweight as gate.
        """
        if np.linalg.norm(np.subtract(crop.nose_mm, self.nose_mm)) > STILL_MM or not len(self.triangles):
            return None
        moved, paired = self, 0.0
        for _ in range(ALIGNING_STEPS):
            change, paired = _change(moved, crop)
            if paired < LEAST_PAIRED:
                return None
            moved = replace(moved, vertices_mm=_moved_by(change, moved.vertices_mm, crop.nose_mm))
        return moved


def _change(fused: Fused, crop: FaceCrop) -> tuple[NDArray[np.float64], float]:
    """What brings a surface nearer to a crop's readings, and the share of those on the face that it explains.

    The first is (6,): a turn about the nose in rad, and a shift in mm.
    """
    face = fused.face(crop)
    points = crop.intrinsics.back_project(face.depth_mm) - np.asarray(crop.nose_mm, np.float32)
    left = (crop.depth_mm - face.depth_mm) * face.normals[..., 2]  # along the normal, for readings on the same ray
    there = ~np.isnan(left)
    near = there & (np.abs(left) < REACH_MM)
    known = ~np.isnan(crop.depth_mm) & face_ellipse(crop)
    paired = float((near & known).sum() / max(known.sum(), 1))
    directions = face.normals[near]
    rows = np.hstack((np.cross(points[near], directions), directions)).astype(np.float64)
    apart = left[near].astype(np.float64)
    weighted = rows * (np.clip(1 - (apart / REACH_MM) ** 2, 0, 1) ** 2)[:, None]
    # Written out: NumPy's product of long matrices wakes threads that outlast it.
    square = np.array([[float((weighted[:, i] * rows[:, j]).sum()) for j in range(6)] for i in range(6)])
    towards = np.array([float((weighted[:, i] * apart).sum()) for i in range(6)])
    return np.linalg.solve(square + 1e-6 * np.eye(6), towards), paired


def _moved_by(change: NDArray[np.float64], vertices_mm: Points, about_mm: tuple[float, float, float]) -> Points:
    """Vertices turned about a point by a small rotation vector, and shifted."""
    turn, _ = cv2.Rodrigues(change[:3])
    about = np.asarray(about_mm)
    shift = about + change[3:] - turn @ about
    moved: Points = cv2.transform(vertices_mm[None], np.hstack((turn, shift[:, None])))[0].astype(np.float32)
    return moved


@dataclass(slots=True)
class Fusion:
    """Takes crop after crop of one face and begins anew with another, or one that moved away. Belongs to one thread.

    Source: Curless & Levoy, A volumetric method for building complex models from range images, SIGGRAPH 1996, by
        Open3D's `UniformTSDFVolume`; each frame registered to what is there by point-to-plane ICP, Chen & Medioni,
        Image and Vision Computing 10(3), 1992, with Tukey's weights, by Open3D's `registration_icp`.
    """

    has_fine: bool = False
    _volume: Any = None
    _model: Any = None  # the cloud that frames are registered to: the first frame, then the surface itself
    _pose: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))  # from the camera now to the volume
    _began_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _frames: int = 0
    _last: tuple[FaceCrop, Fused] | None = None

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The surface with this crop in it, as a method of its own. Raises InputError without Open3D."""
        return self.add(crop).face(crop)

    def add(self, crop: FaceCrop) -> Fused:
        """The surface with this crop in it; the same crop is not counted twice. Raises InputError without Open3D."""
        if self._last is not None and self._last[0] is crop:
            return self._last[1]
        o3d = open3d()
        if self._frames == 0 or not self._fits(o3d, crop):
            self._begin(o3d, crop)
        self._integrate(o3d, crop)
        fused = self._surface(crop)
        self._last = crop, fused
        return fused

    def _begin(self, o3d: Any, crop: FaceCrop) -> None:
        corner = np.asarray(crop.nose_mm) - (SIDE_MM / 2, SIDE_MM / 2, SIDE_MM - BEHIND_MM)
        no_colour = o3d.pipelines.integration.TSDFVolumeColorType.NoColor
        self._volume = o3d.pipelines.integration.UniformTSDFVolume(
            SIDE_MM, round(SIDE_MM / VOXEL_MM), TRUNCATION_MM, no_colour, origin=corner
        )
        self._model = _cloud(o3d, crop)
        self._model.estimate_normals(o3d.geometry.KDTreeSearchParamKNN(30))
        self._pose, self._began_mm, self._frames = np.eye(4), crop.nose_mm, 0

    def _fits(self, o3d: Any, crop: FaceCrop) -> bool:
        """Register the crop; False if it does not belong to what is there."""
        if np.linalg.norm(np.subtract(crop.nose_mm, self._began_mm)) > LEAVES_MM:
            return False
        registration = o3d.pipelines.registration
        to_plane = registration.TransformationEstimationPointToPlane(registration.TukeyLoss(GATE_MM))
        stop = registration.ICPConvergenceCriteria(max_iteration=STEPS)
        source = _cloud(o3d, crop)
        if not len(source.points):
            return False
        found = registration.registration_icp(source, self._model, REACH_MM, self._pose, to_plane, stop)
        self._pose = np.asarray(found.transformation)
        return float(found.fitness) >= LEAST_PAIRED

    def _integrate(self, o3d: Any, crop: FaceCrop) -> None:
        depth = np.ascontiguousarray(np.nan_to_num(crop.depth_mm))
        pinhole, blank = crop.intrinsics, o3d.geometry.Image(np.zeros_like(depth))
        picture = o3d.geometry.RGBDImage.create_from_color_and_depth(
            blank, o3d.geometry.Image(depth), depth_scale=1.0, depth_trunc=1e5, convert_rgb_to_intensity=False
        )
        camera = o3d.camera.PinholeCameraIntrinsic(
            pinhole.width, pinhole.height, pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy
        )
        self._volume.integrate(picture, camera, np.linalg.inv(self._pose))
        self._frames += 1

    def _surface(self, crop: FaceCrop) -> Fused:
        mesh = self._volume.extract_triangle_mesh()
        to_camera = np.linalg.inv(self._pose)
        vertices = np.asarray(mesh.vertices) @ to_camera[:3, :3].T + to_camera[:3, 3]
        triangles = np.asarray(mesh.triangles, np.int32)
        if self._frames >= 2 and len(triangles):
            mesh.compute_vertex_normals()
            self._model.points, self._model.normals = mesh.vertices, mesh.vertex_normals
        return Fused(self._frames, vertices.astype(np.float32), triangles, crop.nose_mm)


def _cloud(o3d: Any, crop: FaceCrop) -> Any:
    """Every fourth reading of a crop as Open3D's cloud, smoothed, so that noise does not lead the registration."""
    missing = np.isnan(crop.depth_mm)
    smooth = crop.depth_mm if missing.all() else bilateral(filled(crop.depth_mm))
    points = crop.intrinsics.back_project(np.where(missing, np.float32(np.nan), smooth))[::2, ::2].reshape(-1, 3)
    known = points[~np.isnan(points[:, 2])]
    return o3d.geometry.PointCloud(o3d.utility.Vector3dVector(known.astype(np.float64)))


def open3d() -> Any:
    """The library, imported when it is first needed. Raises InputError if it is not there."""
    try:
        import open3d as library
    except ImportError as error:
        raise InputError(
            f'The fused reference needs Open3D ({error}); install it with: pip install "depthface[scan]".'
        ) from error
    return library
