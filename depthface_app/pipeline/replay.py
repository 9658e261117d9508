"""Makes a recording's results again and says whether they are the same, bit by bit."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from depthface_app.cameras.session import SessionReader, StoredFace, StoredResult
from depthface_app.cameras.session.results import fingerprint, stored
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.processing import FRESH, Processing, differences
from depthface_app.pipeline.stages import Models, Options, recognise
from depthface_app.pipeline.tracker import Tracks

# What depends on the people and on the frames before, beside the frame itself.
OF_IDENTITY = ("person", "similarity", "runner_up", "threshold")
OF_TRACKS = ("track", "quality", "hint", "live", *OF_IDENTITY)
OF_PEOPLE = ("gallery.sha256", "pseudonyms", "threshold")


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay made, and how it compares with what was recorded.

    sha256:       over every result, without times: equal digests mean equal results bit by bit
    compared:     frames whose recorded result was held against the new one; 0 if there is none, or it says why not
    equal:        of them, those that are the same bit by bit
    first_difference: index of the first frame that differs, None if none does
    apart_mm:     largest distance between recorded and new denoised depth, NaN if nothing differs or can be compared
    identities:   faces whose identity was compared; `agreeing` of them have the same person
    why_not:      in one sentence each, what was not compared, or why a difference is no surprise
    is_promised:  networks, versions, processor and threads are those of the recording, so nothing may differ
    """

    frames: int
    faces: int
    sha256: str
    compared: int = 0
    equal: int = 0
    first_difference: int | None = None
    apart_mm: float = float("nan")
    identities: int = 0
    agreeing: int = 0
    why_not: tuple[str, ...] = ()
    is_promised: bool = False

    @property
    def is_failed(self) -> bool:
        """The results should be the same, and are not."""
        return self.is_promised and self.equal < self.compared


class _Comparison:
    """Adds up how recorded and new results compare."""

    def __init__(self, recorded: Mapping[str, str], here: Processing) -> None:
        apart = differences(recorded, here.facts)
        other_models = [each for each in apart if each.startswith("model.")]
        self.is_possible = bool(recorded) and not other_models
        self.is_promised = self.is_possible and not _deciding(apart)
        other_people = any(recorded.get(key) != here.facts.get(key) for key in OF_PEOPLE)
        is_running = recorded.get("tracks") != FRESH
        self._with_identity = self.is_possible and not other_people
        self._left_out = OF_TRACKS if is_running else OF_IDENTITY if other_people else ()
        self.why_not = tuple(_reasons(recorded, apart, other_models, other_people, is_running))
        self.compared = self.equal = self.identities = self.agreeing = 0
        self.first_difference: int | None = None
        self.apart_mm = float("nan")

    def add(self, index: int, before: StoredResult, now: StoredResult) -> None:
        """One frame."""
        if not self.is_possible:
            return
        self.compared += 1
        pairs = list(zip(before.faces, now.faces, strict=False))
        same = len(before.faces) == len(now.faces) and all(self._same(*pair) for pair in pairs)
        self.equal += same
        if not same:
            self.first_difference = index if self.first_difference is None else self.first_difference
            for pair in pairs:
                self.apart_mm = float(np.fmax(self.apart_mm, _apart_mm(*pair)))
        if self._with_identity:
            self.identities += len(pairs)
            self.agreeing += sum(one.person == other.person for one, other in pairs)

    def _same(self, before: StoredFace, now: StoredFace) -> bool:
        return _without(fingerprint(before), self._left_out) == _without(fingerprint(now), self._left_out)


def _deciding(apart: tuple[str, ...]) -> list[str]:
    """Differences that may change the bits of a surface or an embedding; a threshold changes neither."""
    return [each for each in apart if not each.startswith("threshold")]


def _reasons(
    recorded: Mapping[str, str], apart: tuple[str, ...], models: list[str], people: bool, running: bool
) -> list[str]:
    if not recorded:
        return ["The recording holds no results to compare with."]
    if models:
        return [f"The results were not compared: {'; '.join(models)}."]
    reasons = []
    if _deciding(apart):
        reasons.append(f"The last bits may differ: {'; '.join(_deciding(apart))}.")
    if people:
        reasons.append("Identities were not compared: other people are enrolled here, or another threshold is set.")
    if running:
        reasons.append(
            "Track numbers, similarities, qualities and liveness were not compared bit by bit: "
            "the people had been followed since before the recording began."
        )
    return reasons


def replay(
    reader: SessionReader,
    models: Models,
    gallery: Gallery,
    options: Options,
    here: Processing,
    moved: Callable[[int, int], None] = lambda done, total: None,
) -> ReplayReport:
    """Recognise the recording's frames again: those that have results, or all if none has.

    Args:
        here: what `describe` says about these networks; its pseudonyms stand for the people.
        moved: told how many frames of how many are done.

    Raises:
        CameraError: a frame or a result is damaged.
        ModelError: a network fails.
    """
    indices = reader.with_results or tuple(range(len(reader)))
    digest, faces, tracks = hashlib.sha256(), 0, Tracks()
    comparison = _Comparison(reader.processing, here)
    for done, index in enumerate(indices, start=1):
        result, tracks = recognise(reader.read(index), models, gallery, tracks, options)
        now = stored(result, index, here.pseudonym)
        digest.update(_bytes_of(now))
        faces += len(now.faces)
        before = reader.result(index)
        if before is not None:
            comparison.add(index, before, now)
        moved(done, len(indices))
    return ReplayReport(
        len(indices),
        faces,
        digest.hexdigest(),
        comparison.compared,
        comparison.equal,
        comparison.first_difference,
        comparison.apart_mm,
        comparison.identities,
        comparison.agreeing,
        comparison.why_not,
        comparison.is_promised,
    )


def _bytes_of(result: StoredResult) -> bytes:
    values: list[Any] = [result.frame, [fingerprint(face) for face in result.faces]]
    return json.dumps(values, sort_keys=True).encode()


def _without(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _apart_mm(before: StoredFace, now: StoredFace) -> float:
    if before.depth_mm is None or now.depth_mm is None or before.depth_mm.shape != now.depth_mm.shape:
        return float("nan")
    apart = np.abs(before.depth_mm - now.depth_mm)
    return float(np.nanmax(apart)) if np.isfinite(apart).any() else float("nan")
