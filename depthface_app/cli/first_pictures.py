"""Does a camera that is plugged in deliver depth here, in this light?"""

from collections.abc import Callable, Sequence

import numpy as np

from depthface_app.cameras.base import BackendReport
from depthface_app.cli.checks import Check, Verdict
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame

NOT_CAMERAS = ("simulated",)
# By eye, on simulated and recorded pictures: a room that a camera copes with fills well over half of its picture.
ENOUGH_FILLED = 0.3
OVEREXPOSED = 250  # of 255
MUCH_OVEREXPOSED = 0.15
DARK_INFRARED = 6.0  # mean of an 8-bit picture

SUN = (
    "Keep direct sunlight and halogen lamps off the scene: their infrared drowns the camera's own. "
    "LED and fluorescent light do no harm."
)
NO_LIGHT = "Check that the emitter is switched on and that nothing covers it; the camera sees only by its own light."
GENERAL = (
    "Put something 0.4 to 2 m in front of it, wipe its windows, draw the curtains, "
    "and switch off other depth cameras that look at the same scene."
)


def check_pictures(reports: Sequence[BackendReport], look: Callable[[str], Sequence[Frame]]) -> list[tuple[str, Check]]:
    """(back-end, check) for every camera that is plugged in.

    Args:
        reports: what was found.
        look: some frames of a source; raises CameraError.
    """
    checks = []
    for report in reports:
        for camera in report.cameras if report.backend not in NOT_CAMERAS else ():
            try:
                check = judge(camera.source, look(camera.source))
            except CameraError as error:
                check = Check("pictures", Verdict.WARNING, f"{camera.source} delivers none", str(error))
            checks.append((report.backend, check))
    return checks


def judge(source: str, frames: Sequence[Frame]) -> Check:
    """Whether the frames hold enough depth, and if not, whether infrared tells why."""
    if not frames:
        return Check("pictures", Verdict.WARNING, f"{source} delivers none", "Plug it in again, into another port.")
    filled = float(np.median([np.mean(frame.depth_mm > 0) for frame in frames]))
    found = f"{source} reads {100 * filled:.0f} % of its picture"
    if filled >= ENOUGH_FILLED:
        return Check("pictures", Verdict.GOOD, found)
    infrared = frames[-1].infrared
    if infrared is None or infrared.dtype != np.uint8:
        return Check("pictures", Verdict.WARNING, found, f"{GENERAL} {SUN}")
    bright = float(np.mean(infrared >= OVEREXPOSED))
    if bright >= MUCH_OVEREXPOSED:
        found += f", and {100 * bright:.0f} % of its infrared picture is overexposed"
        return Check("pictures", Verdict.WARNING, found, SUN)
    if infrared.mean() < DARK_INFRARED:
        return Check("pictures", Verdict.WARNING, f"{found}, and its infrared picture is dark", NO_LIGHT)
    return Check("pictures", Verdict.WARNING, found, GENERAL)
