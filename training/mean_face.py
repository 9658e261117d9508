"""The mean face of the generator, seen from straight ahead: what every face is registered to."""

import numpy as np

from depthface_app.core.canonical import CANONICAL, FAR_AWAY_MM, FARTHEST_MM, NEAREST_MM, MeanFace
from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.face import HeadPose
from depthface_app.core.render import render_depth
from training.faces.ict import IctModel
from training.faces.shape import place


def mean_face(faces: IctModel) -> MeanFace:
    """Rendered from the model's mean shape."""
    head = place(faces.mean, faces.nose_tip, HeadPose(0, 0, 0), (0.0, 0.0, FAR_AWAY_MM))
    head[:, :2] *= head[:, 2:] / np.float32(FAR_AWAY_MM)
    depth = render_depth(head, faces.triangles, CANONICAL, near_mm=NEAREST_MM, far_mm=FARTHEST_MM)
    depth -= np.float32(FAR_AWAY_MM)
    return MeanFace.of_depth(np.where(depth < DEPTH_RANGE_MM, depth, np.float32(np.nan)))
