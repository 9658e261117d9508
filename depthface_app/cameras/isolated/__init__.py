"""Cameras in processes of their own, so that an SDK that crashes, aborts or never returns takes nothing with it."""

from depthface_app.cameras.isolated.camera import IsolatedCamera, Patience
from depthface_app.cameras.isolated.process import call_isolated

__all__ = ["IsolatedCamera", "Patience", "call_isolated"]
