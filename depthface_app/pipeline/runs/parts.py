"""Spans that were measured, kept one file each, so that a run that was stopped goes on where it was.

A part is whole or not there; one that cannot be read is measured again. Parts of another question, model or file are
told apart by a fingerprint and never mixed.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthface_app.cameras.pictures import intrinsics_beside, is_picture
from depthface_app.core.errors import InputError
from depthface_app.core.files import sha256_of, whole_file
from depthface_app.pipeline.runs.plan import Measured, Row, Span

FOLDER = ".parts"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run, in a hidden folder of its results.

    settings: all that the figures depend on besides the input, as plain values
    """

    folder: Path
    settings: dict[str, Any]

    def load(self, span: Span) -> Measured | None:
        """What was measured of a span, None if nothing usable was kept."""
        try:
            kept = json.loads(self._path(span).read_text())
            if kept["fingerprint"] != self._fingerprint(span.path):
                return None
            return Measured(tuple(Row(*values) for values in kept["rows"]), tuple(kept["damaged"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def is_of_another_file(self, path: Path) -> bool:
        """Whether parts of this input were kept before it was changed."""
        for part in sorted(self._home(path).glob("*.json")):
            try:
                return bool(json.loads(part.read_text())["file"] != _state(path))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return False

    def keep(self, span: Span, measured: Measured) -> None:
        """Write a span down. Raises InputError if it cannot be."""
        values = {
            "format": FORMAT,
            "fingerprint": self._fingerprint(span.path),
            "file": _state(span.path),
            "rows": [
                (row.index, row.time_s, row.number, row.faces, row.first, row.second, row.identity)
                for row in measured.rows
            ],
            "damaged": measured.damaged,
        }
        target = self._path(span)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target, private=True) as part:
                part.write_text(json.dumps(values))
        except OSError as error:
            raise unwritable(target, error) from error

    def _home(self, path: Path) -> Path:
        name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
        return self.folder / FOLDER / f"{path.stem[:40]}-{name}"

    def _path(self, span: Span) -> Path:
        end = "end" if span.end is None else f"{span.end:07d}"
        return self._home(span.path) / f"{span.begin:07d}-{end}.json"

    def _fingerprint(self, path: Path) -> str:
        values = {"format": FORMAT, "settings": self.settings, "file": _state(path)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _state(path: Path) -> list[int | str]:
    """What tells that an input was changed, without reading gigabytes: its size and when it was written.

    The intrinsics beside a picture belong to it and are short, so they are read.
    """
    stat = path.stat()
    beside = intrinsics_beside(path) if is_picture(path) else None
    return [stat.st_size, stat.st_mtime_ns, *([] if beside is None else [sha256_of(beside)])]


def unwritable(target: Path, error: OSError) -> InputError:
    """What to say when results cannot be written."""
    why = error.strerror or str(error)
    return InputError(
        f"{target} cannot be written: {why}; what was measured so far is kept; make room and repeat the command."
    )
