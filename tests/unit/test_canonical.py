"""Faces as if they looked straight ahead, on a surface whose true shape is a formula."""

import numpy as np
import pytest

from depthface_app.core.canonical import CANONICAL, FAR_AWAY_MM, STEP_MM, MeanFace, _mesh, canonical_face, register
from depthface_app.core.crop import SIZE_PX, WINDOW_MM, crop_intrinsics
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import angle_deg, normals
from depthface_app.core.render import render_depth

CAMERA = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
AT_MM = (20.0, -10.0, 600.0)


def surface_mm(x, y):
    """A head with a nose and unequal brows, 0 at the tip."""
    nose = 22 * np.exp(-((x / 13) ** 2) - (y / 20) ** 2)
    brows = 5 * np.exp(-(((x - 25) / 15) ** 2) - ((y + 35) / 8) ** 2) + 3 * np.exp(
        -(((x + 30) / 9) ** 2) - (y / 12) ** 2
    )
    return 22 + 0.007 * x**2 + 0.004 * y**2 - nose - brows


def mean_face():
    across = (np.arange(SIZE_PX) - (SIZE_PX - 1) / 2) * STEP_MM
    x, y = np.meshgrid(across, across)
    return MeanFace.of_depth(surface_mm(x, y).astype(np.float32))


def seen(pose):
    """The crop of that surface, turned, before a camera."""
    across = np.linspace(-98, 98, 393)
    x, y = np.meshgrid(across, across)
    points = np.stack((x, y, surface_mm(x, y)), -1).reshape(-1, 3)
    index = np.arange(len(points), dtype=np.int32).reshape(x.shape)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((a, c, d), -1).reshape(-1, 3)))
    turned = (points @ pose.matrix().T + np.array(AT_MM)).astype(np.float32)
    pinhole = crop_intrinsics(CAMERA, AT_MM, WINDOW_MM, SIZE_PX)
    return render_depth(turned, triangles, pinhole), pinhole


@pytest.fixture(scope="module")
def mean():
    return mean_face()


@pytest.mark.parametrize("yaw_deg", [0.0, 15.0])
def test_a_turned_face_is_seen_as_it_is_from_the_front(mean, yaw_deg):
    depth_mm, pinhole = seen(HeadPose(yaw_deg, 4.0, -3.0))
    face = canonical_face(depth_mm, pinhole, (22.0, -11.0, 599.0), HeadPose(yaw_deg + 5, 0.0, 0.0), mean)
    known = face.valid[0] > 0
    known[:20], known[-20:], known[:, :20], known[:, -20:] = False, False, False, False
    error_mm = 100 * face.depth[0][known] - mean.depth_mm[known]
    assert known.sum() > 0.8 * 88**2
    assert np.sqrt(np.mean(error_mm**2)) < 0.12
    assert np.abs(np.median(error_mm)) < 0.03
    assert angle_deg(face.normals.transpose(1, 2, 0)[known], mean.normals[known]).mean() < 1.2


def test_depth_does_not_come_in_steps(mean):
    """From 10 m the rasteriser's 24 bits are 0.12 mm apart, unless its planes lie close about the face."""
    depth_mm, pinhole = seen(HeadPose(0.0, 0.0, 0.0))
    face = canonical_face(depth_mm, pinhole, AT_MM, HeadPose(0.0, 0.0, 0.0), mean)
    values_mm = 100 * face.depth[0][face.valid[0] > 0]
    assert np.median(np.diff(np.unique(values_mm))) < 0.02


def test_registration_finds_the_turn_and_the_shift(mean):
    across = np.linspace(-60, 60, 61)
    x, y = np.meshgrid(across, across)
    points = np.stack((x, y, surface_mm(x, y)), -1).reshape(-1, 3)
    true = HeadPose(6.0, -3.0, 4.0).matrix()
    moved = (points @ true.T + (2.0, -1.0, 3.0)).astype(np.float32)
    rotation, shift, residual_mm = register(moved, np.eye(3), mean)
    back = moved @ rotation + shift
    assert np.sqrt(((back - points) ** 2).sum(1).mean()) < 0.2
    assert residual_mm < 0.1


def test_what_is_no_face_has_no_residual_to_trust(mean):
    rotation, shift, residual_mm = register(np.zeros((50, 3), np.float32), np.eye(3), mean)
    assert residual_mm == np.inf
    np.testing.assert_array_equal(rotation, np.eye(3))
    np.testing.assert_array_equal(shift, 0)


@pytest.mark.parametrize("columns", [0, 3])
def test_a_crop_with_next_to_nothing_in_it_gives_an_empty_face(mean, columns):
    depth = np.full((SIZE_PX, SIZE_PX), np.nan, np.float32)
    depth[:, :columns] = AT_MM[2]
    face = canonical_face(depth, crop_intrinsics(CAMERA, AT_MM, WINDOW_MM, SIZE_PX), AT_MM, HeadPose(0, 0, 0), mean)

    assert face.residual_mm == np.inf
    assert face.valid.mean() < 0.03


def test_the_mesh_has_no_triangle_over_a_hole_or_a_step():
    depth = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    whole = len(_mesh(depth))
    assert whole == 2 * (SIZE_PX - 1) ** 2
    depth[10, 10] = np.nan
    assert len(_mesh(depth)) == whole - 8
    depth[50:, :] = 40.0
    triangles = _mesh(depth)
    assert len(triangles) == whole - 8 - 2 * (SIZE_PX - 1)
    assert not np.isnan(depth.ravel()[triangles]).any()
    assert np.ptp(depth.ravel()[triangles], axis=1).max() == 0


def test_normals_next_to_holes_use_the_side_that_is_there():
    """Central differences inside, one-sided at borders and holes, nothing where both neighbours are missing."""
    plane = np.fromfunction(lambda v, u: FAR_AWAY_MM + 0.5 * u * STEP_MM, (SIZE_PX, SIZE_PX)).astype(np.float32)
    holed = plane.copy()
    holed[5, 5], holed[20, 19], holed[20, 21] = np.nan, np.nan, np.nan
    found = normals(holed, CANONICAL)
    missing = np.isnan(found[..., 0])
    assert missing[5, 5]
    assert missing[20, 20]
    assert missing.sum() == 4
    np.testing.assert_allclose(found[~missing], normals(plane, CANONICAL)[~missing], atol=1e-3)
