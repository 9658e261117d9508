"""What two ways to get a surface make of a face, in figures: raw and denoised, or any other two, judged alike."""

from depthface_app.core.metrics.catalogue import FIGURES
from depthface_app.pipeline.inspection.figures import Figures
from depthface_app.pipeline.inspection.frame import FrameFigures, Networks, compare, inspect_frame, summary
from depthface_app.pipeline.inspection.look import Look, Pair, Region, look_at

__all__ = [
    "FIGURES",
    "Figures",
    "FrameFigures",
    "Look",
    "Networks",
    "Pair",
    "Region",
    "compare",
    "inspect_frame",
    "look_at",
    "summary",
]
