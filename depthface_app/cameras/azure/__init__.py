"""Azure Kinect on the vendor's library k4a. Never run with the library or a camera."""

from depthface_app.cameras.azure.settings import azure, find_azure

__all__ = ["azure", "find_azure"]
