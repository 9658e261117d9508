"""The running pipeline: a camera thread, a recogniser thread, and the boxes between them and the window."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, DepthCamera, StreamRequest
from depthface_app.cameras.playback import Playback
from depthface_app.cameras.recorder import Recorder, RecordingProgress
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.core.errors import CameraError, DepthFaceError
from depthface_app.core.face import FaceLocation, Result
from depthface_app.core.frame import Frame
from depthface_app.core.latest import Latest
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.faults import Fault, FaultBoard, FaultSource
from depthface_app.pipeline.feed import CameraFeed, FeedState, Supervision
from depthface_app.pipeline.health import Counts, Health, Meter
from depthface_app.pipeline.processing import RUNNING, Processing
from depthface_app.pipeline.stages import Job, Models, Options, denoise, identify, sight
from depthface_app.pipeline.tracker import Tracks

log = logging.getLogger(__name__)

WATCH_EVERY_S = 0.2
STOP_TIMEOUT_S = 2.0
LAST_STEP_S = 60.0  # recognising one frame on a starved machine: Python must not end while native code computes
HEALTH_LINE_S = 10.0
WATCHED_EVERY_S = 0.1  # people are named no more often while somebody watches their surfaces, which come first


@dataclass(frozen=True, slots=True)
class Wake:
    """Called when something new waits in a box that was empty, on a worker thread: must only signal and return."""

    picture: Callable[[], None] | None = None
    result: Callable[[], None] | None = None
    faults: Callable[[], None] | None = None


# Called on the recogniser thread with faces that are cut out and a box into which the same come with their surfaces, or
# which is closed where that fails. Must only keep both and return.
Watcher = Callable[[Result, Latest[Result]], None]


class Engine:
    """Owns the camera thread and the recogniser thread; starts once and stops once.

    Its methods may be called from any thread but those two. Another camera or model needs a new engine;
    `gallery` and `options` may be replaced while it runs, and the next frame uses them.

    pictures: every frame, newest wins, for whoever paints
    results:  what the recogniser made of the frames it had time for
    faults:   all faults that stand, on every change; empty when all is well again
    watcher:  told of faces before they are named, see `Watcher`; None when nobody looks
    """

    def __init__(
        self,
        make_camera: Callable[[], DepthCamera],
        models: Models | None,
        gallery: Gallery | None,
        *,
        request: StreamRequest | None = None,
        options: Options | None = None,
        wake: Wake | None = None,
        supervision: Supervision | None = None,
        standing: tuple[Fault, ...] = (),
        describe: Callable[[Models, Gallery, Options], Processing] | None = None,
    ) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            make_camera: a new camera, not opened; called again after a camera was lost.
            models: None shows pictures only.
            gallery: None, so that nobody is known, without models or when it cannot be read.
            standing: faults that stand from the beginning, such as a model that is missing.
            describe: what a recording says about its results; None records frames only.
        """
        wake = wake or Wake()
        self.pictures: Latest[Frame] = Latest(wake.picture)
        self.results: Latest[Result] = Latest(wake.result)
        self.faults: Latest[tuple[Fault, ...]] = Latest(wake.faults)
        self._gallery = gallery
        self.options = options or Options()
        self.watcher: Watcher | None = None
        self._named_s = 0.0
        self._sighted: Result | None = None  # of the frame before
        self._unnamed: tuple[Result, Job] | None = None  # the newest frame, if it was left unnamed; on its thread alone
        self._models = models
        self._describe = describe
        self._work: Latest[Frame] = Latest()
        self._board = FaultBoard(self.faults, standing)
        self._supervision = supervision or Supervision()
        self._feed = CameraFeed(make_camera, request or StreamRequest(), self._supervision, self._deliver, self._board)
        self._meter = Meter()
        self._tracks = Tracks()
        self._recorder: Recorder | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()

    @property
    def state(self) -> FeedState:
        """What the picture is doing now; true even while a call into a camera's SDK hangs."""
        return self._feed.state

    @property
    def camera_hangs(self) -> bool:
        """Whether a call into the camera will never return; only another engine can help."""
        return self._feed.hangs

    @property
    def models(self) -> Models | None:
        """The networks that run, None when pictures only are shown."""
        return self._models

    @property
    def gallery(self) -> Gallery | None:
        """The people to compare with; may be replaced while the engine runs."""
        return self._gallery

    @gallery.setter
    def gallery(self, gallery: Gallery | None) -> None:
        self._gallery = gallery
        if gallery is not None and gallery.problem:
            self._board.raise_fault(FaultSource.GALLERY, gallery.problem)
        else:
            self._board.clear(FaultSource.GALLERY)

    def tell_of_server(self, problem: str) -> None:
        """Let this be what is wrong with the shared gallery, "" when nothing is."""
        if problem:
            self._board.raise_fault(FaultSource.SERVER, problem, recovering=True)
        else:
            self._board.clear(FaultSource.SERVER)

    @property
    def camera_info(self) -> CameraInfo | None:
        """The camera that is or was last open."""
        return self._feed.info

    @property
    def playback(self) -> Playback | None:
        """What steers a recording that is played, None for every other camera."""
        camera = self._feed.camera
        return camera.playback if isinstance(camera, RecordingCamera) else None

    @property
    def standing_faults(self) -> tuple[Fault, ...]:
        """Every fault that stands now, without taking it from the box."""
        return self._board.standing

    def health(self) -> Health:
        """Rates, ages, milliseconds and drops of the last seconds."""
        provider = self._models.provider if self._models else ""
        counts = Counts(self._work.dropped, self.pictures.dropped, self._feed.refused)
        return self._meter.health(time.monotonic(), counts, provider)

    def picture_shown(self, frame: Frame) -> None:
        """Tell that a frame stands on the screen; the age of the picture is measured here."""
        self._meter.shown(frame, time.monotonic())

    def start(self) -> None:
        """Begin. Raises RuntimeError on a second call."""
        with self._lock:
            if self._threads:
                raise RuntimeError("an engine starts once; build a new one")
            self._threads = (
                threading.Thread(target=self._feed.run, name="camera", daemon=True),
                threading.Thread(target=self._recogniser_thread, name="recogniser", daemon=True),
            )
        for thread in self._threads:
            thread.start()

    def retry_camera(self) -> None:
        """Open the camera again at once: after the engine gave up, while it pauses, or after a recording's end."""
        self._feed.retry()

    def stop(self) -> None:
        """End both threads and finish a running recording. A second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._feed.stop()
        self._work.close()
        self._join()
        for box in (self.pictures, self.results, self.faults):
            box.close()
        try:
            self.stop_recording()
        except CameraError as error:
            log.error("%s", error)

    def _join(self) -> None:
        """Wait for both threads, closing a camera that hangs from here; a recogniser never hangs, but may be slow."""
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)
        if any(thread.is_alive() for thread in self._threads):
            self._feed.close_camera()
        for thread in self._threads:
            limit_s = STOP_TIMEOUT_S if thread.name == "camera" else LAST_STEP_S
            thread.join(limit_s)
            if thread.is_alive():
                log.warning("the %s thread did not end within %.0f s", thread.name, STOP_TIMEOUT_S + limit_s)

    @property
    def recording(self) -> RecordingProgress | None:
        """How the running recording goes, None while there is none."""
        with self._lock:
            return self._recorder.progress if self._recorder else None

    def record(self, path: Path, processed: bool = False) -> None:
        """Write every frame from now on to a new session file.

        Args:
            processed: also every result, beside the frame that it was made from.

        Raises:
            CameraError: if there is no camera yet, a recording runs already, or the file cannot be made.
            InputError: if a model's file or the key of the pseudonyms cannot be read.
        """
        info = self.camera_info
        if info is None:
            raise CameraError("There is no camera to record from yet; start one first.")
        processing = self._processing() if processed else None
        with self._lock:
            if self._recorder is not None:
                raise CameraError(f"A recording to {self._recorder.progress.path} is running; stop it first.")
            if processing is None:
                self._recorder = Recorder(path, info)
            else:
                self._recorder = Recorder(path, info, processing.facts, processing.pseudonym)
        self._board.clear(FaultSource.RECORDING)

    def _processing(self) -> Processing | None:
        """What the recording says about its results; None if none are made."""
        if self._models is None or self._describe is None:
            return None
        gallery = self._gallery or Gallery.empty(self._models.recogniser.card.identity)
        described = self._describe(self._models, gallery, self.options)
        return replace(described, facts={**described.facts, "tracks": RUNNING})

    def mark(self, text: str, at_s: float) -> bool:
        """Note something in the running recording at that moment, monotonic clock; False if none runs."""
        with self._lock:
            recorder = self._recorder
        if recorder is not None:
            recorder.mark(text, at_s)
        return recorder is not None

    def stop_recording(self) -> RecordingProgress | None:
        """Finish the recording; waits until every frame is on the disk. None if there was none.

        Raises:
            CameraError: if writing had failed; what was written until then is kept.
        """
        with self._lock:
            recorder, self._recorder = self._recorder, None
        return recorder.close() if recorder else None

    def _deliver(self, frame: Frame) -> None:
        """On the camera thread: a frame for everyone, without waiting for anyone."""
        self._meter.captured(frame)
        with self._lock:
            recorder = self._recorder
        if recorder is not None and not recorder.put(frame) and recorder.progress.problem:
            with self._lock:
                self._recorder = None
            self._board.raise_fault(FaultSource.RECORDING, recorder.progress.problem)
        self._work.put(frame)  # after the recorder, so that no result comes before its frame
        self.pictures.put(frame)

    def _recogniser_thread(self) -> None:
        """Recognise the newest frame, again and again; meanwhile watch that the camera does not hang."""
        next_line_s = time.monotonic() + HEALTH_LINE_S
        while not self._stopping.is_set():
            frame = self._work.take(WATCH_EVERY_S)
            self._feed.watch()
            is_present = frame is not None and not self._supervision.is_old(frame, time.monotonic())
            if frame is not None and is_present and self._models is not None:
                self._or_tell(self._recognise, frame, self._models)
            elif frame is None and self._unnamed is not None:
                self._or_tell(self._name, *self._unnamed)
            if time.monotonic() > next_line_s:
                next_line_s += HEALTH_LINE_S
                log.info("%s", self.health().line())

    def _or_tell(self, work: Callable[..., None], *values: object) -> None:
        try:
            work(*values)
        except DepthFaceError as error:
            self._board.raise_fault(FaultSource.RECOGNISER, str(error))
        except Exception as error:  # top of a thread: one odd frame must not end recognition for good
            log.exception("recognising a frame failed")
            message = f"A frame could not be recognised ({error}); if this stays, choose another model."
            self._board.raise_fault(FaultSource.RECOGNISER, message, recovering=True)
        else:
            self._board.clear(FaultSource.RECOGNISER)

    def _recognise(self, frame: Frame, models: Models) -> None:
        gallery = self.gallery or Gallery.empty(models.recogniser.card.identity)
        job = Job(models, gallery, self.options)
        is_unnamed = self._is_named_lately()
        sighted, self._tracks = sight(frame, self._tracks, job, self._known(frame) if is_unnamed else ())
        self._sighted = sighted
        denoised = self._denoise(sighted, job)
        if is_unnamed:
            self._unnamed = denoised, job
        else:
            self._name(denoised, job)

    def _known(self, frame: Frame) -> tuple[FaceLocation, ...]:
        """Faces that need no search: those of the frame just before, if nothing broke in between."""
        before = self._sighted
        if before is None or before.frame.segment != frame.segment or not self._is_next(before.frame, frame):
            return ()
        return tuple(face.location for face in before.faces)

    @staticmethod
    def _is_next(before: Frame, frame: Frame) -> bool:
        return 0 < frame.captured_s - before.captured_s < WATCHED_EVERY_S

    def _name(self, denoised: Result, job: Job) -> None:
        self._unnamed, self._named_s = None, time.monotonic()
        result, self._tracks = identify(denoised, self._tracks, job)
        self._meter.recognised(result)
        with self._lock:
            recorder = self._recorder
        if recorder is not None:
            recorder.put_result(result)
        self.results.put(result)

    def _is_named_lately(self) -> bool:
        """Whether this frame may go unnamed: surfaces are watched, and no recording wants every result."""
        with self._lock:
            is_recording = self._recorder is not None
        return self.watcher is not None and not is_recording and time.monotonic() < self._named_s + WATCHED_EVERY_S

    def _denoise(self, sighted: Result, job: Job) -> Result:
        """The surfaces; a watcher is told before, works beside, and gets them as soon as they are there."""
        surfaces: Latest[Result] = Latest()
        if self.watcher is not None:
            self.watcher(sighted, surfaces)
        try:
            denoised = denoise(sighted, job)
        except BaseException:
            surfaces.close()
            raise
        surfaces.put(denoised)
        return denoised
