"""IIIT-D: RGB-D pictures of a Kinect v1, 4,603 depth maps of 106 people (Goswami et al., BTAS 2013).

**The file format is not published.** Assumed: `fold1/training/<person>/` and `fold1/testing/<person>/` with 16-bit
single-channel PNG depth maps in mm, 640 × 480, 0 = no reading, named `*depth*.png`. That the database comes with five
folds of training and testing pictures is said by papers that use it; the paper follows the settings of LMFNet, which
are not known to us: read as its first fold. Training pictures are session 1, testing pictures session 2. Pose and
expression vary moderately and are not said per picture: all count as neutral. The nominal field of view of a Kinect
v1 stands for the intrinsics. The tip of the nose is found.
"""

from pathlib import Path

from depthface_app.core.sensors import SENSORS
from training.databases.depth_pictures import depth_scan, read_depth_picture
from training.databases.scan import Recording, Scan, existing, found

PARTS = ("training", "testing")


def recordings(folder: Path) -> list[Recording]:
    """All depth maps of the first fold."""
    out = []
    for session, part in enumerate(PARTS, 1):
        place = existing(folder / "fold1" / part)
        for path in found(place.glob("*/**/*depth*.png"), place, "folder per person with *depth*.png files"):
            out.append(Recording("IIIT-D", path.relative_to(place).parts[0], session, "NU", path, load))
    return out


def load(recording: Recording) -> Scan:
    """One depth map."""
    pinhole = SENSORS["kinect1"].intrinsics()
    depth = read_depth_picture(recording.path, (pinhole.width, pinhole.height))
    return depth_scan(depth, pinhole, recording.path)
