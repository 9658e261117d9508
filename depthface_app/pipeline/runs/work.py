"""Measuring one span of frames: the part of a run that processes of its own do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.session import SessionReader
from depthface_app.core.errors import CameraError, InputError
from depthface_app.core.frame import Frame
from depthface_app.pipeline.inspection import Look, Networks, Region, inspect_frame, look_at
from depthface_app.pipeline.inspection.frame import Resemblance, find_pair
from depthface_app.pipeline.methods import Method
from depthface_app.pipeline.runs.plan import Measured, Question, Read, Row, Span, is_session, surfaces_from

TRUTH = "truth"

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a span is measured with. Belongs to one thread.

    make_other: makes the method that denoised is compared with; anew for every span, as some look back
    resembles:  cosine with the enrolled person of the question, None if there is none
    """

    networks: Networks
    make_other: Callable[[], Method]
    resembles: Resemblance | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _Place:
    """One frame of an input, so many seconds after the first; `frame` is None where the file is damaged."""

    index: int
    time_s: float
    frame: Frame | None


def measure(span: Span, tools: Tools, question: Question, read: Read, stopped: Stopped = lambda: False) -> Measured:
    """All frames of a span. Figures over time are those of the whole recording: the frame before is looked at too.

    Raises:
        InputError, CameraError: the input or its reference does not fit, or cannot be read.
        ModelError: a network fails.
        InterruptedError: `stopped` said so.
    """
    measuring = Measuring(tools, question, read, span.begin)
    rows, damaged = [], []
    for place in _places(span, read):
        if stopped():
            raise InterruptedError
        if place.index < span.begin:
            measuring.look(place.frame)
        elif place.frame is None:
            measuring.leave_out()
            damaged.append(place.index)
        else:
            rows.append(measuring.row(place.index, place.time_s, place.frame))
    return Measured(tuple(rows), tuple(damaged))


def _places(span: Span, read: Read) -> Iterator[_Place]:
    """The frames of a span, and the one before it where it can be had."""
    if not is_session(span.path):
        began_s = None
        for index, frame in enumerate(islice(read(span.path), span.end)):
            began_s = frame.captured_s if began_s is None else began_s
            yield _Place(index, frame.captured_s - began_s, frame)
        return
    with SessionReader(span.path) as reader:
        for index in range(max(span.begin - 1, 0), len(reader) if span.end is None else span.end):
            yield _Place(index, float(reader.times_s[index]), _frame(reader, index))


def _frame(reader: SessionReader, index: int) -> Frame | None:
    try:
        return reader.read(index)
    except CameraError:
        return None


class Measuring:
    """Measures one frame after another of one input."""

    def __init__(self, tools: Tools, question: Question, read: Read, begin: int = 0) -> None:
        """`begin` is the index of the first frame that is measured."""
        self._tools, self._question = tools, question
        self._other = tools.make_other()
        self._before: Look | None = None
        self._surfaces: Iterator[Frame] | None = None
        if question.reference not in (None, TRUTH):
            self._surfaces = surfaces_from(Path(question.reference or ""), begin, read)

    def look(self, frame: Frame | None) -> None:
        """See the frame before the first, so that that one can be compared with it."""
        pair = None if frame is None else find_pair(frame, self._tools.networks, self._other)[0]
        self._before = None if pair is None else look_at(pair)

    def leave_out(self) -> None:
        """A frame cannot be read: nothing is compared across it."""
        self._before = None
        if self._surfaces is not None:
            next(self._surfaces, None)

    def row(self, index: int, time_s: float, frame: Frame) -> Row:
        """Figures of one frame."""
        question = self._question
        if question.region is not None:
            _check_inside(question.region, frame)
        found, self._before = inspect_frame(
            frame,
            self._tools.networks,
            self._before,
            self._reference(frame),
            question.region,
            self._other,
            self._tools.resembles,
            with_identity=index % question.identity_every == 0,
        )
        return Row(index, round(time_s, 6), found.number, found.faces, found.first, found.second, found.identity)

    def _reference(self, frame: Frame) -> NDArray[np.float32] | None:
        question = self._question
        if question.reference is None:
            return None
        if self._surfaces is None:
            known = frame.truth_mm
        else:
            surface = next(self._surfaces, None)
            known = None if surface is None else surface.depth_float()
        if known is None:
            raise InputError(f"{question.reference} has no surface for frame {frame.number}; give one that covers all.")
        if known.shape != frame.depth_mm.shape:
            sizes = " pixels and the input ".join(f"{w}x{h}" for h, w in (known.shape, frame.depth_mm.shape))
            raise InputError(f"the reference is {sizes}; give one of the same size.")
        return known


def _check_inside(region: Region, frame: Frame) -> None:
    height, width = frame.depth_mm.shape
    if region.left + region.width > width or region.top + region.height > height:
        raise InputError(f"the region reaches beyond the picture, which is {width}x{height} pixels.")
