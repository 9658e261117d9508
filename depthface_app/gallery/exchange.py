"""People in a file of their own, to carry them to another computer: sealed to whoever may open it, or in the open."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.box import Recipient, is_box, read_box, write_box
from depthface_app.gallery.contents import found, insert, template_of
from depthface_app.gallery.records import Consent, Profile, Template, clean_name
from depthface_app.gallery.sealed_rows import TEMPLATE
from depthface_app.gallery.store import GalleryStore
from depthface_app.gallery.vault import Opened, erased_people

_FORMAT = "depthface.people"
_VERSIONS = (1, 2)  # version 1 has neither words nor consents
_KIND = "people"
SAME_CAPTURE = 1e-6  # 1 − cosine; into a gallery's space and back leaves some 1e-7 of rounding


class Imported(NamedTuple):
    """People in an imported file, templates that were new, and how many of the people had been erased here."""

    people: int
    templates: int
    erased_before: int


@dataclass(frozen=True, eq=False, slots=True)
class _Traveller:
    name: str
    id: str
    consent: Consent | None
    templates: Sequence[Template]


def export_people(
    store: GalleryStore, path: Path, names: Sequence[str] = (), recipient: Recipient | None = None
) -> int:
    """Write people (all of them without `names`) to a file. Returns how many.

    Args:
        recipient: who may open it; None writes names and templates in the open.

    Raises:
        GalleryError: if a name is not enrolled, nobody is, or the file cannot be written.
    """
    with store.vault.writing() as opened:
        chosen = [found(opened, name) for name in names] or opened.rows.people()
        if not chosen:
            raise GalleryError("Nobody is enrolled, so there is nobody to export.")
        people = [_packed(opened, person) for person in chosen]
        text = json.dumps({"format": _FORMAT, "version": _VERSIONS[-1], "people": people}, indent=1)
        if recipient is None:
            _write(path, text)
        else:
            write_box(path, _KIND, text.encode(), recipient)
        for person in chosen:
            opened.note("exported", person, sealed=recipient is not None)
    return len(chosen)


def import_people(
    store: GalleryStore,
    path: Path,
    ask: Callable[[str], str | None] = lambda _: None,
    identities: Iterable[str] = (),
) -> Imported:
    """Add the people of an exported file; templates that are here already are left out. All or nothing.

    Args:
        ask: asks for the passphrase of a file sealed with one.
        identities: age secret keys to try besides the gallery's own.

    Raises:
        GalleryError: if the file is missing, damaged, of another kind or sealed to somebody else.
    """
    with store.vault.reading() as opened:
        own = [opened.secrets.identity] if opened.secrets.identity else []
    text = read_box(path, _KIND, [*identities, *own], ask).decode() if is_box(path) else _read(path)
    people = _parsed(text, path)
    with store.vault.writing() as opened:
        _check_lengths(opened, people, path)
        gone = set(erased_people(opened))
        # Carrying somebody back in is a decision, unlike restoring a backup; what they once agreed to is gone.
        again = [replace(each, id="", consent=None) if each.id in gone else each for each in people]
        return Imported(
            len(people), sum(_take(opened, each) for each in again), sum(each.id in gone for each in people)
        )


def _check_lengths(opened: Opened, people: Sequence[_Traveller], path: Path) -> None:
    """All templates of one recogniser are of one length, or none of them could be compared any more."""
    arriving = [template for each in people for template in each.templates]
    for model in {template.model for template in arriving}:
        here = next(opened.rows.each(TEMPLATE, model=model), None)
        lengths = {len(template.vector) for template in arriving if template.model == model}
        lengths |= {len(template_of(opened.secrets, here.content).vector)} if here else set()
        if len(lengths) > 1:
            raise GalleryError(f"{path} holds templates of another length than those of {model}; export it again.")


def _take(opened: Opened, traveller: _Traveller) -> int:
    """Add what is new of one person; returns how many templates that was."""
    name = clean_name(traveller.name)
    known = opened.rows.find(name)
    rows = opened.rows.each(TEMPLATE, person=known) if known else ()
    have = [template_of(opened.secrets, row.content) for row in rows]
    fresh = [each for each in traveller.templates if not any(_same(each, other) for other in have)]
    if fresh:
        is_free = bool(traveller.id) and opened.rows.row(f"profile {traveller.id}") is None
        person = insert(opened, name, fresh, traveller.id if is_free else "")
        if traveller.consent is not None and known is None:
            profile = opened.rows.profile(person)
            opened.rows.set_profile(person, Profile(profile.name, profile.enrolled_at, traveller.consent))
    return len(fresh)


def _same(one: Template, other: Template) -> bool:
    """Whether two are one capture; a gallery's rotation and back leaves the seventh digit of a vector open."""
    alike = (one.model, len(one.vector)) == (other.model, len(other.vector))
    return alike and float(one.vector @ other.vector) > 1 - SAME_CAPTURE


def _packed(opened: Opened, person: str) -> dict[str, Any]:
    profile = opened.rows.profile(person)
    templates = [template_of(opened.secrets, row.content) for row in opened.rows.each(TEMPLATE, person=person)]
    return {
        "name": profile.name,
        "id": person,
        "consent": asdict(profile.consent) if profile.consent else None,
        "templates": [_template_values(template) for template in templates],
    }


def _template_values(template: Template) -> dict[str, Any]:
    return {
        "model_name": template.model_name,
        "model_version": template.model_version,
        "vector": base64.b64encode(template.vector.astype("<f4").tobytes()).decode("ascii"),
        "quality": template.quality,
        "source": template.source,
        "taken_at": template.taken_at,
    }


def _template(values: Mapping[str, Any]) -> Template:
    vector = np.frombuffer(base64.b64decode(values["vector"], validate=True), "<f4").astype(np.float32)
    return Template(
        vector,
        model_name=str(values["model_name"]),
        model_version=str(values["model_version"]),
        quality=float(values["quality"]),
        source=str(values["source"]),
        taken_at=str(values["taken_at"]),
    )


def _traveller(values: Mapping[str, Any]) -> _Traveller:
    templates = [_template(each) for each in values["templates"]]
    return _Traveller(str(values["name"]), str(values.get("id", "")), _consent(values.get("consent")), templates)


def _consent(values: Mapping[str, Any] | None) -> Consent | None:
    if not values:
        return None
    consent = Consent(**values)
    if not all(isinstance(each, str) for each in astuple(consent)):
        raise TypeError("a consent is made of words")
    if consent.expires_at:
        datetime.fromisoformat(consent.expires_at)
    return consent


def _parsed(text: str, path: Path) -> list[_Traveller]:
    try:
        values = json.loads(text)
        if values["format"] != _FORMAT or values["version"] not in _VERSIONS:
            raise GalleryError(f"{path} is not a file of exported people of version {_VERSIONS[-1]} or before.")
        return [_traveller(person) for person in values["people"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GalleryError(f"{path} is not a whole file of exported people; export it again.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise GalleryError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise GalleryError(f"{path} is not a file of exported people.") from None


def _write(path: Path, text: str) -> None:
    try:
        with whole_file(path, private=True) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GalleryError(f"{path} cannot be written: {error.strerror}; nothing was exported.") from error
