"""What one transaction does to people: enrol, find, erase, describe."""

from collections.abc import Sequence
from dataclasses import dataclass

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.records import (
    Person,
    Profile,
    Template,
    checked_vector,
    now,
    pack_frame,
    pack_template,
    unpack_template,
    with_time,
)
from depthface_app.gallery.sealed_rows import ERASED, FRAME, TEMPLATE
from depthface_app.gallery.seeds import Secrets
from depthface_app.gallery.vault import Opened


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of an erasure, for the person: without name, and enough to find the entry in the audit log.

    person:    the random word that stood for them
    templates, frames: how many went
    entry, link: number of the audit entry, and its link in the chain
    backups, unreached: backup folders from which their key went too, and those that were not there
    """

    person: str
    at: str
    reason: str
    templates: int
    frames: int
    entry: int
    link: str
    backups: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()


def insert(opened: Opened, name: str, templates: Sequence[Template], person: str = "") -> str:
    """Add templates to the person of a clean name, who is made if new; returns the person's word.

    Args:
        person: the word for a new person, if they have one already.
    """
    known = opened.rows.find(name)
    person = known or opened.rows.add_person(Profile(name, now()), person)
    for template in map(with_time, templates):
        content = pack_template(template, opened.secrets.turn(checked_vector(template.vector)))
        opened.rows.put(TEMPLATE, content, person=person, model=template.model)
        if template.frame is not None:
            opened.rows.put(FRAME, pack_frame(template.frame, template), person=person)
    opened.note("views added" if known else "enrolled", person, templates=len(templates))
    return person


def erase(opened: Opened, person: str, reason: str) -> Receipt:
    """Erase a person and put them on the list that keeps a backup from bringing them back."""
    templates, frames = (count(opened, kind, person) for kind in (TEMPLATE, FRAME))
    opened.rows.drop_person(person)
    at = now()
    opened.rows.put(ERASED, at.encode(), record=f"{ERASED} {person}")
    opened.note("erased", person, reason=reason)
    return Receipt(person, at, reason, templates, frames, opened.head.number, opened.head.mac.hex())


def found(opened: Opened, name: str) -> str:
    """The word of the person of a name.

    Raises:
        GalleryError: if nobody has that name.
    """
    person = opened.rows.find(name)
    if person is None:
        raise GalleryError(f"Nobody called “{name}” is enrolled; `people list` shows who is.")
    return person


def described(opened: Opened, person: str) -> Person:
    """One person, for lists."""
    profile = opened.rows.profile(person)
    rows = tuple(opened.rows.each(TEMPLATE, person=person))
    sources = dict.fromkeys(str(unpack_template(row.content)[0]["source"]) for row in rows)
    models = dict.fromkeys(row.model for row in rows)
    frames = count(opened, FRAME, person)
    return Person(
        profile.name, profile.enrolled_at, len(rows), tuple(models), tuple(sources), person, frames, profile.consent
    )


def template_of(secrets: Secrets, content: bytes) -> Template:
    """A template as it was enrolled, in the recogniser's own space."""
    about, turned = unpack_template(content)
    name, version = about["model"]
    vector = secrets.turn_back(turned, about["size"])
    return Template(vector, name, version, about["quality"], about["source"], about["taken_at"])


def count(opened: Opened, kind: str, person: str) -> int:
    """How many records of a kind a person has."""
    query = "SELECT COUNT(*) FROM record WHERE kind = ? AND person = ?"
    return int(opened.rows.db.execute(query, (kind, person)).fetchone()[0])


def check_digest(opened: Opened) -> None:
    """Compare every row with the sealed digest.

    Raises:
        GalleryError: if one was changed, taken out, added or put back from an older copy.
    """
    if opened.rows.whole_digest() != opened.rows.digest:
        raise opened.rows.fault("its records are not those that this program left in it")
