"""Whether what stands before the camera has a face's relief, judged over the last moments of each track."""

from depthface_app.core.canonical import MeanFace
from depthface_app.core.face import FaceCrop, FaceLocation
from depthface_app.core.liveness import relief
from depthface_app.core.quality import COVERED_SHARE, covered_share, face_fill_rate
from depthface_app.pipeline.tracker import Tracks, remember_relief

TURNED_DEG = 40.0  # beyond, half of the relief is out of sight
FEWEST_READINGS = 0.5  # share of the face's ellipse


def judge(crop: FaceCrop, location: FaceLocation, mean: MeanFace | None, tracks: Tracks) -> tuple[Tracks, bool | None]:
    """Add this picture's relief to what its track has shown, and say whether that is a face.

    Pictures that show too little (turned away, covered, full of gaps) add nothing.

    Args:
        crop: raw, as cut from the frame.
        mean: the face that others are registered to; None judges nothing.

    Returns:
        The tracks with it, and True, False, or None when nothing was seen lately that could be judged.
    """
    seen = None
    if mean is not None and _shows(crop, location):
        seen = relief(crop, location.nose_mm, location.pose, mean)
    tracks, lately = remember_relief(tracks, location.track, None if seen is None else seen.score())
    return tracks, None if lately is None else lately > 0


def _shows(crop: FaceCrop, location: FaceLocation) -> bool:
    turned = max(abs(location.pose.yaw_deg), abs(location.pose.pitch_deg)) > TURNED_DEG
    return not turned and face_fill_rate(crop) > FEWEST_READINGS and covered_share(crop, location) < COVERED_SHARE
