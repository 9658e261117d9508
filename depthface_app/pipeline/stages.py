"""From a frame to the people in it: pure stages, without threads and without Qt."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import MeanFace
from depthface_app.core.crop import crop_face
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation, FaceResult, Result
from depthface_app.core.frame import Frame
from depthface_app.core.match import CANDIDATES
from depthface_app.core.quality import CaptureQuality, capture_quality
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.decision import accepted_from
from depthface_app.pipeline.intake import is_dark
from depthface_app.pipeline.liveness import judge
from depthface_app.pipeline.tracker import Tracks, continuing, follow, remember

STAGES = ("locate", "crop", "liveness", "denoise", "normals", "embed", "match")


class Network(Protocol):
    """What every network says about itself."""

    @property
    def card(self) -> ModelCard:
        """The model file's own description."""
        ...

    @property
    def provider(self) -> str:
        """Execution provider it really runs on."""
        ...


class FaceLocator(Network, Protocol):
    """Finds faces in a frame by depth alone."""

    def locate(self, frame: Frame) -> tuple[FaceLocation, ...]:
        """Every face, not tracked yet."""
        ...

    def follow(self, frame: Frame, known: tuple[FaceLocation, ...]) -> tuple[FaceLocation, ...]:
        """The faces of the frame before in this one, cheaply; nobody new."""
        ...


class FaceDenoiser(Network, Protocol):
    """Turns a noisy crop into a clean surface."""

    @property
    def has_fine(self) -> bool:
        """Whether it can decode at twice the resolution."""
        ...

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """The crop with noise removed; `fine` also decodes it at twice the resolution."""
        ...


class FaceRecogniser(Network, Protocol):
    """Turns a clean surface into a vector that is near for one person and far for two."""

    @property
    def mean(self) -> MeanFace | None:
        """The face that others are registered to, if they are."""
        ...

    def embed(self, denoised: DenoisedFace, location: FaceLocation) -> NDArray[np.float32]:
        """(D,) float32 unit vector."""
        ...


@dataclass(frozen=True, slots=True)
class Models:
    """The networks of one pipeline."""

    locator: FaceLocator
    denoiser: FaceDenoiser
    recogniser: FaceRecogniser

    @property
    def provider(self) -> str:
        """Where the networks run, in one word or several."""
        names = dict.fromkeys(each.provider for each in (self.locator, self.denoiser, self.recogniser))
        return " + ".join(name.removesuffix("ExecutionProvider") for name in names)


@dataclass(frozen=True, slots=True)
class Options:
    """What may change while the pipeline runs.

    rate:       share of searches for strangers that may name somebody
    threshold:  cosine at which a match is accepted, whatever the rate; None follows the rate
    candidates: how many nearest people a match lists
    fine:       also decode the denoised face at twice the resolution
    """

    rate: float = 0.01
    threshold: float | None = None
    candidates: int = CANDIDATES
    fine: bool = False


class _StageClock:
    """Adds up the milliseconds of each stage of one frame."""

    def __init__(self) -> None:
        self.stages_ms = dict.fromkeys(STAGES, 0.0)

    def move(self, of: str, to: str, milliseconds: float) -> None:
        """Count a part of one stage as another's."""
        self.stages_ms[of] -= milliseconds
        self.stages_ms[to] += milliseconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.stages_ms[name] += (time.perf_counter() - started) * 1000


def recognise(
    frame: Frame, models: Models, gallery: Gallery, tracks: Tracks | None = None, options: Options | None = None
) -> tuple[Result, Tracks]:
    """Find, denoise and name every face of a frame.

    Args:
        gallery: the people to compare with, enrolled with this recogniser.
        tracks: what the frame before left; None for a picture on its own.

    Returns:
        The result, and the tracks to hand to the next call.

    Raises:
        ModelError: if a network fails.
        GalleryError: if the gallery was made by another recogniser.
    """
    job = Job(models, gallery, options or Options())
    sighted, tracks = sight(frame, tracks or Tracks(), job)
    return identify(denoise(sighted, job), tracks, job)


