"""Where the gallery lives: one SQLite file that survives a power cut and is read as immutable snapshots."""

import json
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.snapshot import Gallery

LONGEST_NAME = 80
_VERSION = 1
_WAIT_S = 5.0
_TABLES = """
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,     -- the name without regard to case, so that "ada" finds "Ada"
    name TEXT NOT NULL,
    enrolled_at TEXT NOT NULL
);
CREATE TABLE template (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    vector BLOB NOT NULL,         -- little-endian float32
    quality REAL NOT NULL,
    source TEXT NOT NULL,
    taken_at TEXT NOT NULL
);
CREATE INDEX template_person ON template(person);
"""


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """One embedding of a person and where it came from.

    vector:  (D,) float32 unit vector
    model_name, model_version: the recogniser that made it; no other's embeddings are ever compared with it
    quality: 0 to 1, of the capture
    source:  what it was made from, for people ("ada.png", "realsense:")
    """

    vector: NDArray[np.float32]
    model_name: str
    model_version: str
    quality: float = 0.0
    source: str = ""
    taken_at: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One enrolled person, for lists.

    models: identities ("name version") of the recognisers that made the templates
    """

    name: str
    enrolled_at: str
    templates: int
    models: tuple[str, ...]
    sources: tuple[str, ...]


def clean_name(name: str) -> str:
    """The name as it is stored: composed letters, single spaces.

    Raises:
        GalleryError: if nothing is left, it is too long, or it has control characters.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned:
        raise GalleryError("A person needs a name; give at least one letter.")
    if len(cleaned) > LONGEST_NAME:
        raise GalleryError(f"The name “{cleaned[:20]}…” has {len(cleaned)} letters; {LONGEST_NAME} is the most.")
    if not cleaned.isprintable():
        raise GalleryError("A name cannot hold control characters; type it again.")
    return cleaned


