"""Kinect v1 (Xbox 360 and Kinect for Windows 1) on libfreenect."""

from depthface_app.cameras.kinect1.settings import find_kinect1, kinect1

__all__ = ["find_kinect1", "kinect1"]
