"""What a run asks of every frame, and how its inputs are cut into spans that can be measured apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from depthface_app.cameras.pictures import is_picture
from depthface_app.cameras.session import SessionReader
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame
from depthface_app.pipeline.inspection import Figures, Region
from depthface_app.pipeline.methods import Filter, Method, Raw

SPAN_FRAMES = 60  # two seconds: what a kill costs at most per process
IDENTITY_EVERY = (
    5  # the recogniser takes a third of a frame's time, and a face does not change within a sixth of a second
)

Read = Callable[[Path], Iterator[Frame]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every frame; with the models, all that the figures depend on.

    against:        name of the method that denoised is compared with
    reference:      the true surface: a picture or recording, or `truth` of a simulated source
    person:         whose similarity is measured; `nearest` measures it to whoever is most alike
    identity_every: the recogniser sees every so many frames, counted from the first of the input
    frames:         of each input, all if None
    intrinsics:     of pictures that bring none
    """

    against: str = "raw"
    reference: str | None = None
    region: Region | None = None
    person: str | None = None
    nearest: bool = False
    identity_every: int = IDENTITY_EVERY
    frames: int | None = None
    intrinsics: Path | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One frame's figures and its place.

    index:  of the frame in its input, from 0
    time_s: since the input's first frame
    number: the frame's own
    """

    index: int
    time_s: float
    number: int
    faces: int
    first: Figures = field(default_factory=dict)
    second: Figures = field(default_factory=dict)
    identity: float = float("nan")


@dataclass(frozen=True, slots=True)
class Span:
    """Frames `begin` up to `end` of one input, all to its end if that is not known."""

    path: Path
    begin: int = 0
    end: int | None = None

    @property
    def frames(self) -> int:
        """How many, as far as one knows."""
        return 1 if self.end is None else self.end - self.begin


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a span. damaged: indices of frames that cannot be read."""

    rows: tuple[Row, ...]
    damaged: tuple[int, ...] = ()


def is_session(path: Path) -> bool:
    """Whether frames of this file can be read in any order."""
    try:
        with SessionReader(path):
            return True
    except CameraError:
        return False


def looks_back(method: Method) -> bool:
    """Whether a method's answer may depend on the frames before, so that a recording cannot be cut.

    Networks, which carry a card, and plain filters see one crop at a time; what is neither may do anything.
    """
    return not (isinstance(method, Raw | Filter) or hasattr(method, "card"))


def spans_of(path: Path, question: Question, whole: bool) -> tuple[Span, ...]:
    """The input in pieces that can be measured apart; one piece if it is `whole` or cannot be read in any order.

    Raises:
        InputError: the picture cannot be read.
        CameraError: the recording cannot be opened.
    """
    if is_picture(path):
        return (Span(path, 0, 1),)
    if not is_session(path):
        return (Span(path, 0, question.frames),)
    with SessionReader(path) as reader:
        count = min(len(reader), question.frames or len(reader))
    if whole:
        return (Span(path, 0, count),)
    return tuple(Span(path, begin, min(begin + SPAN_FRAMES, count)) for begin in range(0, count, SPAN_FRAMES))


def surfaces_from(path: Path, begin: int, read: Read) -> Iterator[Frame]:
    """Frames of a reference from `begin` on; a single picture serves all of them."""
    if is_picture(path):
        (frame,) = read(path)
        while True:
            yield frame
    if is_session(path):
        with SessionReader(path) as reader:
            for index in range(begin, len(reader)):
                yield reader.read(index)
        return
    yield from islice(read(path), begin, None)
