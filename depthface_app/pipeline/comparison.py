"""Two threads that show and measure what several methods make of the newest face; without Qt."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from depthface_app.core.errors import DepthFaceError
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation, FaceResult, Result
from depthface_app.core.frame import Frame
from depthface_app.core.latest import Latest
from depthface_app.pipeline.fusing import Fusing, Reference
from depthface_app.pipeline.inspection import FrameFigures, Pair, compare, look_at, summary
from depthface_app.pipeline.maps import FROM_CAMERA, Light, Map, map_of
from depthface_app.pipeline.methods import Method, fixed_methods, true_face
from depthface_app.pipeline.stages import FaceRecogniser

log = logging.getLogger(__name__)

RAW, DENOISED, TRUTH, FUSED = "raw", "denoised", "truth", "fused"
MEASURE_EVERY_S = 0.25
MEASURE_SHARE = 0.25  # of one core's time at most, so that a slow machine spends it on the pictures
MEASURED_OVER = 20  # figures are means of so many frames, about five seconds
LEAST_FUSED = 8  # frames in a fused surface before errors are counted from it
STOP_TIMEOUT_S = 5.0
DENOISED_WITHIN_S = 5.0  # a network may be slow, but an engine that stopped answers never

Choose = Callable[[Result], FaceResult | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown and measured.

    views: (method, map) of every picture; methods are RAW, DENOISED (the running model), TRUTH, those of
        `fixed_methods` and whatever was added
    pair:  what figures compare, and what a difference is counted from: its first
    fine:  decode at twice the resolution where a method can
    light: direction towards the light in camera axes
    finest: at four times
    """

    views: tuple[tuple[str, str], ...]
    pair: tuple[str, str] = (RAW, DENOISED)
    fine: bool = False
    light: Light = FROM_CAMERA
    finest: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that is needed, once."""
        return tuple(dict.fromkeys((*self.pair, *(method for method, _ in self.views))))


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """One face of one frame, as the running model sees it."""

    frame: Frame
    location: FaceLocation
    denoised: DenoisedFace

    @property
    def crop(self) -> FaceCrop:
        """The face before any method."""
        return self.denoised.crop


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """One face that is to be shown.

    denoised: waits for the running model's answer and gives it; None if there will not be any
    known:    what other methods made of it before, as in a kept view; they are not run again
    """

    frame: Frame
    location: FaceLocation
    crop: FaceCrop
    wanted: Wanted
    denoised: Callable[[], DenoisedFace | None]
    known: Mapping[str, DenoisedFace] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """What the methods made of a moment.

    faces: by method; one that knows nothing about this moment is missing
    maps:  for every view that was wanted, None where its method knows nothing
    reference: the fused surface, if it was wanted and there is one
    """

    moment: Moment
    wanted: Wanted
    faces: Mapping[str, DenoisedFace]
    maps: tuple[Map | None, ...]
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Means of the last frames, as `inspection.summary` gives them by the names of the pair.

    reference: what errors are counted from: TRUTH, FUSED, or "" where there is neither
    """

    pair: tuple[str, str]
    frames: int
    figures: Mapping[str, object]
    reference: str = ""


class Comparison:
    """Owns a thread for the pictures and one for the figures; starts once, stops once.

    Newest moment first: what could not be shown or measured in time is not.

    methods:  every way to get a surface, by name; finest: of those that have them, their twins for four times the
        resolution
    seen:     what was made of the newest moment
    measured: its figures, a few times a second
    problems: why a method failed, one sentence
    """

    def __init__(
        self, on_seen: Callable[[], None], on_measured: Callable[[], None], on_problem: Callable[[], None]
    ) -> None:
        """Keep the bells, each rung on the thread when its box was empty."""
        self.seen: Latest[Seen] = Latest(on_seen)
        self.measured: Latest[Measured] = Latest(on_measured)
        self.problems: Latest[str] = Latest(on_problem)
        self.methods: Mapping[str, Method] = fixed_methods()  # replaced, never changed
        self.finest: Mapping[str, Method] = {}
        self.recogniser: FaceRecogniser | None = None  # for these threads alone; without it nothing is measured
        self.following: tuple[Choose, Wanted] | None = None  # which face of the stream, and how; None for none
        self._work: Latest[Order] = Latest()
        self._unmeasured: Latest[Seen] = Latest()
        self._meter = Meter()
        self.fusing = Fusing(self.problems.put)
        self._threads = tuple(
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("comparison", self._show_all), ("measuring", self._measure_all))
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()
        self.fusing.start()

    def show(self, moment: Moment, wanted: Wanted, known: Mapping[str, DenoisedFace] | None = None) -> None:
        """Ask for this, in place of what was not begun yet; `known` methods are not run again."""
        at = moment.frame, moment.location, moment.crop
        self._work.put(Order(*at, wanted, lambda: moment.denoised, known or {}))

    def watch(self, sighted: Result, surfaces: Latest[Result]) -> None:
        """An `engine.Watcher`: shows the followed face, with the other methods at work beside the running model."""
        following = self.following
        if following is None:
            return
        choose, wanted = following
        face = choose(sighted)
        if face is None or face.crop is None:
            return
        index = sighted.faces.index(face)

        def denoised() -> DenoisedFace | None:
            result = surfaces.take(DENOISED_WITHIN_S)
            return None if result is None else result.faces[index].denoised

        self._work.put(Order(sighted.frame, face.location, face.crop, wanted, denoised))

    def stop(self) -> None:
        """End both threads."""
        for box in (self._work, self._unmeasured, self.seen, self.measured, self.problems):
            box.close()
        self.fusing.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_TIMEOUT_S)

    def _show_all(self) -> None:
        while (order := self._work.take(None)) is not None:
            self._or_tell(self._show, order)

    def _measure_all(self) -> None:
        while (seen := self._unmeasured.take(None)) is not None:
            self._or_tell(self._measure, seen)

    def _or_tell(self, work: Callable[..., None], *values: object) -> None:
        try:
            work(*values)
        except DepthFaceError as error:
            self.problems.put(str(error))
        except Exception as error:  # top of a thread: one odd frame must not end the inspector
            log.exception("comparing methods failed")
            self.problems.put(f"A face could not be compared ({error}); if this stays, choose another method.")

    def _show(self, order: Order) -> None:
        wanted, reference = order.wanted, None
        if FUSED in wanted.methods and FUSED not in order.known:
            self.fusing.add(order.frame, order.crop)
            newest = self.fusing.reference
            reference = newest.on(order.crop) if newest is not None else None
        methods = {**self.methods, **self.finest} if wanted.finest else self.methods
        left = {name: each for name, each in methods.items() if name not in order.known}
        others = {**faces_by(order.frame, order.crop, wanted, left, reference), **order.known}
        denoised = order.denoised()
        if denoised is not None:
            seen = _seen(Moment(order.frame, order.location, denoised), wanted, others, reference)
            self.seen.put(seen)
            self._unmeasured.put(seen)

    def _measure(self, seen: Seen) -> None:
        if self.recogniser is not None:
            measured = self._meter.measure(seen, self.recogniser, time.monotonic)
            if measured is not None:
                self.measured.put(measured)


