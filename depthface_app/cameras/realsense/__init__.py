"""Intel RealSense cameras and their recordings."""

from depthface_app.cameras.realsense.camera import RealSenseCamera, find_realsense
from depthface_app.cameras.realsense.settings import RealSenseSettings

__all__ = ["RealSenseCamera", "RealSenseSettings", "find_realsense"]
