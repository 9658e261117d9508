"""People in a file of their own, to carry them to another computer."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.store import GalleryStore, Template

_FORMAT = "depthface.people"
_VERSION = 1
SAME_CAPTURE = 1e-6  # 1 − cosine; into a gallery's space and back leaves some 1e-7 of rounding


def export_people(store: GalleryStore, path: Path, names: Sequence[str] = ()) -> int:
    """Write people (all of them without `names`) to a JSON file. Returns how many.

    Raises:
        GalleryError: if a name is not enrolled, nobody is, or the file cannot be written.
    """
    chosen = [store.person(name).name for name in names] or [person.name for person in store.people()]
    if not chosen:
        raise GalleryError("Nobody is enrolled, so there is nobody to export.")
    people = [{"name": name, "templates": [_packed(t) for t in store.templates(name)]} for name in chosen]
    _write(path, json.dumps({"format": _FORMAT, "version": _VERSION, "people": people}, indent=1))
    return len(chosen)


def import_people(store: GalleryStore, path: Path) -> tuple[int, int]:
    """Add the people of an exported file; templates that are here already are left out. All or nothing.

    Returns:
        Number of people in the file, and of templates that were new.

    Raises:
        GalleryError: if the file is missing, damaged or of another kind.
    """
    people = _read(path)
    known = {person.name.casefold(): store.templates(person.name) for person in store.people()}
    fresh = [(name, _new_ones(templates, known.get(name.casefold(), ()))) for name, templates in people]
    store.add_all([(name, templates) for name, templates in fresh if templates])
    return len(people), sum(len(templates) for _, templates in fresh)


def _new_ones(templates: Sequence[Template], known: Sequence[Template]) -> list[Template]:
    return [t for t in templates if not any(_same(t, other) for other in known)]


def _same(one: Template, other: Template) -> bool:
    """Whether two are one capture; a gallery's rotation and back leaves the seventh digit of a vector open."""
    alike = (one.model, len(one.vector)) == (other.model, len(other.vector))
    return alike and float(one.vector @ other.vector) > 1 - SAME_CAPTURE


def _packed(template: Template) -> dict[str, Any]:
    return {
        "model_name": template.model_name,
        "model_version": template.model_version,
        "vector": base64.b64encode(template.vector.astype("<f4").tobytes()).decode("ascii"),
        "quality": template.quality,
        "source": template.source,
        "taken_at": template.taken_at,
    }


def _unpacked(values: dict[str, Any]) -> Template:
    vector = np.frombuffer(base64.b64decode(values["vector"], validate=True), "<f4").astype(np.float32)
    return Template(
        vector,
        model_name=str(values["model_name"]),
        model_version=str(values["model_version"]),
        quality=float(values["quality"]),
        source=str(values["source"]),
        taken_at=str(values["taken_at"]),
    )


def _read(path: Path) -> list[tuple[str, list[Template]]]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != _FORMAT or values["version"] != _VERSION:
            raise GalleryError(f"{path} is not a file of exported people of version {_VERSION}.")
        return [(str(person["name"]), [_unpacked(t) for t in person["templates"]]) for person in values["people"]]
    except OSError as error:
        raise GalleryError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"{path} is not a whole file of exported people; export it again.") from error


def _write(path: Path, text: str) -> None:
    try:
        with whole_file(path, private=True) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GalleryError(f"{path} cannot be written: {error.strerror}; nothing was exported.") from error
