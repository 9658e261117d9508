"""USTC: RGB-D pictures of a PrimeSense sensor, 24,839 of 873 people (Jiang et al., TPAMI 42(10), 2020).

**The file format is not published.** Assumed: one folder per person, in it or below it 16-bit single-channel PNG
depth maps in mm, 640 × 480, 0 = no reading, named `*depth*.png`; sorted by name, the first is a neutral frontal
picture. What a picture shows beyond that is not said: all count as neutral. The nominal field of view of a PrimeSense
sensor (58°, the same part as in a Kinect v1) stands for the intrinsics. The tip of the nose is found.
"""

from pathlib import Path

from depthface_app.core.sensors import SENSORS
from training.databases.depth_pictures import depth_scan, read_depth_picture
from training.databases.scan import Recording, Scan, existing, found


def recordings(folder: Path) -> list[Recording]:
    """All depth maps."""
    files = found(existing(folder).glob("*/**/*depth*.png"), folder, "folder per person with *depth*.png files")
    return [Recording("USTC", path.relative_to(folder).parts[0], 1, "NU", path, load) for path in files]


def load(recording: Recording) -> Scan:
    """One depth map."""
    pinhole = SENSORS["kinect1"].intrinsics()
    depth = read_depth_picture(recording.path, (pinhole.width, pinhole.height))
    return depth_scan(depth, pinhole, recording.path)
