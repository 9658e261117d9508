"""Intel RealSense cameras and their recordings."""

from functools import partial
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, DepthCamera
from depthface_app.cameras.isolated import IsolatedCamera
from depthface_app.cameras.realsense.camera import RealSenseCamera, find_realsense
from depthface_app.cameras.realsense.settings import RealSenseSettings

__all__ = ["RealSenseCamera", "RealSenseSettings", "find_realsense", "live_realsense", "recorded_realsense"]


def live_realsense(serial: str, settings: RealSenseSettings) -> DepthCamera:
    """A live camera, "" for the first one; in a process of its own if the settings say so."""
    if not settings.process:
        return RealSenseCamera(serial, settings=settings)
    info = CameraInfo(f"realsense:{serial}", "RealSense", serial)
    return IsolatedCamera(partial(RealSenseCamera, serial, settings=settings), info)


def recorded_realsense(file: Path, settings: RealSenseSettings, *, loop: bool, realtime: bool) -> DepthCamera:
    """A recording, played in a process of its own: the SDK never returns from some that are damaged."""
    info = CameraInfo(f"realsense:{file}", file.name)
    return IsolatedCamera(partial(RealSenseCamera, file=file, settings=settings, loop=loop, realtime=realtime), info)