class GalleryStore:
    """Reads and writes the gallery file; every call opens it anew, so any thread may call.

    What a call has returned from is on the disk (`synchronous=FULL`), and one call is done wholly or not at all.
    """

    def __init__(self, path: Path) -> None:
        """Open the gallery, making a new one if the file is not there.

        Raises:
            GalleryError: if the file cannot be made or read, is no gallery, or a newer program wrote it.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # faces are private; what SQLite puts beside the file takes its mode
        except OSError as error:
            raise GalleryError(f"The gallery {path} cannot be made: {error.strerror}; give another folder.") from error
        with self._writing() as db:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found > _VERSION:
                raise GalleryError(f"The gallery {path} was written by a newer version of this program; update it.")
            if found == 0:
                for statement in _TABLES.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")

    def add(self, name: str, templates: Sequence[Template]) -> Person:
        """Add templates to a person, who is made if new.

        Raises:
            GalleryError: for an unusable name, no templates, or a file that cannot be written.
        """
        name = clean_name(name)
        if not templates:
            raise GalleryError(f"There is no view of {name} to keep; capture a face first.")
        with self._writing() as db:
            _insert(db, name, templates)
        return self.person(name)

    def add_all(self, people: Sequence[tuple[str, Sequence[Template]]]) -> None:
        """Add templates of several people, all of them or, if anything fails, none.

        Raises:
            GalleryError: as `add`.
        """
        cleaned = [(clean_name(name), templates) for name, templates in people]
        with self._writing() as db:
            for name, templates in cleaned:
                _insert(db, name, templates)

    def people(self) -> tuple[Person, ...]:
        """Everyone, by name."""
        rows = self._rows(
            "SELECT name, enrolled_at, COUNT(template.id), json_group_array(DISTINCT model_name || ' ' ||"
            " model_version), json_group_array(DISTINCT source) FROM person JOIN template"
            " ON template.person = person.id GROUP BY person.id ORDER BY key"
        )
        return tuple(
            Person(name, at, count, tuple(json.loads(models)), tuple(json.loads(sources)))
            for name, at, count, models, sources in rows
        )

    def person(self, name: str) -> Person:
        """One person, found without regard to case.

        Raises:
            GalleryError: if nobody has that name.
        """
        key = _key(name)
        for person in self.people():
            if _key(person.name) == key:
                return person
        raise GalleryError(_nobody(name))

    def templates(self, name: str) -> tuple[Template, ...]:
        """All templates of a person, oldest first.

        Raises:
            GalleryError: if nobody has that name.
        """
        self.person(name)
        rows = self._rows(
            "SELECT vector, model_name, model_version, quality, source, taken_at FROM template"
            " JOIN person ON template.person = person.id WHERE key = ? ORDER BY template.id",
            (_key(name),),
        )
        return tuple(Template(_vector(blob, name), *rest) for blob, *rest in rows)

    def rename(self, name: str, to: str) -> None:
        """Give a person another name.

        Raises:
            GalleryError: if nobody has the first name or somebody else has the second.
        """
        to = clean_name(to)
        with self._writing() as db:
            taken = db.execute("SELECT name FROM person WHERE key = ? AND key <> ?", (_key(to), _key(name))).fetchone()
            if taken:
                raise GalleryError(f"There is a {taken[0]} already; choose another name.")
            if not db.execute("UPDATE person SET key = ?, name = ? WHERE key = ?", (_key(to), to, _key(name))).rowcount:
                raise GalleryError(_nobody(name))

    def remove(self, name: str) -> None:
        """Forget a person and every template.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self._writing() as db:
            if not db.execute("DELETE FROM person WHERE key = ?", (_key(name),)).rowcount:
                raise GalleryError(_nobody(name))

    def snapshot(self, model_name: str, model_version: str) -> Gallery:
        """Everyone whom this recogniser can compare, and the names of those it cannot."""
        rows = self._rows(
            "SELECT person.id, name, vector FROM template JOIN person ON template.person = person.id"
            " WHERE model_name = ? AND model_version = ? ORDER BY key, template.id",
            (model_name, model_version),
        )
        people: dict[str, list[NDArray[np.float32]]] = {}
        for _, name, blob in rows:
            people.setdefault(name, []).append(_vector(blob, name))
        if len({len(vector) for vectors in people.values() for vector in vectors}) > 1:
            raise GalleryError(f"The gallery {self.path} holds templates of different lengths for one recogniser.")
        outdated = tuple(person.name for person in self.people() if person.name not in people)
        pairs = [(name, np.stack(vectors)) for name, vectors in people.items()]
        return Gallery.of(f"{model_name} {model_version}", pairs, outdated)

    def _rows(self, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        with self._connected() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA secure_delete = ON")
                yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            raise GalleryError(
                f"The gallery {self.path} cannot be used ({error}); nothing was changed. "
                "Check the disk's space and the file's permissions, or give another data folder."
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: whatever is raised inside undoes all of it."""
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _insert(db: sqlite3.Connection, name: str, templates: Sequence[Template]) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    key = _key(name)
    db.execute("INSERT OR IGNORE INTO person (key, name, enrolled_at) VALUES (?, ?, ?)", (key, name, now))
    (person,) = db.execute("SELECT id FROM person WHERE key = ?", (key,)).fetchone()
    db.executemany(
        "INSERT INTO template (person, model_name, model_version, vector, quality, source, taken_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (person, t.model_name, t.model_version, _blob(t.vector), t.quality, t.source, t.taken_at or now)
            for t in templates
        ],
    )


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _nobody(name: str) -> str:
    return f"Nobody called “{name}” is enrolled; `people list` shows who is."


def _blob(vector: NDArray[np.float32]) -> bytes:
    """The stored form of a vector.

    Raises:
        GalleryError: if it is not a unit vector; it would match everyone or nobody.
    """
    if vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
        raise GalleryError("An embedding that is not a unit vector cannot be kept; the recogniser is at fault.")
    return vector.astype("<f4").tobytes()


def _vector(blob: bytes, name: str) -> NDArray[np.float32]:
    if len(blob) == 0 or len(blob) % 4:
        raise GalleryError(f"A template of {name} in the gallery is damaged; remove and enrol the person again.")
    return np.frombuffer(blob, "<f4").astype(np.float32)
