"""What `depthface inspect` works with: its inputs, its networks, and the runs it keeps."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app import __version__, core
from depthface_app.build import Setup, build_models, model_file, open_denoiser, open_gallery
from depthface_app.cli.inputs import frames_of, started, stream
from depthface_app.cli.saying import note, progress
from depthface_app.cli.searching import stems_of
from depthface_app.core.errors import DepthFaceError, InputError
from depthface_app.core.files import sha256_of, whole_file
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline import inspection
from depthface_app.pipeline.methods import Method, fixed_methods
from depthface_app.pipeline.runs import results
from depthface_app.pipeline.runs.parts import Parts, unwritable
from depthface_app.pipeline.runs.plan import Measured, Question, Read, Span, looks_back, spans_of
from depthface_app.pipeline.runs.results import DENOISED, Inspected, Run, card_values
from depthface_app.pipeline.runs.run import Job, measure_all
from depthface_app.pipeline.runs.work import TRUTH, Measuring, Tools
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Models


@dataclass(frozen=True, slots=True)
class Known:
    """Says how like an enrolled person an embedding is; of several people, the one most alike."""

    gallery: Gallery

    def __call__(self, embedding: NDArray[np.float32]) -> float:
        """The cosine with the best template. Raises GalleryError if another recogniser made it."""
        return self.gallery.match(embedding, self.gallery.model, threshold=1.0, top=1).similarity


def known_person(setup: Setup, models: Models, question: Question) -> Known | None:
    """Whoever the question's similarity is measured to. Raises InputError if nobody is there."""
    if question.person is None and not question.nearest:
        return None
    card = models.recogniser.card
    gallery = open_gallery(setup).snapshot(card.name, card.version)
    if question.person is None:
        if not gallery.names:
            raise InputError("Nobody is enrolled with this recogniser; enrol somebody, or leave --nearest out.")
        return Known(gallery)
    if question.person not in gallery.names:
        raise InputError(
            f"Nobody called {question.person} is enrolled with this recogniser; depthface people list says who is."
        )
    own = gallery.templates[gallery.person == gallery.names.index(question.person)]
    return Known(Gallery.of(gallery.model, [(question.person, own)], transform=gallery.transform))


def open_tools(settings: Settings, against: str, known: Known | None) -> Tools:
    """What one process measures with. Raises ModelError if a network does not fit."""
    return Tools(build_models(settings), other_maker(settings, against), known)


