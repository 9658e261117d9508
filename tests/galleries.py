"""Galleries for tests, and what somebody from outside does to their files."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.store import GalleryStore, Template
from tests.fake_models import axis_vector

PASSPHRASE = "correct horse battery"
FILES = (".sqlite3", ".key", ".anchor")


def template(axis: int = 0, *, version: str = "1", source: str = "a.png", lean: float = 0.0, frame=None) -> Template:
    return Template(axis_vector(axis, lean=lean), "ldnfnet", version, 0.9, source, frame=frame)


def with_passphrase(path: Path, passphrase: str | None = PASSPHRASE, *, repairs: bool = False) -> GalleryStore:
    """The gallery, opened by somebody who answers with this passphrase."""
    return GalleryStore(path, Keychain(path.with_suffix(".key"), lambda _: passphrase), repairs=repairs)


def copied(store: GalleryStore, folder: Path, files: tuple[str, ...] = FILES) -> Path:
    """A copy of the gallery's files in another folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in files:
        source = store.path.with_suffix(suffix)
        if source.exists():
            shutil.copy(source, folder)
    return folder / store.path.name


def tamper(path: Path, change: str | Callable[[sqlite3.Connection], object], *values: object) -> None:
    """Write into the file behind the program's back."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        change(db) if callable(change) else db.execute(change, values)
        db.commit()
