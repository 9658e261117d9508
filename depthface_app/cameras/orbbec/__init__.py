"""Orbbec cameras (Femto, Gemini, Astra 2) and their recordings."""

from depthface_app.cameras.orbbec.settings import find_orbbec, orbbec

__all__ = ["find_orbbec", "orbbec"]
