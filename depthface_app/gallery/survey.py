"""Which records a gallery holds, checked against its digest, at the price of what changed since the last time."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import xor

from depthface_app.gallery.marks import Mark
from depthface_app.gallery.sealed_rows import ERASED, SealedRows


@dataclass(frozen=True, eq=False, slots=True)
class Survey:
    """What was found, and that it adds up to `digest`.

    marks:  by record, oldest first
    people: what each person adds to the digest
    newest: number of the newest record
    """

    digest: int
    marks: dict[str, Mark]
    people: dict[str, int]
    newest: int


def surveyed(rows: SealedRows, before: Survey | None) -> Survey:
    """Look at what was written since `before`; at everything where that does not add up, or nothing was written.

    Whatever a program writes gets a number behind all others, and whoever was erased leaves a record that says so. If
    those explain the digest that is sealed in the head, the rest is as it was when it was looked at; what somebody did
    to the file meanwhile shows when everything is looked at again.

    Raises:
        Tampered: if the records are not those that this program left.
    """
    if before is not None and before.digest != rows.digest:
        after = _continued(rows, before)
        if after.digest == rows.digest:
            return after
    found = _continued(rows, Survey(0, {}, {}, 0))
    if found.digest != rows.digest:
        raise rows.fault("its records are not those that this program left in it")
    return found


def _continued(rows: SealedRows, before: Survey) -> Survey:
    """`before` with everything from its newest record on."""
    numbers, fresh = rows.marks_from(before.newest)
    marks, people = dict(before.marks), dict(before.people)
    parts = []
    gone = {mark.record.removeprefix(f"{ERASED} ") for mark in fresh if mark.kind == ERASED} & people.keys()
    for mark in [each for each in marks.values() if each.person in gone] if gone else ():
        parts.append(rows.part_of(marks.pop(mark.record)))
    parts += [people.pop(person) for person in gone]
    for mark in fresh:
        if mark.record in marks:
            parts.append(rows.part_of(marks.pop(mark.record)))
        marks[mark.record] = mark
        parts.append(rows.part_of(mark))
    changed = rows.people_parts({mark.person for mark in fresh if mark.person})
    parts += [people[person] for person in changed if person in people]
    parts += changed.values()
    return Survey(_sum(before.digest, parts), marks, people | changed, max(numbers, default=before.newest))


def _sum(digest: int, parts: Iterable[int]) -> int:
    return reduce(xor, parts, digest)
