"""DepthFace: live denoising and identification of faces from a depth camera."""

__version__ = "0.1.0"
