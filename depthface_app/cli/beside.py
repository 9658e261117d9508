"""Results beside a recording that the command line makes."""

import threading
from dataclasses import replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.recorder import Recorder
from depthface_app.core.frame import Frame
from depthface_app.core.latest import Latest
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.processing import FRESH, Processing
from depthface_app.pipeline.stages import Models, Options, recognise
from depthface_app.pipeline.tracker import Tracks


class Beside:
    """Recognises recorded frames and hands the results to their recorder.

    Frames of a live camera as many as there is time for, on a thread of its own, so that every frame is recorded;
    those of a file one after another, so that every one has its result.
    """

    def __init__(self, models: Models, gallery: Gallery, options: Options, processing: Processing) -> None:
        """Keep the parts; `recorder` starts it."""
        self._models, self._gallery, self._options = models, gallery, options
        self._processing = replace(processing, facts={**processing.facts, "tracks": FRESH})
        self._work: Latest[Frame] = Latest()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recogniser", daemon=True)
        self._tracks = Tracks()
        self._recorder: Recorder | None = None
        self._problem: Exception | None = None

    def recorder(self, path: Path, info: CameraInfo) -> Recorder:
        """The recorder to give frames to. Raises CameraError if the file cannot be made."""
        self._recorder = Recorder(path, info, self._processing.facts, self._processing.pseudonym)
        self._thread.start()
        return self._recorder

    def take(self, frame: Frame) -> None:
        """Make a result of this frame, now or as soon as there is time. Raises what an earlier one failed with."""
        if self._problem is not None:
            raise self._problem
        if frame.is_live:
            self._work.put(frame)
        else:
            self._recognise(frame)

    def finish(self) -> None:
        """Wait for the last result."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        """The thread: the newest frame, again and again, and at the end the one that still waits."""
        try:
            while True:
                is_last = self._ending.is_set()
                frame = self._work.take(0.0 if is_last else 0.1)
                if frame is not None:
                    self._recognise(frame)
                elif is_last:
                    return
        except Exception as error:  # noqa: BLE001 - top of a thread: `take` raises it where somebody hears of it
            self._problem = error

    def _recognise(self, frame: Frame) -> None:
        assert self._recorder is not None
        result, self._tracks = recognise(frame, self._models, self._gallery, self._tracks, self._options)
        self._recorder.put_result(result)
