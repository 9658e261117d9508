"""Records as they look closed and opened, and the error for those that were touched."""

from dataclasses import dataclass
from typing import NamedTuple

from depthface_app.core.errors import GalleryError


class Mark(NamedTuple):
    """A record without its content: where it belongs, and the tag that its seal ends with."""

    kind: str
    record: str
    person: str
    model: str
    tag: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One opened record."""

    id: str
    person: str
    model: str
    content: bytes


class Tampered(GalleryError):
    """Rows are not what this program left. `what` says it without saying where."""

    def __init__(self, message: str, what: str) -> None:
        super().__init__(message)
        self.what = what
