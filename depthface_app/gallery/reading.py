"""The people of a gallery as a snapshot, opening only what was not open in the snapshot before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.marks import Mark
from depthface_app.gallery.records import Profile, name_key, unpack_template
from depthface_app.gallery.sealed_rows import DENIED, PROFILE, TEMPLATE
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.survey import Survey, surveyed
from depthface_app.gallery.vault import Opened

T = TypeVar("T")
_FEW = 200  # so many are looked up one by one; for more the whole table is read
_SPARE = 256  # rows for people to come


@dataclass(frozen=True, eq=False, slots=True)
class _Vector:
    """A template in the gallery's own space, and how many components the recogniser gave it."""

    size: int
    turned: NDArray[np.float32]

    @classmethod
    def of(cls, content: bytes) -> "_Vector":
        about, turned = unpack_template(content)
        return cls(about["size"], turned)


@dataclass(frozen=True, slots=True)
class _Open(Generic[T]):
    """One record that was opened, and the tag of its seal, which no other content has."""

    tag: bytes
    person: str
    value: T


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """What the last snapshot opened, by record.

    survey: the records it found; None before the first
    buffer: (capacity, width) its templates, and room for more behind them; a snapshot is a view of the front
    rows:   which row of the buffer each record is
    """

    survey: Survey | None = None
    profiles: dict[str, _Open[Profile]] = field(default_factory=dict)
    templates: dict[str, _Open[_Vector]] = field(default_factory=dict)
    denied: dict[str, _Open[_Vector]] = field(default_factory=dict)
    buffer: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    rows: dict[str, int] = field(default_factory=dict)


def read_people(opened: Opened, model: str, at: str, known: Known) -> tuple[Gallery, Known]:
    """Everyone whom a recogniser can compare, and the names of those it cannot; the whole gallery is checked.

    Args:
        model: identity ("name version") of the recogniser.
        at: ISO 8601; whose consent ended before then is nobody.
        known: what the snapshot before left; used once, since its buffer is filled further.

    Raises:
        GalleryError: if a row was changed, taken out, added or put back from an older copy.
    """
    survey = surveyed(opened.rows, known.survey)
    marks = survey.marks.values()
    profiles = _opened(opened, [each for each in marks if each.kind == PROFILE], known.profiles, Profile.of)
    templates, denied = (
        _opened(opened, [each for each in marks if each.kind == kind and each.model == model], before, _Vector.of)
        for kind, before in ((TEMPLATE, known.templates), (DENIED, known.denied))
    )
    people = _valid(profiles.values(), at)
    named = {person for _, person in people}
    wanted = {record: each for record, each in templates.items() if each.person in named}
    size = _size(opened, wanted)
    buffer, rows = _buffered(wanted, known)
    gallery = _gallery(opened, model, people, wanted, buffer[: len(rows)], rows, denied.values(), size)
    kept = {
        record: _Open(each.tag, each.person, _Vector(each.value.size, buffer[rows[record]]))
        for record, each in wanted.items()
    }
    return gallery, Known(survey, profiles, kept, denied, buffer, rows)


def _valid(profiles: Iterable[_Open[Profile]], at: str) -> list[tuple[str, str]]:
    """(name, person) of everybody who is not over, by name."""
    found = ((each.value.name, each.person) for each in profiles if not each.value.is_over(at))
    return sorted(found, key=lambda pair: name_key(pair[0]))


def _opened(
    opened: Opened, marks: list[Mark], known: dict[str, _Open[T]], unpack: Callable[[bytes], T]
) -> dict[str, _Open[T]]:
    """The records of these marks, in their order; those that are known as they are now are not opened again."""
    fresh = {each.record for each in marks if each.record not in known or known[each.record].tag != each.tag}
    if len(fresh) > _FEW:
        opened.rows.load_person_keys()
        kind = marks[0].kind
        found = (row for row in opened.rows.each(kind, model=marks[0].model) if row.id in fresh)
    else:
        found = (row for record in fresh if (row := opened.rows.row(record)) is not None)
    values = {row.id: unpack(row.content) for row in found}
    return {
        each.record: _Open(each.tag, each.person, values[each.record]) if each.record in fresh else known[each.record]
        for each in marks
    }


def _size(opened: Opened, templates: dict[str, _Open[_Vector]]) -> int:
    """The length of all these embeddings; 0 if there are none."""
    sizes = {each.value.size for each in templates.values()}
    if len(sizes) > 1:
        raise GalleryError(
            f"The gallery {opened.rows.path} holds templates of different lengths for one recogniser; remove the "
            "people who were added last."
        )
    return max(sizes, default=0)


def _buffered(templates: dict[str, _Open[_Vector]], known: Known) -> tuple[NDArray[np.float32], dict[str, int]]:
    """These templates as rows of a buffer; of the one before, where none of its rows changed and there is room."""
    is_same = all(record in templates and templates[record] is known.templates[record] for record in known.rows)
    buffer, rows = (known.buffer, dict(known.rows)) if is_same else (known.buffer[:0], {})
    if len(templates) > len(buffer):
        width = len(next(iter(templates.values())).value.turned)
        larger = np.empty((len(templates) + max(len(templates) // 20, _SPARE), width), np.float32)
        if rows:
            larger[: len(rows)] = buffer[: len(rows)]
        buffer = larger
    for record, each in templates.items():
        if record not in rows:
            buffer[len(rows)] = each.value.turned
            rows[record] = len(rows)
    return buffer, rows


def _gallery(
    opened: Opened,
    model: str,
    people: list[tuple[str, str]],
    templates: dict[str, _Open[_Vector]],
    vectors: NDArray[np.float32],
    rows: dict[str, int],
    denied: Iterable[_Open[_Vector]],
    size: int,
) -> Gallery:
    """The snapshot; `size` is the length of the recogniser's embeddings."""
    having = {each.person for each in templates.values()}
    outdated = tuple(name for name, person in people if person not in having)
    known = [(name, person) for name, person in people if person in having]
    if not known:
        return Gallery.empty(model, outdated)
    index = {person: number for number, (_, person) in enumerate(known)}
    person = np.empty(len(rows), np.intp)
    for record, row in rows.items():
        person[row] = index[templates[record].person]
    names, transform = tuple(name for name, _ in known), opened.secrets.transform(size)
    return Gallery(model, names, vectors, person, outdated, transform, *_denied(denied, people, names))


def _denied(
    denied: Iterable[_Open[_Vector]], people: list[tuple[str, str]], names: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """(M, D) faces that somebody said are not a person, and (M,) that person's index."""
    index = {name: number for number, name in enumerate(names)}
    whom = {person: index[name] for name, person in people if name in index}
    found = [(each.value.turned, whom[each.person]) for each in denied if each.person in whom]
    if not found:
        return np.zeros((0, 0), np.float32), np.zeros(0, np.intp)
    return np.stack([turned for turned, _ in found]), np.array([number for _, number in found], np.intp)