def other_maker(settings: Settings, against: str) -> Callable[[], Method]:
    """Makes what denoised is compared with: a method by its name, or a denoiser's file.

    Raises:
        InputError: there is neither.
        ModelError: the file does not fit.
    """
    if against in fixed_methods():
        return lambda: fixed_methods()[against]
    if not model_file("denoiser", against).is_file():
        raise InputError(f"{against} is no method; give one of {', '.join(fixed_methods())}, or a denoiser's file.")
    network = open_denoiser(replace(settings, denoiser=against))
    return lambda: network


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that an inspection needs, opened.

    job:      the same for processes of their own
    settings: all that the figures depend on besides the inputs, as plain values
    """

    setup: Setup
    job: Job
    tools: Tools
    settings: dict[str, Any]

    @property
    def question(self) -> Question:
        """What is asked of every frame."""
        return self.job.question

    @property
    def read(self) -> Read:
        """Frames of an input that is no session."""
        return self.job.read

    @property
    def sides(self) -> tuple[str, str]:
        """What is compared with, and what is judged."""
        return self.question.against, DENOISED


def prepared(setup: Setup, question: Question, *, is_live: bool = False) -> Bench:
    """Open networks and gallery. A live source gets all cores for its one network, files one core for each process.

    Raises:
        InputError: an unknown method or person.
        ModelError, GalleryError: what is asked for cannot be opened.
    """
    if not is_live:
        setup = replace(setup, settings=replace(setup.settings, threads=1))
    models, make_other = build_models(setup.settings), other_maker(setup.settings, question.against)
    known = known_person(setup, models, question)
    job = Job(
        question,
        partial(open_tools, setup.settings, question.against, known),
        partial(frames_of, setup=setup, intrinsics=question.intrinsics),
    )
    return Bench(setup, job, Tools(models, make_other, known), _settings_of(question, models, make_other(), known))


def _settings_of(question: Question, models: Models, other: Method, known: Known | None) -> dict[str, Any]:
    networks: list[Any] = [models.denoiser, models.locator, models.recogniser, other]
    cards = [getattr(each, name) for each in networks for name in ("card", "aligner_card") if hasattr(each, name)]
    reference = None if question.reference in (None, TRUTH) else Path(question.reference or "")
    contents = {
        f"{name}_sha256": sha256_of(file) if file is not None and file.is_file() else None
        for name, file in (("reference", reference), ("intrinsics", question.intrinsics))
    }
    return {
        "version": f"{__version__}+{_measuring_code()}",
        **results.plain(question),
        **contents,
        "templates": None if known is None else len(known.gallery.templates),
        "models": [card_values(card) for card in cards],
    }


def _measuring_code() -> str:
    """What versions between two releases are told apart by: another measure is another measurement."""
    files = [Path(file) for file in (core.__file__, inspection.__file__) if file]
    sources = [path for file in files for path in sorted(file.parent.rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def live(bench: Bench, source: str, output: Path | None) -> Run:
    """Inspect so many frames of a live source."""
    settings = bench.settings | {"source": source}
    if output is not None:
        make_folder(output)
        results.begin(output, bench.sides, settings)
    measuring = Measuring(bench.tools, bench.question, bench.read)
    rows, began_s = [], 0.0
    with started(bench.setup, source) as camera:
        for index, frame in enumerate(islice(stream(camera), bench.question.frames)):
            began_s = frame.captured_s if index == 0 else began_s
            rows.append(measuring.row(index, frame.captured_s - began_s, frame))
    run = Run(bench.sides, settings, (Inspected(source, source, "source", tuple(rows)),))
    if output is not None:
        results.write(run, output)
    return run


@dataclass(frozen=True, slots=True)
class Runner:
    """Inspects files, in parallel, and goes on where it was stopped if there is a folder to keep things in."""

    bench: Bench
    workers: int
    folder: Path | None

    def run(self, paths: Sequence[Path], problems: Sequence[str] = ()) -> Run:
        """Figures of every file. Raises DepthFaceError if it cannot go on."""
        bench, folder = self.bench, self.folder
        if folder is not None:
            make_folder(folder)
            results.begin(folder, bench.sides, bench.settings)
        found = _Collected(None if folder is None else Parts(folder, bench.settings), list(problems))
        whole = looks_back(bench.tools.make_other())
        spans = [span for path in paths for span in found.planned(path, bench.question, whole)]
        with progress("inspecting", sum(span.frames for span in spans)) as move:
            left = [span for span in spans if not found.is_kept(span)]
            move(found.frames, "")

            def take(span: Span, measured: Measured) -> None:
                found.take(span, measured)
                move(found.frames, span.path.name)

            measure_all(left, bench.job, self.workers, take, found.fail)
        run = found.run(paths, bench.sides, bench.settings)
        if folder is not None:
            results.write(run, folder)
        return run


class _Collected:
    """What is known of a run so far."""

    def __init__(self, parts: Parts | None, problems: list[str]) -> None:
        self._parts, self._problems = parts, problems
        self._measured: dict[Span, Measured] = {}
        self._failed: set[Path] = set()
        self.frames = 0

    def planned(self, path: Path, question: Question, whole: bool) -> tuple[Span, ...]:
        """The spans of an input, none if it cannot be opened."""
        try:
            spans = spans_of(path, question, whole)
            if self._parts is not None and self._parts.is_of_another_file(path):
                note(f"{path} has changed since it was inspected into this folder; it is measured anew.")
            return spans
        except DepthFaceError as error:
            self._problem(path, error)
            return ()

    def is_kept(self, span: Span) -> bool:
        """Whether a span was measured before; if so it is taken."""
        kept = None if self._parts is None else self._parts.load(span)
        if kept is not None:
            self._measured[span] = kept
            self.frames += len(kept.rows)
        return kept is not None

    def take(self, span: Span, measured: Measured) -> None:
        """A span was measured."""
        if self._parts is not None:
            self._parts.keep(span, measured)
        self._measured[span] = measured
        self.frames += len(measured.rows)

    def fail(self, span: Span, error: DepthFaceError) -> None:
        """An input cannot be inspected."""
        self._problem(span.path, error)

    def _problem(self, path: Path, error: DepthFaceError) -> None:
        self._failed.add(path)
        text = str(error)
        self._problems.append(text if str(path) in text else f"{path}: {text}")

    def run(self, paths: Sequence[Path], sides: tuple[str, str], settings: dict[str, Any]) -> Run:
        """Everything put together, in the order of the inputs."""
        inputs = []
        for path, stem in stems_of(paths).items():
            mine = [self._measured[s] for s in sorted(self._measured, key=lambda s: s.begin) if s.path == path]
            if path not in self._failed:
                rows = tuple(row for each in mine for row in each.rows)
                damaged = tuple(index for each in mine for index in each.damaged)
                inputs.append(Inspected(str(path), str(path.resolve()), stem, rows, damaged))
        return Run(sides, settings, tuple(inputs), tuple(self._problems))


def write_report(run: Run, folder: Path, tools: Tools, read: Read) -> tuple[Path, Path]:
    """The report of a finished run, as a page and on paper.

    Raises:
        InputError: it cannot be written.
        ModelError: a network fails on one of the worst frames.
    """
    from depthface_app.pipeline.runs.report import content, html, pdf  # drawing libraries are slow to load

    report = content.report_of(run, tools, read)
    page, paper = folder / "report.html", folder / "report.pdf"
    for target, data in ((page, html.page(report).encode()), (paper, pdf.document(report))):
        try:
            with whole_file(target) as part:
                part.write_bytes(data)
        except OSError as error:
            raise unwritable(target, error) from error
    return page, paper


def make_folder(folder: Path) -> None:
    """A folder for results. Raises InputError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}; give another one.") from error
