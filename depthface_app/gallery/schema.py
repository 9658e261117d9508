"""The gallery's file: its tables, and connections that lose nothing and leave nothing lying about."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depthface_app.core.errors import GalleryError

VERSION = 2
_WAIT_S = 5.0
# Everything that could tell of a person is in `sealed`; the rest is random words, counters and names of recognisers.
_TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL)",
    """CREATE TABLE sealed_person (
        id TEXT PRIMARY KEY,
        handle BLOB NOT NULL UNIQUE,  -- keyed hash of the name, to find it by
        key BLOB NOT NULL             -- the person's own key, sealed
    )""",
    """CREATE TABLE record (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        person TEXT REFERENCES sealed_person(id) ON DELETE CASCADE,
        model TEXT NOT NULL,
        sealed BLOB NOT NULL
    )""",
    "CREATE INDEX record_person ON record(person)",
    "CREATE INDEX record_model ON record(kind, model)",
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL, mac BLOB NOT NULL)",
)


def make_tables(db: sqlite3.Connection) -> None:
    """The tables of this version, in the transaction that is open."""
    for statement in _TABLES:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def version(db: sqlite3.Connection) -> int:
    """Version of the file; 0 = nothing is in it yet."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def meta(db: sqlite3.Connection, key: str) -> bytes:
    """What the file says of itself under a key. Raises sqlite3.DatabaseError if it says nothing."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f"it says nothing of its {key}")
    return bytes(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: bytes) -> None:
    """Let the file say this of itself."""
    db.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def make_file(path: Path) -> None:
    """An empty file that its owner alone may read, if there is none; what SQLite puts beside it takes its mode.

    Raises:
        GalleryError: if it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise GalleryError(f"The gallery {path} cannot be made: {error.strerror}; give another folder.") from error


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection without an open transaction.

    Raises:
        GalleryError: for whatever SQLite finds wrong.
    """
    try:
        db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        try:
            for setting in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                "secure_delete = ON",
                "temp_store = MEMORY",
            ):
                db.execute(f"PRAGMA {setting}")
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise GalleryError(
            f"The gallery {path} cannot be used ({error}); nothing was changed. "
            "Check the disk's space and the file's permissions, or give another data folder."
        ) from error


@contextmanager
def transaction(db: sqlite3.Connection, *, writes: bool) -> Iterator[None]:
    """One transaction: whatever is raised inside undoes all of it; reads see one moment."""
    db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT" if writes else "ROLLBACK")