@dataclass(frozen=True, slots=True)
class Job:
    """What every face of one frame needs."""

    models: Models
    gallery: Gallery
    options: Options
    clock: _StageClock = field(default_factory=_StageClock)


def sight(frame: Frame, tracks: Tracks, job: Job, known: tuple[FaceLocation, ...] = ()) -> tuple[Result, Tracks]:
    """The first steps of `recognise`: every face, followed and cut out. Raises ModelError if a network fails.

    Args:
        known: the faces of the frame before, where finding those again is enough.
    """
    with job.clock.stage("locate"):
        locator = job.models.locator
        found = () if is_dark(frame) else locator.follow(frame, known) if known else locator.locate(frame)
        tracks, locations = follow(continuing(tracks, frame.segment), found, frame.captured_s)
    faces = _captures(frame, locations, tracks, job) if locations else ()
    return Result(frame, tuple(faces), job.clock.stages_ms), tracks


def _captures(frame: Frame, locations: Sequence[FaceLocation], tracks: Tracks, job: Job) -> list[FaceResult]:
    with job.clock.stage("crop"):
        depth = frame.depth_float()
        crops = [crop_face(depth, frame.intrinsics, location.nose_mm) for location in locations]
        pairs = list(zip(locations, crops, strict=True))
        qualities = [face_quality(frame, crop, location, tracks) for location, crop in pairs]
    return [
        FaceResult(*pair, quality=quality.value, hint=quality.hint)
        for pair, quality in zip(pairs, qualities, strict=True)
    ]


def denoise(sighted: Result, job: Job) -> Result:
    """The next step of `recognise`: the surface of every face. Raises ModelError if the network fails."""
    return replace(sighted, faces=tuple(_denoised(face, job) for face in sighted.faces))


def _denoised(face: FaceResult, job: Job) -> FaceResult:
    assert face.crop is not None
    with job.clock.stage("denoise"):
        denoised = job.models.denoiser.denoise(face.crop, job.options.fine)
    job.clock.move("denoise", "normals", denoised.normals_ms)
    return replace(face, denoised=denoised)


def identify(denoised: Result, tracks: Tracks, job: Job) -> tuple[Result, Tracks]:
    """The last steps of `recognise`: whether each face lives, and whose it is. Raises ModelError and GalleryError."""
    faces = []
    for face in denoised.faces:
        known, tracks = _identified(face, tracks, job)
        faces.append(known)
    return replace(denoised, faces=tuple(faces), done_s=time.monotonic()), tracks


def _identified(face: FaceResult, tracks: Tracks, job: Job) -> tuple[FaceResult, Tracks]:
    """One face; the gallery is asked about all that its track has shown lately."""
    assert face.crop is not None
    assert face.denoised is not None
    location = face.location
    with job.clock.stage("liveness"):
        tracks, live = judge(face.crop, location, job.models.recogniser.mean, tracks)
    with job.clock.stage("embed"):
        embedding = job.models.recogniser.embed(face.denoised, location)
    with job.clock.stage("match"):
        card = job.models.recogniser.card
        threshold = threshold_of(card, job.gallery, job.options)
        tracks, seen = remember(tracks, location.track, embedding, face.quality)
        match = job.gallery.match(seen, card.identity, threshold, job.options.candidates)
    return replace(face, embedding=embedding, match=match, live=live, still=tracks.is_still(location.track)), tracks


def face_quality(frame: Frame, crop: FaceCrop, location: FaceLocation, tracks: Tracks) -> CaptureQuality:
    """How good this capture is, with the person's own movement."""
    face_px = 200.0 * frame.intrinsics.fx / location.nose_mm[2]
    size = (frame.intrinsics.height, frame.intrinsics.width)
    return capture_quality(crop, location, face_px, size, tracks.speed_mm_s(location.track))


def threshold_of(card: ModelCard, gallery: Gallery, options: Options) -> float:
    """Cosine at which a match is accepted: the user's own, or what the wanted rate asks of this gallery."""
    return accepted_from(card, gallery, options.rate) if options.threshold is None else options.threshold
