"""Who is known at one moment: an immutable value that a running match can read while others enrol."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import GalleryError
from depthface_app.core.face import Match
from depthface_app.core.match import CANDIDATES, match_embedding
from depthface_app.gallery.transform import Transform


@dataclass(frozen=True, eq=False, slots=True)
class Gallery:
    """People and their templates, all made by one version of one recogniser.

    model:     identity ("name version") of the recogniser that made the templates
    names:     one per person
    templates: (N, D) float32 unit vectors, read-only, in the space of `transform`
    person:    (N,) index into `names` of each template, read-only
    outdated:  people who are enrolled, but only with another recogniser
    transform: the gallery's own rotation of embeddings; None = none
    denied:    (M, D) faces of whom somebody said that they are not a person, in the space of `transform`
    denied_person: (M,) index into `names` of that person
    """

    model: str
    names: tuple[str, ...]
    templates: NDArray[np.float32]
    person: NDArray[np.intp]
    outdated: tuple[str, ...] = ()
    transform: Transform | None = None
    denied: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    denied_person: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))

    def __post_init__(self) -> None:
        """Freeze the arrays: a match may be reading them on another thread."""
        for array in (self.templates, self.person, self.denied, self.denied_person):
            array.setflags(write=False)

    @classmethod
    def empty(cls, model: str, outdated: tuple[str, ...] = ()) -> "Gallery":
        """Nobody is known yet."""
        return cls(model, (), np.zeros((0, 0), np.float32), np.zeros(0, np.intp), outdated)

    @classmethod
    def of(
        cls,
        model: str,
        people: Sequence[tuple[str, NDArray[np.float32]]],
        outdated: tuple[str, ...] = (),
        transform: Transform | None = None,
    ) -> "Gallery":
        """A snapshot of (name, templates (n, D)) pairs, which are in the space of `transform`."""
        if not people:
            return cls.empty(model, outdated)
        person = np.repeat(np.arange(len(people)), [len(templates) for _, templates in people])
        templates = np.vstack([t for _, t in people])
        return cls(model, tuple(name for name, _ in people), templates, person, outdated, transform)

    def match(self, embedding: NDArray[np.float32], model: str, threshold: float, top: int = CANDIDATES) -> Match:
        """Who it is, by the best template of each person.

        Args:
            embedding: (D,) unit vector.
            model: identity of the recogniser that made it.

        Raises:
            GalleryError: if another recogniser made the templates; their cosine would mean nothing.
        """
        if model != self.model:
            raise GalleryError(
                f"The people were enrolled with {self.model} and this face was read by {model}: "
                "the two cannot be compared; enrol the people again or choose the recogniser they were enrolled with."
            )
        if self.transform is not None:
            embedding = self.transform.apply(embedding[None])[0]
        denied = (self.denied, self.denied_person)
        return match_embedding(embedding, self.templates, self.person, self.names, threshold, top, denied)

    @property
    def problem(self) -> str:
        """One sentence when some people cannot be recognised with this recogniser, "" otherwise."""
        if not self.outdated:
            return ""
        who = ", ".join(self.outdated[:3]) + (" and others" if len(self.outdated) > 3 else "")
        return f"{who} were enrolled with another recogniser than {self.model} and stay unknown until enrolled again."