def seen_by(moment: Moment, wanted: Wanted, methods: Mapping[str, Method]) -> Seen:
    """Run the methods that are wanted, each once, and make the maps. Raises ModelError if a network fails."""
    return _seen(moment, wanted, faces_by(moment.frame, moment.crop, wanted, methods))


def faces_by(
    frame: Frame, crop: FaceCrop, wanted: Wanted, methods: Mapping[str, Method], reference: Reference | None = None
) -> dict[str, DenoisedFace]:
    """What every wanted method makes of a crop, but for the running model's own answer.

    It is made anew only where it is to be finer and `methods` can do that. One that knows nothing is missing.
    """
    found: dict[str, DenoisedFace] = {}
    for name in wanted.methods:
        if name == FUSED:
            face = reference.fused.face(crop) if reference is not None else None
        else:
            face = _face(name, frame, crop, wanted.fine, methods)
        if face is not None:
            found[name] = face
    return found


def _face(name: str, frame: Frame, crop: FaceCrop, fine: bool, methods: Mapping[str, Method]) -> DenoisedFace | None:
    if name == TRUTH:
        return true_face(frame, crop)
    method = methods.get(name)
    if method is None or (name == DENOISED and not (fine and method.has_fine)):
        return None
    return method.denoise(crop, fine and method.has_fine)


def _seen(
    moment: Moment, wanted: Wanted, others: Mapping[str, DenoisedFace], reference: Reference | None = None
) -> Seen:
    known = {DENOISED: moment.denoised, **others}
    faces = {name: known[name] for name in wanted.methods if name in known}
    first = faces.get(wanted.pair[0])
    maps = tuple(
        map_of(name, faces[method], first, wanted.light, wanted.fine) if method in faces else None
        for method, name in wanted.views
    )
    return Seen(moment, wanted, faces, maps, reference if FUSED in faces else None)


class Meter:
    """Measures pairs now and then, each against the frame just before, and keeps the last ones."""

    def __init__(self) -> None:
        self._last: tuple[Moment, tuple[str, str], str] | None = None
        self._before: Pair | None = None
        self._reports: deque[FrameFigures] = deque(maxlen=MEASURED_OVER)
        self._next_s = 0.0

    def measure(self, seen: Seen, recogniser: FaceRecogniser, clock: Callable[[], float]) -> Measured | None:
        """Figures, where it is time for new ones by the `clock` in seconds."""
        moment, names = seen.moment, seen.wanted.pair
        is_fused = seen.reference is not None and seen.reference.fused.frames >= LEAST_FUSED
        kind = TRUTH if moment.frame.truth_mm is not None else FUSED if is_fused else ""
        self._begin(moment, names, kind)
        if any(name not in seen.faces for name in names):
            return None
        pair = Pair(moment.frame, moment.location, *(seen.faces[name] for name in names))
        before, self._before, begun_s = self._before, pair, clock()
        if begun_s < self._next_s or (before is not None and before.frame is pair.frame):
            return None
        look_before = None if before is None else look_at(before)
        reference = pair.frame.truth_mm
        if kind == FUSED and seen.reference is not None:
            reference = seen.reference.fused.seen_by(pair.frame.intrinsics)
        self._reports.append(compare(pair, look_at(pair), recogniser, look_before, reference))
        self._next_s = begun_s + max(MEASURE_EVERY_S, (clock() - begun_s) / MEASURE_SHARE)
        return Measured(names, len(self._reports), summary(self._reports, names), kind)

    def _begin(self, moment: Moment, names: tuple[str, str], kind: str) -> None:
        """Nothing is compared across a break; means begin anew with another pair, reference, camera or person.

        After a break, as where a recording begins again, tracks have other numbers, so the person counts as the same.
        """
        last, self._last = self._last, (moment, names, kind)
        if last is None:
            return
        is_unbroken = last[0].frame.segment == moment.frame.segment
        is_same_person = not is_unbroken or last[0].location.track == moment.location.track
        if not is_unbroken or not is_same_person:
            self._before = None
        if last[1:] != (names, kind) or last[0].frame.serial != moment.frame.serial or not is_same_person:
            self._before, self._next_s = None, 0.0
            self._reports.clear()
