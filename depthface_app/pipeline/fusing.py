"""The thread on which the inspector's fused reference grows."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from depthface_app.core.errors import DepthFaceError
from depthface_app.core.face import FaceCrop
from depthface_app.core.frame import Frame
from depthface_app.core.latest import Latest
from depthface_app.core.metrics.judged import against, near_nose
from depthface_app.pipeline.fusion import Fused, Fusion
from depthface_app.pipeline.methods import on_crop

log = logging.getLogger(__name__)

FUSE_SHARE = 0.3  # of one core's time at most
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """A fused surface, and what it is worth where somebody knows.

    error_mm: its RMSE to the true surface of the newest frame in it, NaN on a live sensor
    """

    fused: Fused
    error_mm: float

    def on(self, crop: FaceCrop) -> "Reference | None":
        """The same laid onto a later crop; None if it does not fit there."""
        fused = self.fused.aligned(crop)
        return None if fused is None else Reference(fused, self.error_mm)


class Fusing:
    """Owns a thread that fuses the newest faces it is given, as many as it has time for; starts once, stops once.

    After a failure, as without Open3D, it tells why and takes no more.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Keep what is told of a problem, on the thread."""
        self.reference: Reference | None = None  # replaced, never changed
        self.has_failed = False
        self._tell, self._fusion = tell, Fusion()
        self._work: Latest[tuple[Frame, FaceCrop]] = Latest()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fusing", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, frame: Frame, crop: FaceCrop) -> None:
        """Have this face fused, in place of what was not begun yet."""
        if not self.has_failed:
            self._work.put((frame, crop))

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._work.close()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while (work := self._work.take(None)) is not None:
                begun_s = time.thread_time()
                self._add(*work)
                self._stopping.wait((time.thread_time() - begun_s) * (1 / FUSE_SHARE - 1))
        except DepthFaceError as error:
            self._fail(str(error))
        except Exception as error:  # top of a thread: the views go on without it
            log.exception("fusing failed")
            self._fail(f"Frames could not be fused ({error}); open the inspector again to try once more.")

    def _add(self, frame: Frame, crop: FaceCrop) -> None:
        fused = self._fusion.add(crop)
        self.reference = Reference(fused, error_mm(fused, frame, crop))

    def _fail(self, problem: str) -> None:
        self.reference, self.has_failed = None, True
        self._tell(problem)


def error_mm(fused: Fused, frame: Frame, crop: FaceCrop) -> float:
    """RMSE of the surface to the truth in mm, where the sensor had a reading on the face; NaN if nobody knows it."""
    if frame.truth_mm is None:
        return float("nan")
    face = fused.face(crop)
    truth = on_crop(frame.truth_mm, frame, crop)
    there = ~np.isnan(truth + face.depth_mm + crop.depth_mm)
    judged = there & near_nose(truth, crop.intrinsics, crop.nose_mm)
    return float(against(face.depth_mm, truth, judged, crop.intrinsics, crop.nose_mm[2])["rmse_mm"])
