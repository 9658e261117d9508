"""Kinect v2 (Xbox One and Kinect for Windows 2) on libfreenect2. Never run with the library or a camera."""

from depthface_app.cameras.kinect2.settings import find_kinect2, kinect2

__all__ = ["find_kinect2", "kinect2"]
