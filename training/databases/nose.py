"""The tip of the nose where a database does not say it: the shipped locator finds it, as it does in the program."""

from functools import cache

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from depthface_app.core.assets import asset
from depthface_app.core.finding import FindingRules, find_faces
from depthface_app.core.frame import Intrinsics
from depthface_app.core.render import render_depth
from depthface_app.core.sensors import SENSORS
from training.databases.scan import NoFace, Nose
from training.mesh import Mesh
from training.runtime import open_session

SCAN_MM = 700.0  # how far a virtual camera stands from a scan that is searched; the locator is at its best there
NEAREST_MM, FARTHEST_MM = 250.0, 3000.0
LEAST_SCORE = 0.3  # lower than in the program: every recording of these databases shows a face


@cache
def _network(name: str) -> ort.InferenceSession:
    return open_session(asset(f"models/{name}.onnx"))


def find_nose(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> Nose:
    """Tip of the nose of the surest face, in camera axes, mm.

    Args:
        depth_mm: (H, W) float32, NaN = no reading.

    Raises:
        NoFace: if the locator sees none.
    """
    rules = FindingRules(accept=LEAST_SCORE, nearest_mm=NEAREST_MM, farthest_mm=FARTHEST_MM)
    faces = find_faces(
        depth_mm,
        intrinsics,
        lambda x: _network("locator").run(None, {"overview": x}),
        lambda x: _network("aligner").run(None, {"window": x}),
        rules,
    )
    if not faces:
        raise NoFace("the locator finds none")
    return faces[0].nose_mm


def find_nose_of_mesh(mesh: Mesh) -> Nose:
    """The same for a scanner's surface in camera axes, looked at by a camera SCAN_MM in front of its nearest point."""
    nearest = mesh.vertices_mm[mesh.vertices_mm[:, 2].argmin()]
    x, y, z = (float(value) for value in (*np.median(mesh.vertices_mm[:, :2], axis=0), nearest[2]))
    placed = mesh.moved((-x, -y, SCAN_MM - z))
    pinhole = SENSORS["kinect1"].intrinsics()
    nose = find_nose(render_depth(placed.vertices_mm, placed.triangles, pinhole), pinhole)
    return nose[0] + x, nose[1] + y, nose[2] - SCAN_MM + z
